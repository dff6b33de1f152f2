"""What a process that parses gives up before it reads a document.

Owns the limits the kernel holds for it, and that it ends with its parent. Must be called in that process
alone: nothing of this can be taken back.
"""

import ctypes
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any

from retriever.parsing.landlock import shut_off

OPEN_FILES = 64
_SYSTEM = ("/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/proc/self")
_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_FORBIDDEN = (
    "socket.",
    "subprocess.",
    "os.exec",
    "os.posix_spawn",
    "os.fork",
    "os.system",
    "os.kill",
    "ftplib.",
)


def confine(*, memory_bytes: int, parent: int) -> None:
    """Limit this process for good: memory, files, programs, sockets; it dies with ``parent``.

    Whatever it needs to write to must be open by now.
    """
    if sys.platform == "linux":
        library = ctypes.CDLL(None, use_errno=True)
        library.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        library.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if os.getppid() != parent:  # it may have died before the kernel was asked
        raise SystemExit(1)
    _limit(resource.RLIMIT_AS, memory_bytes)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_NOFILE, OPEN_FILES)
    shut_off(readable=_readable())
    sys.addaudithook(_refuse)


def _readable() -> list[str]:
    """Where libraries are that a parser may still import: neither data nor secrets lie there."""
    root = Path(__file__).parents[2]
    found = [entry for entry in sys.path if entry and Path(entry) != root]
    own = [str(root / package) for package in ("retriever", "shared")]
    return [*found, *own, sys.prefix, sys.base_prefix, *_SYSTEM]


def allow_cpu(seconds: int) -> None:
    """Let the kernel end this process after ``seconds`` more of processor time."""
    spent = resource.getrusage(resource.RUSAGE_SELF)
    _limit(resource.RLIMIT_CPU, int(spent.ru_utime + spent.ru_stime) + 1 + seconds, hard=False)


def resident_bytes() -> int:
    """Return how much memory this process holds now; 0 where that is not told."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * resource.getpagesize()
    except OSError:
        return 0


def _limit(kind: int, value: int, *, hard: bool = True) -> None:
    highest = resource.getrlimit(kind)[1]
    value = value if highest == resource.RLIM_INFINITY else min(value, highest)
    resource.setrlimit(kind, (value, value if hard else highest))


def _refuse(event: str, _arguments: tuple[Any, ...]) -> None:
    # Of what Python itself does; a library's native code is held by the kernel's limits alone.
    if event.startswith(_FORBIDDEN):
        raise PermissionError(f"{event} is not for a process that parses")
