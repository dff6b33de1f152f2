"""A program ends with its supervisor, also when that is killed: no orphan keeps a port or a folder."""

import ctypes
import os
import sys

_PR_SET_PDEATHSIG = 1
SUPERVISOR_PID = "CARREL_SUPERVISOR_PID"
"""The variable that names the supervisor's process."""


def die_with_parent(signum: int) -> None:
    """Ask the kernel for ``signum`` when the parent process dies; does nothing where it cannot.

    It outlives ``exec``, but not a change of user or user namespace.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signum, 0, 0, 0)
    # The parent may have died before the kernel was asked.
    if (expected := os.environ.get(SUPERVISOR_PID)) and os.getppid() != int(expected):
        raise SystemExit(1)
