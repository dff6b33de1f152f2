"""Which process this is, and whether another one of this machine is gone for certain.

Knows nothing of processes on other machines, in other containers or where there is no /proc: those are never
said to be gone here.
"""

import os
from pathlib import Path

_PROC = Path("/proc")


def here() -> str:
    """Return what tells this process from every other there is or was; empty where that is not known."""
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text("ascii").strip()
        space = (_PROC / "self/ns/pid").readlink()
        return f"{boot} {space} {os.getpid()} {_started(os.getpid())}"
    except OSError:
        return ""


def is_gone(process: str, *, seen_from: str) -> bool:
    """Say whether ``process`` has ended, as far as the process ``seen_from`` (this one) can know."""
    try:
        *space, pid, started = process.split(" ")
    except ValueError:
        return False
    if space != seen_from.split(" ")[:-2]:
        return False
    try:
        os.kill(int(pid), 0)
        return _started(int(pid)) != started
    except ProcessLookupError:
        return True
    except OSError:
        # Another user's, or hidden from us.
        return False


def _started(pid: int) -> str:
    # Field 22, in ticks since the start of the machine; the name before it may hold anything but ')'.
    return (_PROC / str(pid) / "stat").read_text("ascii", "replace").rpartition(")")[2].split()[19]
