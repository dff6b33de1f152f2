"""``python -m retriever.parsing MEMORY_BYTES PARENT_PID``: parses what comes through its input, one by one.

Started by ``workers``; it is given no secret, and what it says is not trusted.
"""

import gc
import os
import sys
import traceback
from collections.abc import Callable
from typing import BinaryIO

from retriever.parsers.packing import pack
from retriever.parsers.registry import PARSERS, parse
from retriever.parsing.confinement import allow_cpu, confine, resident_bytes
from retriever.parsing.frames import (
    LENGTH_BYTES,
    READY,
    Answer,
    Question,
    framed,
    header,
    length,
    question,
)
from shared.errors import CarrelError, InvalidRequestError, TooLargeError, problem

Answering = Callable[[Question, bytes], tuple[Answer, bytes]]

GROWTH_CHARS = 10_000_000
"""How much more text there may be than bytes: a packed file can hold a thousandfold."""


def main(answering: Answering | None = None) -> None:
    """Answer questions until the input ends; with ``answering`` in another way, for tests."""
    questions, answers = _pipes()
    confine(memory_bytes=int(sys.argv[1]), parent=int(sys.argv[2]))
    _write(answers, READY)
    while _answered_one(questions, answers, answering or answer):
        pass  # nothing of a document is held while the next one is waited for


def _answered_one(questions: BinaryIO, answers: BinaryIO, answering: Answering) -> bool:
    """Whether there was a question, and can be another."""
    head, content = _read(questions), _read(questions)
    if head is None or content is None:
        return False
    told, document = answering(question(head), content)
    _write(answers, header(told), document)
    return not told.spent


def answer(asked: Question, content: bytes) -> tuple[Answer, bytes]:
    """Return what becomes of a document, and the document packed."""
    allow_cpu(asked.cpu_s)
    try:
        packed = _parsed(asked, content)
        return _told(None), packed
    except MemoryError:
        pass  # the trace holds what filled the memory: nothing can be made before it is gone
    except CarrelError as error:
        return _told(error), b""
    except Exception as failure:
        refused = InvalidRequestError("The document cannot be read: it is broken, or not of its media type")
        return _told(refused, failure=_place(failure)), b""
    gc.collect()
    refused = TooLargeError("The document needs more memory than it may take (PARSE_MEMORY_BYTES)")
    return _told(refused, spent=True), b""


def _parsed(asked: Question, content: bytes) -> bytes:
    source = content if PARSERS[asked.media_type].binary else content.decode("utf-8", "surrogatepass")
    document = parse(source, media_type=asked.media_type, document_id=asked.document_id, title=asked.title)
    if len(document.text) > len(content) + GROWTH_CHARS:
        raise TooLargeError(f"The document unpacks to {len(document.text)} characters, which is too much")
    return pack(document).encode("utf-8", "surrogatepass")


def _told(error: CarrelError | None, *, failure: str = "", spent: bool = False) -> Answer:
    body = None if error is None else problem(error, request_id="")
    return Answer(body, resident_bytes(), failure=failure, spent=spent)


def _place(failure: BaseException) -> str:
    """The error's type and the lines it came through; never its words, which may be the document's."""
    lines = traceback.extract_tb(failure.__traceback__)[-6:]
    return f"{type(failure).__name__} in " + " > ".join(f"{f.name}:{f.lineno}" for f in lines)


def _pipes() -> tuple[BinaryIO, BinaryIO]:
    """The pipes to the parent, out of reach of a library that prints."""
    questions, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    return questions, answers


def _read(pipe: BinaryIO) -> bytes | None:
    head = pipe.read(LENGTH_BYTES)
    if len(head) < LENGTH_BYTES:
        return None
    return pipe.read(length(head))


def _write(pipe: BinaryIO, *contents: bytes) -> None:
    for content in contents:
        pipe.write(framed(content))
    pipe.flush()


if __name__ == "__main__":
    main()
