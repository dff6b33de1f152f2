import json
from typing import Any

from cli.dialogue import Again, Dialogue, Fetch, Over, Show, Step, Tell
from tests.support.cli_server import RUN, SOURCE

ACK: dict[str, Any] = {
    "type": "message-ack",
    "client_message_id": "c1",
    "message_id": "q1",
    "conversation_id": "conv",
    "run_id": "r1",
    "duplicate": False,
}


def asked() -> Dialogue:
    dialogue = Dialogue()
    dialogue.ask("Why?", client_message_id="c1", spare_id="c2")
    return dialogue


def take(dialogue: Dialogue, *frames: dict[str, Any]) -> list[Step]:
    return [step for frame in frames for step in dialogue.take(json.dumps(frame))]


def run(frames: list[dict[str, Any]] = RUN, *, of: str = "r1") -> list[dict[str, Any]]:
    """The frames of a run with its ids and numbers."""
    return [
        {**frame, "run_id": of, "conversation_id": "conv", "message_id": "a1", "sequence_number": number}
        for number, frame in enumerate(frames, start=1)
    ]


def text(steps: list[Step]) -> str:
    return "".join(step.text for step in steps if isinstance(step, Show))


def test_an_answer_is_shown_as_it_grows() -> None:
    """Its parts in their order, with the marks of its sources; then it is over."""
    dialogue = asked()
    steps = take(dialogue, ACK, *run())
    assert text(steps) == "Ownership is a set of rules. [1] It is checked."
    assert steps[-1] == Over()
    assert dialogue.transcript.sources[0].source.url == SOURCE["url"]
    frame = dialogue.ask("And then?", client_message_id="c3", spare_id="c4")
    assert frame == {
        "type": "message-create",
        "client_message_id": "c3",
        "content": "And then?",
        "conversation_id": "conv",
    }


def test_what_is_owed_depends_on_what_was_seen() -> None:
    """The question until it is acknowledged, then to go on after the last frame; a run can be stopped."""
    dialogue = asked()
    assert dialogue.owed()["type"] == "message-create"
    assert "conversation_id" not in dialogue.owed()
    assert dialogue.cancel() is None
    take(dialogue, ACK)
    assert dialogue.owed() == {"type": "run-resume", "run_id": "r1", "starting_after": 0}
    take(dialogue, *run()[:5])
    assert dialogue.owed() == {"type": "run-resume", "run_id": "r1", "starting_after": 5}
    assert dialogue.cancel() == {"type": "run-cancel", "run_id": "r1"}


def test_a_question_found_stored_is_gone_on_with() -> None:
    """Its acknowledgement was lost: the run is asked for, and nothing is shown twice."""
    dialogue = asked()
    assert take(dialogue, ACK | {"duplicate": True}) == [Again(0)]
    assert text(take(dialogue, *run()[:5], *run())) == "Ownership is a set of rules. [1] It is checked."


def test_frames_of_others_change_nothing() -> None:
    """Heartbeats, other runs, other questions, and what a newer server sends."""
    dialogue = asked()
    others = [{"type": "heartbeat"}, {"type": "connection-ready"}, run()[4], ACK | {"client_message_id": "x"}]
    assert take(dialogue, *others) == []
    take(dialogue, ACK)
    news = [run([{"type": "new-thing"}])[0], *run(of="r2")]
    error = {"type": "error", "client_message_id": "x", "retryable": False, "message": "no"}
    assert take(dialogue, *news, error, {"type": "pong"}) == []


def test_a_gap_is_read_from_the_store() -> None:
    """What of the stored answer was not shown is shown; an answer that is another is shown whole."""
    dialogue = asked()
    take(dialogue, ACK, *run()[:5])
    gap = {"type": "resume-gap", "run_id": "r1", "conversation_id": "conv", "message_id": "a1"}
    assert take(dialogue, gap) == [Fetch("conv", "a1")]
    assert dialogue.fetched("Ownership is a rule.") == [Show("a rule.")]
    assert dialogue.fetched("Ownership is a rule.") == []
    assert dialogue.fetched("Nothing.") == [Tell("the answer, whole:"), Show("Nothing.")]


def test_an_answer_that_broke_off_is_asked_for_once_more() -> None:
    """A run ended by a restart is followed by another one of the same question; only once."""
    dialogue = asked()
    cut = run([*RUN[:5], {"type": "run-end", "status": "incomplete"}])
    tell, again = take(dialogue, ACK, *cut)[-2:]
    assert isinstance(tell, Tell)
    assert again == Again(0)
    assert dialogue.owed() == {"type": "run-regenerate", "message_id": "q1", "client_message_id": "c2"}
    second = ACK | {"client_message_id": "c2", "run_id": "r2"}
    cut = run([*RUN[:5], {"type": "run-end", "status": "incomplete"}], of="r2")
    assert take(dialogue, second, *cut)[-1] == Over("the answer is incomplete")


def test_how_an_answer_ends() -> None:
    """Cancelled is no failure; a failed run says why."""
    for end, over in (
        ({"status": "cancelled"}, Over()),
        ({"status": "failed"}, Over("the answer is failed")),
        (
            {"status": "failed", "error": {"code": "internal", "message": "Oh.", "retryable": False}},
            Over("Oh."),
        ),
    ):
        dialogue = asked()
        assert take(dialogue, ACK, *run([{"type": "run-end", **end}]))[-1] == over


def test_refusals_are_waited_out_or_told() -> None:
    """What may be tried again is, after the time the server names; anything else ends the question."""
    error = {"type": "error", "client_message_id": "c1", "message": "Busy", "retryable": True}
    assert take(asked(), error) == [Again(250)]
    assert take(asked(), error | {"retry_after_ms": 2000}) == [Again(2000)]
    assert take(asked(), error | {"retryable": False}) == [Over("Busy")]
    assert take(asked(), {"type": "error", "message": "Gone", "retryable": False}) == [Over("Gone")]
