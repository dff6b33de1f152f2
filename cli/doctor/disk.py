"""Tries the data folder: what it lies on, its room, and whether a file in it can be rewritten in place.

A running Carrel's lock is looked at and never waited for; everything that is written is removed again.
"""

import fcntl
import os
import shutil
import tempfile
from pathlib import Path

from cli.doctor.verdicts.machine import filesystem, folder, space
from cli.findings import Finding
from cli.supervision.layout import Layout

_PAGE = 4096
_MOUNTS = Path("/proc/self/mountinfo")


def in_use(layout: Layout) -> bool:
    """Return whether a running Carrel holds the data folder."""
    try:
        with layout.lock.open("rb") as lock:
            # Shared and let go at once: a start at this very moment is all it could meet.
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def check(layout: Layout, *, in_use: bool, mounts: Path = _MOUNTS) -> list[Finding]:
    """Return what there is to say of the data folder, which need not be there yet."""
    there = layout.data_dir.exists()
    nearest = next(path for path in (layout.data_dir, *layout.data_dir.parents) if path.exists())
    problem = _problem(layout, nearest)
    findings = [folder(problem, there=there, in_use=in_use), filesystem(kind_of(nearest, mounts))]
    return [*findings, space(shutil.disk_usage(nearest).free)]


def kind_of(path: Path, mounts: Path = _MOUNTS) -> str:
    """Return the type of the file system ``path`` lies on, as the kernel calls it; empty if untold."""
    try:
        lines = mounts.read_text("utf-8", "replace").splitlines()
    except OSError:
        return ""
    best, kind = -1, ""
    for line in lines:
        # "id parent device root MOUNT options [more] - TYPE source options": see proc(5).
        before, _, after = line.partition(" - ")
        mount = Path(before.split()[4].replace("\\040", " "))
        # Of two over the same place, the later one is seen.
        if path.resolve().is_relative_to(mount) and len(mount.parts) >= best:
            best, kind = len(mount.parts), after.split()[0]
    return kind


def _problem(layout: Layout, nearest: Path) -> str:
    """Return what cannot be done in the data folder, or where it would be made; empty when all can."""
    for kept in (layout.secrets, layout.postgres) if nearest == layout.data_dir else ():
        if kept.exists() and kept.stat().st_uid != os.geteuid():
            return f"{kept.name} in DATA_DIR belongs to another user"
    try:
        with tempfile.TemporaryDirectory(prefix=".carrel-doctor-", dir=nearest) as made:
            return _rewritten(Path(made))
    except OSError as error:
        return f"nothing can be written to DATA_DIR ({error.strerror})"


def _rewritten(place: Path) -> str:
    """Write, rewrite the middle, lock, move over: what a database does all day."""
    path = place / "pages"
    path.write_bytes(b"a" * 3 * _PAGE)
    with path.open("r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        file.seek(_PAGE)
        file.write(b"b" * _PAGE)
        file.flush()
        os.fsync(file.fileno())
    other = place / "moved"
    path.replace(other)
    if other.read_bytes() != b"a" * _PAGE + b"b" * _PAGE + b"a" * _PAGE:
        return "a file in DATA_DIR that is rewritten in place does not hold what was written"
    return ""
