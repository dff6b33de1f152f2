"""A process that is shut off reads libraries and nothing else. Each test shuts off a process of its own."""

import socket
import subprocess
import sys
from pathlib import Path

from retriever.parsing.landlock import version

ROOT = Path(__file__).parents[3]
CODE = """
import ctypes, os, socket, sys
from retriever.parsing.landlock import shut_off

def tried(attempt):
    try:
        attempt()
    except OSError as error:
        return type(error).__name__
    return "done"

folder, port = sys.argv[1], int(sys.argv[2])
ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)
shut_off(readable=[folder + "/libraries", folder + "/one", folder + "/missing"])
print(tried(lambda: open(folder + "/libraries/x").read()))
print(tried(lambda: os.listdir(folder + "/libraries")))
print(tried(lambda: open(folder + "/one").read()))
print(tried(lambda: open(folder + "/secret").read()))
print(tried(lambda: os.listdir(folder)))
print(tried(lambda: open(folder + "/libraries/x", "w")))
print(tried(lambda: os.remove(folder + "/libraries/x")))
print(tried(lambda: os.mkdir(folder + "/libraries/new")))
print(tried(lambda: open(f"/proc/{os.getppid()}/environ").read()))
print(tried(lambda: socket.create_connection(("127.0.0.1", port), 5)))
"""


def test_only_what_is_readable_is_read(tmp_path: Path) -> None:
    """Named folders and files are read, not written; all else, the parent's environment and TCP are shut."""
    (tmp_path / "libraries").mkdir()
    for name in ("libraries/x", "one", "secret"):
        (tmp_path / name).write_text("x")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        done = subprocess.run(
            [sys.executable, "-c", CODE, str(tmp_path), port],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
    shut, tcp = version() >= 1, version() >= 4
    refused = "PermissionError" if shut else "done"
    expected = ["done"] * 3 + [refused] * 6 + ["PermissionError" if tcp else "done"]
    assert done.stdout.split() == expected


def test_the_version_is_a_number() -> None:
    """A kernel without Landlock has version 0."""
    assert version() >= 0
