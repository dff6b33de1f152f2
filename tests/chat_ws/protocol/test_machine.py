import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat_ws.protocol.events import (
    Abandon,
    BinaryReceived,
    Broken,
    CancelRun,
    Close,
    Command,
    Disconnected,
    Drain,
    Drained,
    Event,
    FollowRun,
    MessageStored,
    Opened,
    RequestFailed,
    RunGap,
    RunTold,
    Send,
    Silence,
    Stalled,
    StoreMessage,
    TextReceived,
)
from chat_ws.protocol.machine import MAX_BAD_FRAMES, TABLE, Limits, Protocol, State
from shared.contracts.chat_ws import MessageCreate, RunRegenerate
from shared.errors import ERROR_CODES, NotFoundError, OverloadedError
from tests.support.chat_fakes import NOW

CREATED = "2026-01-02T03:04:05.678Z"
CMID = "6f1c1d9a-6f5f-4c57-9b0b-0d8f6c8b1e11"
LIMITS = Limits(
    max_message_chars=20,
    max_frame_bytes=1024,
    messages_per_minute=3,
    heartbeat_interval_ms=20_000,
    resume_window_ms=600_000,
)


def machine(*, limits: Limits = LIMITS, state: State = State.OPEN) -> Protocol:
    return Protocol("conn_1", "visitor_1", "request_1", limits, state)


def text(now: datetime = NOW, **frame: Any) -> TextReceived:
    return TextReceived(json.dumps(frame), now)


def ask(content: str = "Hello?", now: datetime = NOW, **fields: Any) -> TextReceived:
    return text(now, type="message-create", client_message_id=CMID, content=content, **fields)


def error(code: str, message: str, *, retryable: bool = False, **fields: Any) -> Send:
    known = {"code": code, "message": message, "retryable": retryable}
    return Send({"type": "error", **known, "request_id": "request_1", "created_at": CREATED, **fields})


def sent(commands: list[Command]) -> dict[str, Any]:
    """The only frame of ``commands``."""
    [command] = commands
    assert isinstance(command, Send)
    return command.frame


STORED = MessageStored(CMID, "msg_1", "conv_1", "run_1", duplicate=False, now=NOW)
ACK = {
    "type": "message-ack",
    "client_message_id": CMID,
    "message_id": "msg_1",
    "conversation_id": "conv_1",
    "run_id": "run_1",
    "duplicate": False,
    "created_at": CREATED,
}
GAP = RunGap("conv_1", "run_1", "msg_2", NOW)
CLOSINGS: list[tuple[Event, Close]] = [
    (BinaryReceived(NOW), Close(1003, "text frames only")),
    (Drained(NOW), Close(1012, "restarting")),
    (Stalled(NOW), Close(1013, "too slow; resume later")),
    (Broken(NOW), Close(1011, "something went wrong on our side")),
]
QUIET: list[tuple[Event, list[Command]]] = [
    (RequestFailed(NotFoundError("gone", param="x"), None, NOW), [error("not_found", "gone", param="x")]),
    (
        RequestFailed(OverloadedError("busy", retry_after_ms=5), CMID, NOW),
        [error("overloaded", "busy", retryable=True, retry_after_ms=5, client_message_id=CMID)],
    ),
    (STORED, [Send(ACK), FollowRun("run_1", 0)]),
    (
        MessageStored(CMID, "msg_1", "conv_1", "run_1", duplicate=True, now=NOW),
        [Send(ACK | {"duplicate": True})],
    ),
    (
        GAP,
        [
            Send(
                {
                    "type": "resume-gap",
                    "conversation_id": "conv_1",
                    "run_id": "run_1",
                    "message_id": "msg_2",
                    "created_at": CREATED,
                }
            )
        ],
    ),
    (RunTold({"type": "content-delta"}, NOW), [Send({"type": "content-delta"})]),
    (Silence(NOW), [Send({"type": "heartbeat", "created_at": CREATED})]),
    (text(type="ping"), [Send({"type": "pong"})]),
    (text(type="ping", nonce=0), [Send({"type": "pong", "nonce": 0})]),
    (text(type="ping", nonce="é\u2028"), [Send({"type": "pong", "nonce": "é\u2028"})]),
    (text(type="run-resume", run_id="run_1", starting_after=3), [FollowRun("run_1", 3)]),
    (text(type="run-cancel", run_id="run_1"), [CancelRun("run_1")]),
]


def test_the_first_frame_says_what_holds() -> None:
    """connection-ready tells the ids, the intervals and the limits."""
    assert machine().handle(Opened(NOW)) == [
        Send(
            {
                "type": "connection-ready",
                "protocol": 1,
                "connection_id": "conn_1",
                "visitor_id": "visitor_1",
                "heartbeat_interval_ms": 20_000,
                "resume_window_ms": 600_000,
                "limits": {"max_message_chars": 20, "max_frame_bytes": 1024, "messages_per_minute": 3},
                "created_at": CREATED,
            }
        )
    ]


def test_a_limit_that_is_lifted_is_not_told() -> None:
    """Without a rate limit connection-ready names none, and any number of messages is taken."""
    core = machine(limits=Limits(20, 1024, None, 1, 1))
    assert "messages_per_minute" not in sent(core.handle(Opened(NOW)))["limits"]
    assert all(isinstance(core.handle(ask())[0], StoreMessage) for _ in range(100))


@pytest.mark.parametrize("state", [State.OPEN, State.DRAINING])
@pytest.mark.parametrize(("event", "commands"), QUIET)
def test_what_is_done_about_an_event(state: State, event: Event, commands: list[Command]) -> None:
    """The same is commanded whether the service drains or not, and the connection stays as it was."""
    core = machine(state=state)
    assert core.handle(event) == commands
    assert core.state is state


@pytest.mark.parametrize("state", [State.OPEN, State.DRAINING])
@pytest.mark.parametrize(("event", "close"), CLOSINGS)
def test_what_ends_a_connection(state: State, event: Event, close: Close) -> None:
    """Nobody is followed any more, then the socket is closed with its code."""
    core = machine(state=state)
    assert core.handle(event) == [Abandon(), close]
    assert core.state is State.CLOSED


def test_a_lost_socket_is_not_closed() -> None:
    """Only the following ends; there is nothing to close."""
    core = machine()
    assert core.handle(Disconnected(NOW)) == [Abandon()]
    assert core.state is State.CLOSED


def test_every_row_of_the_table_is_played() -> None:
    """This file plays each event in each state in which it means anything."""
    played = {type(event) for event, _ in [*QUIET, *CLOSINGS]} | {Disconnected, Opened}
    assert {event for _, event in TABLE} == played | {Drain}
    assert (State.DRAINING, Drain) not in TABLE


def test_a_question_is_stored() -> None:
    """A question goes to the store as it came."""
    [command] = machine().handle(ask("Hi", conversation_id="conv_1", filters={"lang": "en"}))
    assert command == StoreMessage(
        MessageCreate(
            client_message_id=UUID(CMID), content="Hi", conversation_id="conv_1", filters={"lang": "en"}
        )
    )


@pytest.mark.parametrize(
    ("content", "code", "param"),
    [
        ("x" * 21, "message_too_long", "content"),
        ("", "invalid_request", "content"),
        (" \n\u2003", "invalid_request", "content"),
    ],
)
def test_a_question_that_cannot_be_taken(content: str, code: str, param: str) -> None:
    """The error names the field and the question's own id; it is not a bad frame."""
    core = machine()
    for _ in range(MAX_BAD_FRAMES + 5):
        core.handle(ask(content))
    frame = sent(core.handle(ask(content)))
    assert (frame["code"], frame["param"], frame["client_message_id"]) == (code, param, CMID)


def again(now: datetime = NOW) -> TextReceived:
    return text(type="run-regenerate", message_id="msg_1", client_message_id=CMID, now=now)


def test_another_answer_is_asked_for_like_a_question() -> None:
    """It is stored, counted with the questions, and refused while draining, under its own id."""
    core = machine()
    frame = RunRegenerate(message_id="msg_1", client_message_id=UUID(CMID))
    assert core.handle(again()) == [StoreMessage(frame)]
    core.handle(ask())
    core.handle(again())
    for refused in (sent(core.handle(again())), sent(core.handle(ask()))):
        assert (refused["code"], refused["client_message_id"]) == ("rate_limited", CMID)
    core.handle(Drain(NOW))
    refused = sent(core.handle(again(NOW + timedelta(hours=1))))
    assert (refused["code"], refused["client_message_id"]) == ("draining", CMID)


def test_length_is_counted_in_code_points() -> None:
    """Twenty characters outside the basic plane are twenty characters."""
    assert isinstance(machine().handle(ask("😀" * 20))[0], StoreMessage)


def test_questions_are_limited_by_the_minute() -> None:
    """The fourth within a minute is refused and told when to come again; then it is taken."""
    core = machine()
    for second in (0, 10, 20):
        assert isinstance(core.handle(ask(now=NOW + timedelta(seconds=second)))[0], StoreMessage)
    refused = sent(core.handle(ask(now=NOW + timedelta(seconds=59))))
    assert (refused["code"], refused["retryable"], refused["retry_after_ms"]) == ("rate_limited", True, 1000)
    assert isinstance(core.handle(ask(now=NOW + timedelta(seconds=60)))[0], StoreMessage)
    assert sent(core.handle(ask(now=NOW + timedelta(seconds=61))))["retry_after_ms"] == 9000


def test_a_clock_that_goes_back_harms_nobody() -> None:
    """A question from before the last one is limited like any other; the wait is at least a millisecond."""
    core = machine()
    for _ in range(3):
        core.handle(ask())
    assert sent(core.handle(ask(now=NOW - timedelta(hours=1))))["code"] == "rate_limited"
    just = sent(core.handle(ask(now=NOW + timedelta(seconds=59, microseconds=999_999))))
    assert just["retry_after_ms"] == 1


def test_draining_refuses_questions_only() -> None:
    """New questions are refused as retryable; resuming and cancelling go on."""
    core = machine()
    assert core.handle(Drain(NOW)) == []
    assert core.state is State.DRAINING
    assert core.handle(Drain(NOW)) == []
    refused = sent(core.handle(ask()))
    assert (refused["code"], refused["retryable"], refused["retry_after_ms"]) == ("draining", True, 2000)
    assert refused["client_message_id"] == CMID
    assert core.handle(text(type="run-cancel", run_id="r")) == [CancelRun("r")]


def test_a_connection_that_opens_while_draining_is_greeted() -> None:
    """The first frame is connection-ready also when the drain came first."""
    core = machine()
    core.handle(Drain(NOW))
    assert sent(core.handle(Opened(NOW)))["type"] == "connection-ready"


def test_twenty_bad_frames_a_minute_are_borne() -> None:
    """The twenty-first within a minute closes; each of them is answered."""
    core = machine()
    for _ in range(MAX_BAD_FRAMES):
        assert sent(core.handle(TextReceived("{", NOW)))["code"] == "invalid_request"
    last = core.handle(TextReceived("{", NOW + timedelta(seconds=59)))
    assert sent(last[:1])["code"] == "invalid_request"
    assert last[1:] == [Abandon(), Close(1008, "too many bad frames")]


def test_bad_frames_are_forgotten_after_a_minute() -> None:
    """Twenty a minute go on for ever."""
    core = machine()
    for minute in range(5):
        for _ in range(MAX_BAD_FRAMES):
            core.handle(TextReceived("{", NOW + timedelta(minutes=minute)))
    assert core.state is State.OPEN


BAD: list[tuple[str, str]] = [
    ("", ""),
    ("null", "type"),
    ("[]", "type"),
    ('"ping"', "type"),
    ("{}", "type"),
    ('{"type": "message-delete"}', "type"),
    ('{"type": 1}', "type"),
    ('{"type": "ping", "type": "nothing"}', "type"),
    ('{"type": "ping", "extra": 1}', "extra"),
    ('{"type": "ping", "nonce": {}}', "nonce"),
    ('{"type": "ping", "nonce": "\\u0000"}', "nonce"),
    ('{"type": "ping", "nonce": "\\ud800"}', ""),
    ('{"type": "ping", "nonce": ' + "9" * 100_000 + "}", ""),
    ('{"type": "run-cancel", "run_id": ""}', "run_id"),
    ('{"type": "run-cancel", "run_id": "' + "r" * 65 + '"}', "run_id"),
    ('{"type": "run-cancel", "run_id": "a\\u0000"}', "run_id"),
    ('{"type": "run-resume", "run_id": "r"}', "starting_after"),
    ('{"type": "run-resume", "run_id": "r", "starting_after": -1}', "starting_after"),
    ('{"type": "run-resume", "run_id": "r", "starting_after": 1e999}', "starting_after"),
    ('{"type": "run-resume", "run_id": "r", "starting_after": NaN}', "starting_after"),
    ("[" * 100_000, ""),
    ('{"a":' * 50_000, ""),
    ("\ufeff{}", ""),
]


@pytest.mark.parametrize(("raw", "param"), BAD, ids=range(len(BAD)))
def test_a_bad_frame_is_answered_with_its_field(raw: str, param: str) -> None:
    """Whatever is wrong, the answer names the field, and the connection stays open."""
    core = machine()
    frame = sent(core.handle(TextReceived(raw, NOW)))
    assert (frame["code"], frame.get("param", "")) == ("invalid_request", param)
    assert core.state is State.OPEN


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ('"content": 1', "content"),
        ('"content": "a\\u0000b"', "content"),
        ('"content": "a", "conversation_id": ""', "conversation_id"),
        ('"content": "a", "context": {"grounding": "none"}', "context.grounding"),
        ('"content": "a", "context": {"page_url": "\\u0000"}', "context.page_url"),
        ('"content": "a", "filters": {"lang": NaN}', "filters.lang"),
        ('"content": "a", "filters": {"lang": 1e999}', "filters.lang"),
        ('"content": "a", "filters": {"year": {"gt": NaN}}', "filters.year"),
        ('"content": "a", "filters": {"lang": {"like": 1}}', "filters.lang"),
        ('"content": "a", "visitor_id": "someone"', "visitor_id"),
    ],
)
def test_a_field_of_a_question_that_is_wrong_is_named(fields: str, param: str) -> None:
    """A field is named as the client wrote it, without the names of our own types."""
    raw = f'{{"type": "message-create", "client_message_id": "{CMID}", {fields}}}'
    frame = sent(machine().handle(TextReceived(raw, NOW)))
    assert (frame["code"], frame["param"]) == ("invalid_request", param)
    assert "Value error" not in frame["message"]
    assert "function-" not in frame["message"]


IDS = st.sampled_from(["run_1", "run_2"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    ["client_message_id", "content", "run_id", "starting_after", "nonce", "filters", "context", "options"]
)
FRAMES = st.builds(
    lambda kind, fields: json.dumps({"type": kind, **fields}),
    st.sampled_from(["message-create", "run-cancel", "run-resume", "run-regenerate", "ping"]) | JSON,
    st.dictionaries(FIELDS, JSON | st.just(CMID), max_size=5),
)
EVENTS: st.SearchStrategy[Any] = st.one_of(
    st.builds(TextReceived, FRAMES | st.text(st.characters(), max_size=30), st.just(NOW)),
    st.sampled_from([event for event, _ in [*QUIET, *CLOSINGS]]),
    st.sampled_from([ask(), Opened(NOW), Drain(NOW), Disconnected(NOW)]),
)


@settings(max_examples=300)
@given(st.lists(EVENTS, max_size=60))
def test_what_always_holds(events: list[Event]) -> None:
    """Nothing raises; closed is silent; one Close at most, last but for nothing; an ack before its run."""
    core = machine()
    commands: list[Command] = []
    for event in events:
        before = core.state
        done = core.handle(event)
        assert done == [] or before is not State.CLOSED
        if any(isinstance(command, FollowRun) for command in done) and isinstance(event, MessageStored):
            assert isinstance(done[0], Send)
            assert done[0].frame["type"] == "message-ack"
        commands += done
    closes = [index for index, command in enumerate(commands) if isinstance(command, Close)]
    assert len(closes) <= 1
    assert closes in ([], [len(commands) - 1])
    for command in commands:
        if isinstance(command, Send):
            json.dumps(command.frame).encode()
            assert command.frame["type"] != "error" or command.frame["code"] in ERROR_CODES


@settings(max_examples=100)
@given(st.lists(st.timedeltas(timedelta(0), timedelta(seconds=20)), min_size=21, max_size=80))
def test_the_bad_frame_limit_is_exact(gaps: list[timedelta]) -> None:
    """The connection closes at the first bad frame that is the twenty-first within a minute, not before."""
    core, now, times = machine(), NOW, []
    for gap in gaps:
        now += gap
        times.append(now)
        core.handle(TextReceived("{", now))
        within = sum(time > now - timedelta(minutes=1) for time in times)
        assert (core.state is State.CLOSED) == (within > MAX_BAD_FRAMES)
        if core.state is State.CLOSED:
            return
