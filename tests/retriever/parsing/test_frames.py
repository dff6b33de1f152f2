"""Messages between the retriever and a process that parses survive the pipe, and nonsense is told apart."""

import pytest

from retriever.parsing.frames import (
    LENGTH_BYTES,
    Answer,
    Question,
    answer,
    framed,
    header,
    length,
    question,
)


def test_a_frame_tells_its_length() -> None:
    """The first bytes of a frame say how many follow."""
    frame = framed(b"abc" * 1000)
    assert length(frame[:LENGTH_BYTES]) == len(frame) - LENGTH_BYTES == 3000


def test_headers_survive() -> None:
    """What was asked and what was answered is read back the same, whatever characters it holds."""
    asked = Question("text/html", "a/\U0001f600\ud800.html", "T\n", 35)
    told = Answer({"status": 413, "detail": "é"}, 5, failure="f", spent=True)
    assert question(header(asked)) == asked
    assert answer(header(told)) == told


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"[]",
        b"7",
        b"{}",
        b'{"problem": 3, "resident_bytes": 1}',
        b'{"problem": null, "resident_bytes": "1"}',
        b'{"problem": null, "resident_bytes": 1, "other": 2}',
        b"[" * 100_000,
    ],
)
def test_nonsense_is_no_answer(content: bytes) -> None:
    """A process that was taken over by a document cannot confuse its parent."""
    with pytest.raises(ValueError):  # noqa: PT011 - any of them means that the process is lost
        answer(content)
