"""cli.supervision.supervise; the supervisor at work is tried in tests/system."""

import socket
import subprocess
import sys
from pathlib import Path

WRITERS = """
import os
from cli.supervision.supervise import usable_output
os.write(1, b"first\\n")
usable_output()
other = os.open("/dev/stdout", os.O_WRONLY | os.O_APPEND)
os.write(other, b"from a program\\n")
os.write(1, b"from the supervisor\\n")
"""


def test_several_writers_of_one_file_overwrite_nothing(tmp_path: Path) -> None:
    """Programs open the log file anew; the supervisor's own lines come after theirs, not over them."""
    log = tmp_path / "log"

    with log.open("wb") as file:
        subprocess.run([sys.executable, "-c", WRITERS], stdout=file, check=True, timeout=20)

    assert log.read_text().splitlines() == ["first", "from a program", "from the supervisor"]


def test_an_output_that_cannot_be_opened_goes_through_a_pipe() -> None:
    """Where the platform's pipe cannot be opened anew (a socket cannot either), nothing is lost."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        subprocess.run([sys.executable, "-c", WRITERS], stdout=theirs.fileno(), check=True, timeout=20)
        theirs.close()
        ours.settimeout(10)
        received = b""
        while received.count(b"\n") < 3:
            received += ours.recv(1000)

    assert received.decode().splitlines() == ["first", "from a program", "from the supervisor"]
