import json

import pytest

from shared.contracts.chat_ws import (
    FRAME_TYPES,
    MAX_FRAME_BYTES,
    MAX_MESSAGE_CHARS,
    Message,
    MessageCreate,
    Ping,
    RunResume,
    parse_frame,
)
from shared.errors import InvalidRequestError

CMID = "6F1C1D9A-6f5f-4c57-9b0b-0d8f6c8b1e11"


@pytest.mark.parametrize("kind", FRAME_TYPES)
def test_every_frame_type_is_known(kind: str) -> None:
    """A frame that holds every field there is comes out as its type."""
    fields: dict[str, dict[str, object]] = {
        "message-create": {"client_message_id": CMID, "content": "x"},
        "run-cancel": {"run_id": "r"},
        "run-resume": {"run_id": "r", "starting_after": 0},
        "run-regenerate": {"message_id": "m", "client_message_id": CMID},
        "ping": {},
    }
    assert parse_frame(json.dumps({"type": kind, **fields[kind]})).type == kind


def test_the_id_of_a_message_has_one_form() -> None:
    """However it is written, the same UUID is the same message."""
    frame = parse_frame(json.dumps({"type": "message-create", "client_message_id": CMID, "content": "x"}))
    assert isinstance(frame, MessageCreate)
    assert str(frame.client_message_id) == CMID.lower()


def test_the_largest_question_fits_into_a_frame() -> None:
    """The longest message with the longest context, every character escaped, is no oversized frame."""
    worst = "\x01"
    frame = {
        "type": "message-create",
        "client_message_id": CMID,
        "content": worst * MAX_MESSAGE_CHARS,
        "context": {"page_url": worst * 2000, "page_title": worst * 500, "selected_text": worst * 8000},
    }
    text = json.dumps(frame)
    assert len(text) <= MAX_FRAME_BYTES
    assert isinstance(parse_frame(text), MessageCreate)


@pytest.mark.parametrize("number", [-1, 2**53 + 1, 1.5, "x", None, "5", True])
def test_a_number_out_of_range_is_named(number: object) -> None:
    """Sequence numbers are numbers that every client's language can hold, and nothing that looks like one."""
    with pytest.raises(InvalidRequestError) as caught:
        parse_frame(json.dumps({"type": "run-resume", "run_id": "r", "starting_after": number}))
    assert caught.value.param == "starting_after"
    assert RunResume(run_id="r", starting_after=2**53).starting_after == 2**53


def test_a_nonce_is_a_text_or_a_number() -> None:
    """It comes back as it was."""
    assert parse_frame('{"type": "ping", "nonce": -9007199254740992}') == Ping(nonce=-(2**53))
    assert parse_frame('{"type": "ping", "nonce": "x"}') == Ping(nonce="x")


def test_what_was_wrong_is_not_repeated() -> None:
    """The message of an error holds no more than its beginning of what the client sent."""
    with pytest.raises(InvalidRequestError) as caught:
        parse_frame(json.dumps({"type": "ping", "k" * 10_000: 1}))
    assert len(caught.value.detail) <= 500
    assert len(caught.value.param or "") <= 200


def test_a_stored_message_reads_from_a_row() -> None:
    """A user message has neither status nor reason."""
    message = Message.model_validate(
        {
            "id": "m",
            "conversation_id": "c",
            "role": "user",
            "content": "x",
            "created_at": "2026-01-01T00:00:00Z",
            "position": 7,
        }
    )
    assert (message.status, message.finish_reason, message.citations) == (None, None, [])


@pytest.mark.parametrize("options", [{"a": {"b": 1}}, {"a": [1]}, {"a": None}, {'"': 1}, {"a": 10**400}])
def test_options_are_few_and_flat(options: dict[str, object]) -> None:
    """What is kept of a question can always be written down: an option is a scalar under a sane key."""
    frame = {"type": "message-create", "client_message_id": CMID, "content": "x", "options": options}
    with pytest.raises(InvalidRequestError) as caught:
        parse_frame(json.dumps(frame))
    assert str(caught.value.param).startswith("options.")
    frame["options"] = {"a": True, "b": "x", "c": 1.5}
    assert isinstance(parse_frame(json.dumps(frame)), MessageCreate)


@pytest.mark.parametrize(
    ("text", "param"),
    [
        ('{"type": "ping", "nonce": 1, "nonce": 2}', "nonce"),
        ('{"type": "ping", "type": "ping"}', "type"),
        (
            '{"type": "message-create", "client_message_id": "00000000-0000-4000-8000-000000000001",'
            ' "content": "a", "filters": {"lang": "en", "lang": "de"}}',
            "lang",
        ),
    ],
)
def test_a_field_stands_in_a_frame_once(text: str, param: str) -> None:
    """Said twice it is refused by name, at any depth: readers differ in which they take."""
    with pytest.raises(InvalidRequestError, match="twice") as caught:
        parse_frame(text)
    assert caught.value.param == param
