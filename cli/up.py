"""``carrel up``: checks what can be checked, makes what must be made, and becomes the supervisor.

Every wrong setting, taken port or used data folder is one line here, before anything is started.
"""

import errno
import fcntl
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn, TypeVar

from pydantic import ValidationError
from pydantic_settings import BaseSettings

from chat_ws.settings import ChatSettings
from cli.backups.folder import Folder
from cli.backups.settings import BackupSettings
from cli.supervision import launch, secrets
from cli.supervision.layout import Layout, private_dir
from cli.supervision.services import settings_of
from gateway.settings import GatewaySettings
from retriever.settings import RetrieverSettings
from shared.settings import describe, refuse

CONFIGURATION = Path(__file__).resolve().parent.parent / "supervisord.conf"
_LEFTOVER_WAIT_S = 15.0
_MAX_FILES = 8192
_S = TypeVar("_S", bound=BaseSettings)


def up() -> NoReturn:
    """Start Carrel in the foreground; ends when it is stopped, with supervisord's exit code."""
    inherited = dict(os.environ)
    layout = Layout(Path(inherited.get("DATA_DIR") or "data").absolute())
    lock = _prepare(layout)
    try:
        secrets.ensure(layout, inherited)
    except OSError as error:
        refuse(f"DATA_DIR: {error.filename}: {error.strerror}")
    env = inherited | {"DATA_DIR": str(layout.data_dir)}
    gateway = _settings(GatewaySettings, "gateway", env, layout)
    retriever = _settings(RetrieverSettings, "retriever", env, layout)
    chat = _settings(ChatSettings, "chat_ws", env, layout)
    backups = _settings(BackupSettings, "backup", env, layout)
    _check_port("PORT", gateway.host, gateway.port, layout)
    _check_port("RETRIEVER_PORT", retriever.bind_host, retriever.retriever_port, layout)
    _check_port("CHAT_PORT", chat.bind_host, chat.chat_port, layout)
    env |= {
        "PORT": str(gateway.port),
        "RETRIEVER_PORT": str(retriever.retriever_port),
        "CHAT_PORT": str(chat.chat_port),
        "RETRIEVER_URL": env.get("RETRIEVER_URL") or f"http://127.0.0.1:{retriever.retriever_port}",
        "CHAT_URL": env.get("CHAT_URL") or f"http://127.0.0.1:{chat.chat_port}",
        "CARREL_RUN_DIR": str(layout.run_dir),
        "CARREL_PYTHON": sys.executable,
        "CARREL_MINFDS": str(min(resource.getrlimit(resource.RLIMIT_NOFILE)[1], _MAX_FILES)),
        "CARREL_EMBEDDED_POSTGRES": "false" if inherited.get("DATABASE_URL") else "true",
        "CARREL_BACKUPS": "true" if backups.backup_dir else "false",
    }
    if backups.backup_dir:
        env["BACKUP_DIR"] = str(_backup_folder(backups.backup_dir))
        if not inherited.get("SESSION_SECRET"):
            # It is no part of a backup: what was made at the first start is lost with the disk.
            sys.stderr.write("carrel: set SESSION_SECRET, or visitors lose sight of restored conversations\n")
        if backups.backup_restore == "auto":
            _restore(env, layout)
    os.set_inheritable(lock, True)
    command = [sys.executable, "-m", "cli.supervision.supervise", str(lock), str(CONFIGURATION)]
    sys.stdout.flush()
    os.execve(sys.executable, command, env)  # noqa: S606 - no shell is meant


def _prepare(layout: Layout) -> int:
    """Make the data folder and take its lock; return the lock's file descriptor."""
    try:
        layout.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        private_dir(layout.run_dir)
        lock = os.open(layout.lock, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        refuse(
            f"DATA_DIR: {error.filename}: {error.strerror}; set DATA_DIR to a folder that can be written to"
        )
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
            refuse(f"DATA_DIR: {layout.data_dir} cannot be locked ({error.strerror}): use a local disk")
        refuse(f"DATA_DIR: {layout.data_dir} is in use by another Carrel; stop that one or set DATA_DIR")
    return lock


def _backup_folder(path: Path) -> Path:
    """Make the folder for backups, but not what it stands in, and see that it can be written to."""
    try:
        Folder(path).prepare()
    except OSError as error:
        refuse(f"BACKUP_DIR: {path}: {error.strerror}; what it stands in must be there, such as a mount")
    if not os.access(path, os.W_OK):
        refuse(f"BACKUP_DIR: {path} cannot be written to")
    return path.absolute()


def _restore(env: Mapping[str, str], layout: Layout) -> None:
    """Begin with the newest backup where there is no state yet; ends the start where that goes wrong."""
    own = {**launch.environment("retriever", env, layout), **launch.environment("backup", env, layout)}
    # Process 1 of a container gets no signal that it has no handler for.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    done = subprocess.run([sys.executable, "-m", "cli.backups.boot"], env=own, check=False)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if done.returncode != 0:
        sys.exit(done.returncode)


def _settings(cls: type[_S], program: str, env: Mapping[str, str], layout: Layout) -> _S:
    try:
        return settings_of(cls, program, env, layout)
    except ValidationError as error:
        refuse(describe(error))


def _check_port(variable: str, host: str, port: int, layout: Layout) -> None:
    """Refuse a port that is taken; after a kill, give what is left of the last run time to end."""
    deadline = time.monotonic() + (_LEFTOVER_WAIT_S if layout.pidfile.exists() else 0)
    while (problem := port_problem(host, port)) is not None:
        if problem.errno != errno.EADDRINUSE or time.monotonic() >= deadline:
            refuse(f"{variable}: port {port} on {host}: {problem.strerror}; set {variable} to a free port")
        time.sleep(0.1)


def port_problem(host: str, port: int) -> OSError | None:
    """Return why ``port`` cannot be listened on, or None."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((host, port))
        except OSError as error:
            return error
    return None
