"""Is ``supervisord``, with three things it lacks: a held lock, appending logs, an honest exit code.

``python -m cli.supervision.supervise LOCK_FD CONFIGURATION`` is what ``carrel up`` becomes.
"""

import contextlib
import fcntl
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from supervisor.medusa import asyncore_25 as asyncore
from supervisor.options import ServerOptions
from supervisor.states import SupervisorStates
from supervisor.supervisord import Supervisor

from cli.supervision.layout import Layout
from cli.supervision.parent import SUPERVISOR_PID


class _Options(ServerOptions):  # type: ignore[misc]  # supervisor has no types
    def cleanup_fds(self) -> None:
        """Close nothing: the lock on the data folder must stay open, and children close the rest."""


def run(configuration: str) -> None:
    """Run supervisord until it is told to stop; a reload begins anew."""
    first = True
    while True:
        options: Any = _Options()
        options.realize(["-c", configuration])
        options.first = first
        options.test = False
        with contextlib.suppress(asyncore.ExitNow):
            Supervisor(options).main()
        options.close_httpservers()
        options.close_logger()
        first = False
        if options.mood < SupervisorStates.RESTARTING:
            return


def usable_output() -> None:
    """Make standard output one that several writers can open and append to.

    supervisord opens ``/dev/stdout`` anew for each program. On a regular file its own lines would be
    overwritten without O_APPEND; where the pipe belongs to another user the open fails for ever, so
    the output goes through a pipe of our own then.
    """
    for descriptor in (1, 2):
        flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
        fcntl.fcntl(descriptor, fcntl.F_SETFL, flags | os.O_APPEND)
    try:
        os.close(os.open("/dev/stdout", os.O_WRONLY | os.O_APPEND))
    except OSError:
        copier = subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE, start_new_session=True)
        assert copier.stdin is not None  # noqa: S101 - asked for above
        os.dup2(copier.stdin.fileno(), 1)
        os.dup2(1, 2)


def main() -> None:
    """Run, and exit with 1 when the watchdog gave up."""
    lock, configuration = int(sys.argv[1]), sys.argv[2]
    os.set_inheritable(lock, False)
    usable_output()
    layout = Layout(Path(os.environ["DATA_DIR"]))
    layout.failure.unlink(missing_ok=True)
    os.environ[SUPERVISOR_PID] = str(os.getpid())
    run(configuration)
    sys.exit(1 if layout.failure.exists() else 0)


if __name__ == "__main__":
    main()
