"""Imported by every Python process with this folder in PYTHONPATH: it can be made to misbehave.

SIGUSR1 blocks the main thread, and with it the event loop, for good: the process lives and answers nothing.
In the folder that ``CARREL_TEST_TRIPWIRES`` names, a file called after a program makes its next start end at
once, or late: it holds the seconds.
"""

import os
import signal
import sys
import time
from pathlib import Path


def _block(*_: object) -> None:
    time.sleep(3600)


signal.signal(signal.SIGUSR1, _block)
_wire = Path(os.environ.get("CARREL_TEST_TRIPWIRES", "")) / sys.orig_argv[-1]
if sys.orig_argv[1:2] == ["-m"] and _wire.is_file():
    if seconds := _wire.read_text():
        time.sleep(float(seconds))
    else:
        os._exit(3)
