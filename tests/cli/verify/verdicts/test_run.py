"""cli.verify.verdicts.run: frames that keep the protocol's promises, and frames that do not."""

from typing import Any

import pytest

from cli.findings import Colour
from cli.verify.verdicts.run import Frame, Heard, citations, question, resume, stream

SOURCE = {"document_id": "carrel-verify/1.md", "passage_id": "p"}


def run(*frames: Frame, end: dict[str, Any] | None = None) -> list[Frame]:
    """An acknowledgement, ``frames`` and the end, numbered."""
    told = [*frames, {"type": "run-end", "status": "completed", "degraded": [], **(end or {})}]
    numbered = [frame | {"sequence_number": number} for number, frame in enumerate(told, start=1)]
    return [{"type": "message-ack"}, *numbered]


def delta(text: str) -> Frame:
    return {"type": "content-delta", "delta": {"text": text}}


def cited(start: int, end: int, text: str) -> Frame:
    return {
        "type": "citation-start",
        "citation": {"start": start, "end": end, "text": text, "sources": [SOURCE]},
    }


GOOD = run({"type": "run-start"}, delta("A lamp burns."), cited(2, 6, "lamp"))
REFUSED = run(delta("I could not find it."), {"type": "message-end", "finish_reason": "refused"})


def test_a_good_answer_is_green() -> None:
    """Over either way."""
    assert question(Heard(GOOD)).colour == "green"
    assert stream(Heard(GOOD)).colour == "green"
    assert "4 frames" in question(Heard(GOOD)).found


def test_a_refusal_is_an_answer() -> None:
    """And is said to be one; so is what it lacked."""
    heard = Heard(run({"type": "message-end", "finish_reason": "refused"}, end={"degraded": ["rerank"]}))

    assert question(heard).colour == "green"
    assert "refusal" in question(heard).found
    assert "without: rerank" in question(heard).found


@pytest.mark.parametrize(
    ("frames", "error", "said"),
    [
        ([{"type": "error", "code": "overloaded", "message": "later"}], "", "overloaded, later"),
        ([], "refused with 503", "refused with 503"),
        ([], "", "no answer came"),
        (GOOD[1:], "", "not acknowledged"),
        (GOOD[:-1], "lost", "lost"),
        (GOOD[:-1], "", "did not end"),
        (run(end={"status": "failed", "error": {"code": "internal"}}), "", "failed: internal"),
        (run(end={"status": "incomplete"}), "", "incomplete"),
        ([GOOD[0], *GOOD[2:]], "", "its numbers are 2, 3, 4"),
    ],
)
def test_each_broken_promise_is_red(frames: list[Frame], error: str, said: str) -> None:
    """With what was wrong."""
    heard = Heard(frames, error)

    assert (question(heard).colour, stream(heard).colour) == ("red", "red")
    assert said in question(heard).found


@pytest.mark.parametrize(
    ("frames", "document", "colour"),
    [
        (GOOD, "carrel-verify/1.md", "green"),
        (GOOD, "", "green"),
        (GOOD[:-1], "", "red"),
        (run(delta("A lamp burns."), cited(0, 4, "lamp")), "", "red"),
        (REFUSED, "carrel-verify/1.md", "red"),
        (REFUSED, "", "yellow"),
        (run(delta("Hm.")), "", "yellow"),
    ],
)
def test_citations(frames: list[Frame], document: str, colour: Colour) -> None:
    """Exact to the letter; none is wrong only where a document answers."""
    found = citations(Heard(frames), document_id=document)

    assert found.colour == colour
    assert ("the document put there" in found.found) == (colour == "green" and bool(document))


@pytest.mark.parametrize(
    ("heard", "colour"),
    [
        (Heard(GOOD, dropped_after=2, resumed=True), "green"),
        (Heard(GOOD), "red"),
        (Heard(GOOD[:3], "refused", dropped_after=2), "red"),
        (Heard(GOOD[:3], dropped_after=2), "red"),
        (Heard(GOOD[:4], dropped_after=2, resumed=True), "red"),
        (Heard([*GOOD[:3], GOOD[2], *GOOD[3:]], dropped_after=2, resumed=True), "red"),
        (Heard([*GOOD[:3], *GOOD[4:]], dropped_after=2, resumed=True), "red"),
    ],
)
def test_resuming(heard: Heard, colour: Colour) -> None:
    """Without a gap and without a double, to the end."""
    assert resume(heard).colour == colour


def test_many_numbers_are_shortened() -> None:
    """A long run that is wrong is still one line."""
    numbered: list[Frame] = [{"type": "x", "sequence_number": number} for number in range(2, 40)]
    frames: list[Frame] = [{"type": "message-ack"}, *numbered]

    found = resume(Heard(frames, dropped_after=3, resumed=True))

    assert found.found.endswith(", …")
    assert resume(Heard(frames[:1], dropped_after=3, resumed=True)).found.endswith("nothing")


def test_odd_frames_break_nothing() -> None:
    """What another version may send is left out."""
    odd = run(
        {"type": "content-delta", "delta": "text"}, {"type": "x", "citation": "c"}, end={"degraded": None}
    )

    assert Heard(odd).answer == ""
    assert Heard(odd).degraded == []
    assert question(Heard(odd)).colour == "green"
