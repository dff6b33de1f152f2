"""Shuts a process off from files and TCP, where the kernel has Landlock (Linux 5.13, for TCP 6.7).

Owns the numbers of the kernel's interface (include/uapi/linux/landlock.h). Where there is no Landlock it does
nothing: what it adds is a second wall.
"""

import ctypes
import os
import sys
from collections.abc import Iterable

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_FLAG = 1
_PATH_BENEATH = 1
_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
_FILE_RIGHTS = {1: (1 << 13) - 1, 2: 1 << 13, 3: 1 << 14, 5: 1 << 15}
"""What is forbidden unless a rule allows it, by the version that knows it: all there is."""
_TCP_SINCE, _TCP_RIGHTS = 4, 0b11


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("tcp", ctypes.c_uint64))


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("rights", ctypes.c_uint64), ("descriptor", ctypes.c_int32))


def version() -> int:
    """Return the version of Landlock that the kernel has; 0 is none."""
    return max(0, _call(_CREATE_RULESET, None, 0, _VERSION_FLAG)) if sys.platform == "linux" else 0


def shut_off(*, readable: Iterable[str]) -> None:
    """From now on this process reads what lies at ``readable``, opens nothing else and speaks no TCP.

    The process must have given up new privileges (PR_SET_NO_NEW_PRIVS).
    """
    known = version()
    if not known:
        return
    rights = sum(rights for since, rights in _FILE_RIGHTS.items() if since <= known)
    rules = _Ruleset(rights, _TCP_RIGHTS)
    size = ctypes.sizeof(_Ruleset) if known >= _TCP_SINCE else ctypes.sizeof(ctypes.c_uint64)
    ruleset = _call(_CREATE_RULESET, ctypes.byref(rules), size, 0)
    if ruleset < 0:
        return
    for path in readable:
        _allow(ruleset, path)
    _call(_RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)


def _allow(ruleset: int, path: str) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    rights = _READ_FILE | (_READ_DIR if os.path.isdir(path) else 0)
    rule = _Beneath(rights, descriptor)
    _call(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(rule), 0)
    os.close(descriptor)


def _call(number: int, *arguments: object) -> int:
    # Whole registers: the kernel reads lengths and flags of 64 bits.
    wide = (ctypes.c_long(value) if isinstance(value, int) else value for value in arguments)
    return int(ctypes.CDLL(None).syscall(ctypes.c_long(number), *wide))
