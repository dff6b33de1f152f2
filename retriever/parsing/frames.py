"""What goes through the pipes between the retriever and a process that parses.

A question is two frames, its header and the document; an answer is two frames as well, its header and the
packed document. A frame is its length in eight bytes and so many bytes. Pure.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LENGTH_BYTES = 8
READY = b"ready"
"""The frame a process begins with when it can be asked."""


@dataclass(frozen=True)
class Question:
    """What is to be parsed, beside the document itself."""

    media_type: str
    document_id: str
    title: str
    cpu_s: int
    """Processor time after which the process may be ended."""


@dataclass(frozen=True)
class Answer:
    """What became of it, beside the packed document."""

    problem: Mapping[str, Any] | None
    """The body of a problem document, where it was refused."""
    resident_bytes: int
    """Memory the process holds now."""
    failure: str = ""
    """Where the parser failed in a way it must not; for the log."""
    spent: bool = False
    """Whether the process has run out of memory and is of no further use."""


def framed(content: bytes) -> bytes:
    """Return ``content`` as one frame."""
    return len(content).to_bytes(LENGTH_BYTES) + content


def length(head: bytes) -> int:
    """Return the length that the first bytes of a frame tell."""
    return int.from_bytes(head)


def header(message: Question | Answer) -> bytes:
    """Return the header frame of ``message``, without its length."""
    return json.dumps(vars(message)).encode()


def question(content: bytes) -> Question:
    """Read back the header of a question."""
    return Question(**json.loads(content))


def answer(content: bytes) -> Answer:
    """Read back the header of an answer.

    Raises
    ------
    ValueError
        If ``content`` is none: a process that parses is not trusted.
    """
    try:
        found = Answer(**json.loads(content))
    except (TypeError, RecursionError) as error:
        raise ValueError(f"not an answer: {type(error).__name__}") from None
    if not isinstance(found.problem, dict | None) or not isinstance(found.resident_bytes, int):
        raise ValueError("not an answer")
    return found
