"""cli.supervision.parent"""

import os
import select
import signal
import subprocess
import sys

PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdout=subprocess.PIPE, text=True)
print(child.stdout.readline().strip(), flush=True)
time.sleep(60)
"""
CHILD = """
import os, signal, time
from cli.supervision.parent import die_with_parent
die_with_parent(signal.SIGTERM)
print(os.getpid(), flush=True)
time.sleep(60)
"""


def test_a_program_ends_when_its_supervisor_is_killed() -> None:
    """SIGKILL of the parent reaches the child as the signal it asked for."""
    with subprocess.Popen([sys.executable, "-c", PARENT, CHILD], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = os.pidfd_open(int(parent.stdout.readline()))
        parent.send_signal(signal.SIGKILL)
    try:
        assert select.select([child], [], [], 10)[0], "the child lives on"
    finally:
        os.close(child)


def test_a_program_whose_supervisor_is_gone_already_does_not_start() -> None:
    """A parent that died before the kernel was asked is noticed too."""
    env = os.environ | {"CARREL_SUPERVISOR_PID": "1999999"}

    done = subprocess.run(
        [sys.executable, "-c", CHILD], env=env, capture_output=True, check=False, timeout=20
    )

    assert (done.returncode, done.stdout) == (1, b"")
