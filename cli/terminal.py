"""What is written for a person to read: safe, on the right stream, in an encoding that cannot fail."""

import io
from typing import TextIO

import typer

_KEPT = {0x09, 0x0A}
_REMOVED = dict.fromkeys(code for code in (*range(0x20), *range(0x7F, 0xA0)) if code not in _KEPT)
# Bidirectional controls can make a line read as what it does not say.
_REMOVED |= dict.fromkeys((0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)))


def safe(text: str) -> str:
    """Return ``text`` without what would steer a terminal instead of being read."""
    return text.translate(_REMOVED)


def line(text: str) -> str:
    """Return ``text`` on one line, without what would steer a terminal."""
    return safe(" ".join(text.split()))


def complain(reason: str) -> None:
    """Write ``reason`` on one line of standard error."""
    typer.echo(f"carrel: {line(reason)}", err=True)


def never_fail_to_encode(*streams: TextIO) -> None:
    """Make ``streams`` write a question mark where their encoding lacks a character."""
    for stream in streams:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
