import re
from typing import Any, get_args

import pytest
from pydantic import TypeAdapter, ValidationError

from shared.contracts.retriever import AnswerRequest, Filters, RunEvent, SearchRequest, parse_event
from tests.support.chat_fakes import WHOLE

FILTERS: TypeAdapter[Any] = TypeAdapter(Filters)
EVENT: TypeAdapter[Any] = TypeAdapter(RunEvent)


@pytest.mark.parametrize("value", ["en", True, 3, 2.5, ["a", 1, False], {"gte": 1, "lt": 2.5}, {}])
def test_a_filter_stays_what_it_was(value: Any) -> None:
    """No value becomes another type on its way: a text that looks like a number stays a text."""
    parsed = FILTERS.validate_python({"key": value})["key"]
    dumped = parsed if not hasattr(parsed, "model_dump") else parsed.model_dump(exclude_none=True)
    assert dumped == value
    assert type(dumped) is type(value)


@pytest.mark.parametrize(
    "value",
    [None, [], ["a"] * 101, [["a"]], {"like": 1}, float("nan"), float("inf"), "\0", {"gt": "x"}, 10**400],
)
def test_a_filter_that_means_nothing_is_refused(value: Any) -> None:
    """Values that no index can compare, and numbers that JSON does not have, are errors."""
    with pytest.raises(ValidationError):
        FILTERS.validate_python({"key": value})


@pytest.mark.parametrize("field", [{"limit": "5"}, {"limit": True}, {"rerank": 0}, {"rerank": "yes"}])
def test_what_looks_like_a_number_is_none(field: dict[str, Any]) -> None:
    """A value of another type is refused, as the document of the API says."""
    with pytest.raises(ValidationError):
        SearchRequest.model_validate({"query": "x"} | field)
    for bound in ("5", True):
        with pytest.raises(ValidationError):
            FILTERS.validate_python({"year": {"gte": bound}})


@pytest.mark.parametrize("key", ["", "a" * 65, 'a"b', "a[0]", "a\\b", "a\n", "a\0", "\ud800"])
def test_a_key_that_no_metadata_can_have_is_refused(key: str) -> None:
    """Whoever asks is told at once, also in the chat, where the answer would fail only later."""
    with pytest.raises(ValidationError, match=r"a key has|Unicode|NUL"):
        FILTERS.validate_python({key: 1})
    assert FILTERS.validate_python({"ü.é f" + "a" * 59: 1})
    schema = FILTERS.json_schema()
    [pattern] = schema["patternProperties"]
    assert re.fullmatch(pattern, key) is None or not key.isprintable()
    assert schema["additionalProperties"] is False


def test_filters_are_few() -> None:
    """Sixteen keys are taken, not seventeen."""
    assert len(FILTERS.validate_python({str(n): n for n in range(16)})) == 16
    with pytest.raises(ValidationError):
        FILTERS.validate_python({str(n): n for n in range(17)})


def test_every_event_of_a_run_reads_back() -> None:
    """What is dumped as JSON is the same event again, and every type occurs."""
    for event in WHOLE:
        assert EVENT.validate_json(event.model_dump_json()) == event
    assert {type(event) for event in WHOLE} == set(get_args(get_args(RunEvent)[0]))


def test_requests_have_bounds() -> None:
    """Empty and endless questions are refused before anything is done about them."""
    turn = {"role": "user", "content": "x"}
    for messages in ([], [turn] * 51, [{"role": "system", "content": "x"}]):
        with pytest.raises(ValidationError):
            AnswerRequest.model_validate({"messages": messages})
    for body in ({"query": ""}, {"query": "x" * 8001}, {"query": "x", "limit": 51}):
        with pytest.raises(ValidationError):
            SearchRequest.model_validate(body)


def test_events_of_a_newer_service_are_none() -> None:
    """A known type is its event, held to its shape; an unknown one is nothing, whatever it holds."""
    [first, *_] = WHOLE
    assert parse_event(first.model_dump_json(), type=first.type) == first
    assert parse_event("not even JSON", type="of-tomorrow") is None
    with pytest.raises(ValidationError):
        parse_event("{}", type=first.type)
