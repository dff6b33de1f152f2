"""Where things lie in the data folder."""

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

# sun_path holds 108 bytes on Linux and 104 elsewhere; the longest name we put there is 24.
_MAX_SOCKET_DIR = 78

DATABASE = "carrel"
DATABASE_USER = "carrel"


@dataclass(frozen=True)
class Layout:
    """The paths under one data folder. Nothing is made by asking."""

    data_dir: Path
    """Absolute."""

    @property
    def secrets(self) -> Path:
        """Folder of the secrets made on first start, mode 0700."""
        return self.data_dir / "secrets"

    @property
    def postgres(self) -> Path:
        """The embedded database's own folder."""
        return self.data_dir / "postgres"

    @property
    def lock(self) -> Path:
        """Locked by the one supervisor that may use this folder."""
        return self.data_dir / "lock"

    @property
    def run_dir(self) -> Path:
        """Folder of sockets and process ids; elsewhere when its path would be too long for a socket."""
        inside = self.data_dir / "run"
        if len(os.fsencode(inside)) <= _MAX_SOCKET_DIR:
            return inside
        digest = hashlib.sha256(os.fsencode(self.data_dir)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"carrel-{os.geteuid()}-{digest}"

    @property
    def pidfile(self) -> Path:
        """Written by the supervisor, removed at a clean stop."""
        return self.run_dir / "supervisord.pid"

    @property
    def failure(self) -> Path:
        """Why the watchdog gave up; its presence turns the supervisor's exit code into 1."""
        return self.run_dir / "failure"

    @property
    def database_url(self) -> str:
        """The embedded database, over its Unix socket."""
        return f"postgresql://{DATABASE_USER}@/{DATABASE}?host={quote(str(self.run_dir), safe='')}"


def private_dir(path: Path) -> None:
    """Make ``path`` a folder that only we may enter.

    Raises
    ------
    OSError
        If it cannot be made, or belongs to somebody else (a prepared folder in a shared place).
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.stat().st_uid != os.geteuid():
        raise PermissionError(13, "belongs to another user", str(path))
    path.chmod(0o700)
