import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_ws.runs.transcript import Status, Transcript
from shared.contracts.retriever import RunEnd, RunEvent
from shared.errors import InternalError, OverloadedError
from tests.support.chat_fakes import BEGIN, CITATION, DONE, NOW, QUERIES, RESULTS, START, WHOLE, delta

EVENTS = [START, QUERIES, RESULTS, BEGIN, delta("a"), delta("é€😀"), CITATION, DONE]
STATUSES: list[Status] = ["completed", "cancelled", "failed", "incomplete"]


def new() -> Transcript:
    return Transcript("conv_1", "run_1", "msg_1")


def told(transcript: Transcript, *events: RunEvent) -> list[dict[str, object]]:
    frames = [frame for event in events if (frame := transcript.tell(event, now=NOW)) is not None]
    return [*frames, *transcript.close(now=NOW), transcript.end(now=NOW)]


def types(frames: list[dict[str, object]]) -> list[object]:
    return [frame["type"] for frame in frames]


def test_a_whole_answer_is_told_and_kept() -> None:
    """Every event becomes a numbered frame with the run's ids; text, citations and ending are kept."""
    transcript = new()
    frames = told(transcript, *WHOLE)
    assert types(frames) == [event.type for event in WHOLE]
    assert frames[0] == {
        "type": "run-start",
        "conversation_id": "conv_1",
        "run_id": "run_1",
        "message_id": "msg_1",
        "sequence_number": 1,
        "created_at": "2026-01-02T03:04:05.678Z",
        "model": "extractive",
        "index_version": "7",
    }
    assert frames[-1]["status"] == "completed"
    assert frames[-1]["degraded"] == ["rerank"]
    assert frames[-1]["cached"] is False
    assert "error" not in frames[-1]
    assert transcript.content == "Ownership is a set."
    assert transcript.citations == [CITATION.citation]
    assert transcript.finish_reason == "complete"


def test_a_cancelled_answer_keeps_its_part() -> None:
    """A message that was begun is ended as cancelled before the run is."""
    transcript = new()
    for event in (START, BEGIN, delta("Half")):
        transcript.tell(event, now=NOW)
    transcript.stop("cancelled")
    frames = [*transcript.close(now=NOW), transcript.end(now=NOW)]
    assert [(f["type"], f.get("finish_reason"), f.get("status")) for f in frames] == [
        ("message-end", "cancelled", None),
        ("run-end", None, "cancelled"),
    ]
    assert (transcript.content, transcript.finish_reason) == ("Half", "cancelled")


def test_a_cancel_after_the_message_leaves_its_reason() -> None:
    """What the message was told to have ended with is what is kept."""
    transcript = new()
    for event in (BEGIN, DONE):
        transcript.tell(event, now=NOW)
    transcript.stop("cancelled")
    assert transcript.close(now=NOW) == []
    assert transcript.finish_reason == "complete"


def test_a_failure_is_told_with_its_kind() -> None:
    """The error of a failed run stands in run-end, with whether trying again helps."""
    transcript = new()
    transcript.tell(BEGIN, now=NOW)
    transcript.stop("failed", error=OverloadedError("busy"))
    closing, end = [*transcript.close(now=NOW), transcript.end(now=NOW)]
    assert closing["finish_reason"] == "error"
    assert end["error"] == {"code": "overloaded", "message": "busy", "retryable": True}


@pytest.mark.parametrize("first", STATUSES)
@pytest.mark.parametrize("second", STATUSES)
def test_the_first_end_is_the_end(first: Status, second: Status) -> None:
    """A run that has ended does not end again as something else."""
    transcript = new()
    transcript.stop(first)
    transcript.stop(second, error=InternalError())
    assert (transcript.status, transcript.error) == (first, None)


def test_an_answer_that_is_lost_is_not_complete() -> None:
    """What cannot be kept is given up, and the run is told to have failed."""
    transcript = new()
    for event in WHOLE:
        transcript.tell(event, now=NOW)
    transcript.lose(InternalError())
    end = transcript.end(now=NOW)
    assert (transcript.content, transcript.citations) == ("", [])
    assert (end["status"], end["error"]["code"]) == ("failed", "internal")


@pytest.mark.parametrize("status", [*STATUSES, None])
def test_who_was_ended_by_another_says_so(status: Status | None) -> None:
    """A run that the store has as incomplete was ended from outside; any other end is our own."""
    transcript = new()
    transcript.stop("failed", error=InternalError())
    transcript.stored(status)
    end = transcript.end(now=NOW)
    assert end["status"] == ("incomplete" if status == "incomplete" else "failed")
    assert ("error" in end) == (status != "incomplete")


def test_waiting_is_told_before_anything_else() -> None:
    """Places in the line are numbered frames of the run, and no part of the answer."""
    transcript = new()
    waited = [transcript.queue(place, now=NOW) for place in (2, 1)]
    frames = [*waited, *told(transcript, *WHOLE)]
    assert [frame["sequence_number"] for frame in frames] == list(range(1, len(frames) + 1))
    assert [(f["type"], f["position"], f["run_id"]) for f in waited] == [
        ("run-queued", 2, transcript.run_id),
        ("run-queued", 1, transcript.run_id),
    ]
    assert transcript.content == "Ownership is a set."


def test_a_run_that_simply_stops_is_incomplete() -> None:
    """Without any end of its own a run is incomplete, never complete."""
    assert new().end(now=NOW)["status"] == "incomplete"


@given(
    events=st.lists(st.sampled_from(EVENTS), max_size=20),
    end=st.none() | st.sampled_from([RunEnd(status=status) for status in STATUSES]),
    stop=st.none() | st.sampled_from(STATUSES),
)
def test_every_run_ends_once_and_counts_without_a_gap(
    events: list[RunEvent], end: RunEnd | None, stop: Status | None
) -> None:
    """Whatever comes: numbers from 1 on, run-end last and once, a begun message ended, offsets untouched."""
    transcript = new()
    frames = [transcript.tell(event, now=NOW) for event in events]
    assert None not in frames
    if end is not None:
        assert transcript.tell(end, now=NOW) is None
    if stop is not None:
        transcript.stop(stop)
    whole = [*(f for f in frames if f is not None), *transcript.close(now=NOW), transcript.end(now=NOW)]
    assert [frame["sequence_number"] for frame in whole] == list(range(1, len(whole) + 1))
    kinds = types(whole)
    assert kinds.count("run-end") == 1
    assert kinds[-1] == "run-end"
    last_begin = max((i for i, kind in enumerate(kinds) if kind == "message-start"), default=-1)
    assert last_begin == -1 or "message-end" in kinds[last_begin:]
    text = "".join(f["delta"]["text"] for f in whole if f["type"] == "content-delta")
    assert text == transcript.content
    assert len(transcript.citations) == kinds.count("citation-start")
