from datetime import UTC, datetime, timedelta, timezone

import pytest
from pydantic import TypeAdapter, ValidationError

from shared.contracts.wire import (
    Answer,
    Instant,
    Page,
    Request,
    Text,
    field_path,
    said_once,
    sendable,
    timestamp,
)
from shared.errors import InvalidRequestError

WHEN = datetime(2026, 1, 2, 3, 4, 5, 678900, tzinfo=timezone(timedelta(hours=2)))


class Asked(Request):
    """A body of one field."""

    name: Text


class Answered(Answer):
    """An answer of one field."""

    at: Instant


def test_a_request_forbids_what_it_does_not_know() -> None:
    """A misspelt field is an error, never silence."""
    with pytest.raises(ValidationError, match="Extra"):
        Asked.model_validate({"name": "a", "nmae": "b"})


def test_an_answer_tolerates_what_it_does_not_know() -> None:
    """A newer service may say more."""
    assert Answered.model_validate({"at": WHEN, "more": 1}) == Answered(at=WHEN)


@pytest.mark.parametrize("text", ["a\0", "\0", "\ud800", "a\udfffb"])
def test_text_that_no_store_holds_is_refused(text: str) -> None:
    """NUL and lone surrogates never get in."""
    with pytest.raises(ValidationError):
        Asked(name=text)


@pytest.mark.parametrize("text", ["", "  a \n", "\U0001f600", "\u2028", "\ufffe"])
def test_other_text_stays_as_it_is(text: str) -> None:
    """Nothing is stripped or normalised."""
    assert Asked(name=text).name == text


def test_an_instant_is_utc_with_milliseconds() -> None:
    """On the wire every instant has one form."""
    assert timestamp(WHEN) == "2026-01-02T01:04:05.678Z"
    assert timestamp(datetime(2026, 1, 1, tzinfo=UTC)) == "2026-01-01T00:00:00.000Z"
    assert Answered(at=WHEN).model_dump(mode="json") == {"at": "2026-01-02T01:04:05.678Z"}


def test_a_page_is_the_last_unless_it_says_so() -> None:
    """``next_cursor`` is null on the last page."""
    assert TypeAdapter(Page[int]).validate_python({"items": [1]}).model_dump() == {
        "items": [1],
        "next_cursor": None,
    }


@pytest.mark.parametrize(
    ("loc", "path"),
    [
        (("filters", "lang", "function-after[_storable(), str]"), "filters.lang"),
        (("filters", "lang", "list[nullable[str]]", 3), "filters.lang"),
        (("messages", 0, "content"), "messages.0.content"),
        ((), ""),
        (("x" * 300,), "x" * 200),
    ],
)
def test_a_field_is_named_as_the_caller_knows_it(loc: tuple[int | str, ...], path: str) -> None:
    """The path ends where pydantic's own names begin."""
    assert field_path(loc) == path


def test_what_a_client_wrote_can_be_said_again() -> None:
    """A lone surrogate is replaced, wherever a field is named; all else stays."""
    assert sendable("a\ud800\U0001f600") == "a?\U0001f600"
    assert field_path(["filters", "\udfff"]) == "filters.?"


def test_an_object_says_each_field_once() -> None:
    """Members become an object; the first that comes again is named, shortened and sendable."""
    assert said_once([("a", 1), ("b", 2)]) == {"a": 1, "b": 2}
    for name, shown in (("a", "a"), ("x" * 100, "x" * 64), ("\ud800", "?")):
        with pytest.raises(InvalidRequestError, match="twice") as caught:
            said_once([(name, 1), ("b", 2), (name, 1)])
        assert caught.value.param == shown
