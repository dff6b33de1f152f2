"""Spans and the context they are in, with a tracer that keeps them."""

import pytest

from shared import tracing
from shared.errors import CarrelError, OverloadedError
from shared.tracing import sane_traceparent, span, traceparent, tracer
from tests.support.spans import Keeping, kept

PARENT = f"00-{'a' * 32}-{'b' * 16}-01"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (PARENT, PARENT),
        ("", ""),
        (f"00-{'0' * 32}-{'b' * 16}-01", ""),
        (f"00-{'a' * 32}-{'0' * 16}-01", ""),
        (f"01-{'a' * 32}-{'b' * 16}-01", ""),
        (PARENT.upper(), ""),
        (PARENT + "\n", ""),
        ("é", ""),
    ],
)
def test_only_a_context_is_one(given: str, kept: str) -> None:
    """What is no W3C context of version 0 is none: it would be logged and passed on."""
    assert sane_traceparent(given.encode()) == kept


@pytest.mark.parametrize(("error", "said"), [(OverloadedError(), "overloaded"), (KeyError(), "KeyError")])
def test_what_fails_inside_is_told_and_raised(error: Exception, said: str) -> None:
    """Our errors by their code, the others by their type; the context before is in force again."""
    token = traceparent.set(PARENT)
    try:
        with kept() as spans, pytest.raises(type(error)), span("work"):
            raise error
        assert traceparent.get() == PARENT
    finally:
        traceparent.reset(token)
    assert [(one.error, one.ended) for one in spans] == [(said, 1)]
    assert isinstance(error, CarrelError) == (said == "overloaded")


def test_what_is_done_for_no_request_is_no_span() -> None:
    """Upkeep and heartbeats would bury the rest; what is noted of them goes nowhere."""
    with kept() as spans, span("upkeep") as one:
        one.note({"a": 1})
        one.end()
        assert one.traceparent == ""
    assert spans == []


def test_spans_go_where_they_were_last_told_to_go() -> None:
    """Off from the beginning, on with a tracer, off again without one."""
    assert tracer() is None
    with kept():
        assert isinstance(tracer(), Keeping)
    assert tracer() is None
    tracing.use(None)
