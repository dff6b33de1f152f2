"""A process that parses, and misbehaves where a document says so; started as ``retriever.parsing`` is."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable

from retriever.parsers.packing import pack
from retriever.parsers.structure import Builder
from retriever.parsing.__main__ import answer, main
from retriever.parsing.frames import Answer, Question

PROGRAM = ("-B", "-E", "-s", "-m", "tests.support.parsing_program")
_asked = 0


def misbehaving(asked: Question, content: bytes) -> tuple[Answer, bytes]:
    """Do what the document says, else what the real one does."""
    global _asked
    _asked += 1
    match content.decode("latin-1").split("\n")[0]:
        case "!sleep":
            signal.pause()
        case "!segfault":
            ctypes.string_at(0)
        case "!second" if _asked > 1:
            os.kill(os.getpid(), signal.SIGKILL)
        case "!exit":
            os._exit(3)
        case "!nonsense":
            return Answer(None, 0), b'{"title": 3}'
        case "!half":
            return Answer(None, 100 * 2**20), answer(asked, b"x")[1]
        case "!spent" if _asked > 1:
            return Answer({"status": 413, "code": "invalid_request"}, 0, spent=True), b""
        case "!grown":
            return Answer(None, 2**62), answer(asked, b"x")[1]
        case "!status":
            return Answer({"status": "no", "code": 7}, 0), b""
        case "!print":
            os.write(1, b"noise")
            sys.stdout.write("noise\n")
        case "!try":
            return Answer(None, 0), _text(_tried())
        case _:
            pass
    return answer(asked, content)


def _tried() -> str:
    """What this process can still do of what it must not; and its environment."""
    attempts: dict[str, Callable[[], object]] = {
        "socket": socket.socket,
        "program": lambda: subprocess.run(["true"], check=True),
        "fork": os.fork,
        "file": lambda: _write("/tmp/carrel-parsing-was-here"),
    }
    done = []
    for name, attempt in attempts.items():
        try:
            attempt()
            done.append(name)
        except OSError as error:
            done.append(f"{name} refused: {type(error).__name__}")
    return "\n\n".join([*done, " ".join(sorted(os.environ))])


def _write(path: str) -> None:
    with open(path, "wb") as file:
        file.write(b"x")


def _text(text: str) -> bytes:
    builder = Builder()
    builder.block(text)
    return pack(builder.build(title="tried")).encode()


if __name__ == "__main__":
    main(misbehaving)
