from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import (
    ERROR_CODES,
    CarrelError,
    FieldError,
    InternalError,
    InvalidRequestError,
    MalformedError,
    MessageTooLongError,
    NotFoundError,
    OverloadedError,
    RateLimitedError,
    TooLargeError,
    from_problem,
    from_status,
    problem,
)

CODES = (
    "unauthorized forbidden not_found invalid_request message_too_long rate_limited quota_exceeded "
    "idempotency_conflict run_not_found run_active draining overloaded upstream_unavailable "
    "upstream_timeout internal"
)


def test_the_codes_are_those_of_the_protocol() -> None:
    """Exactly the documented codes exist."""
    assert set(ERROR_CODES) == set(CODES.split())


@pytest.mark.parametrize("code", sorted(ERROR_CODES))
def test_every_error_can_be_told(code: str) -> None:
    """Each has a title, a status and a close code a WebSocket may carry; without detail the title is told."""
    error = ERROR_CODES[code]()
    assert 400 <= error.status < 600
    assert error.close_code in {1008, 1009, 1011, 1012, 1013, 4401, 4403, 4429}
    assert str(error) == error.detail == error.title


@pytest.mark.parametrize("code", sorted(ERROR_CODES))
def test_an_error_survives_the_hop(code: str) -> None:
    """What one service answered is what the next one raises."""
    fields = [FieldError("a.b", "is missing")]
    error = ERROR_CODES[code]("Because.", fields=fields, retry_after_ms=1500, status=418, retryable=True)
    again = from_problem(problem(error, request_id="r1"), status=418)
    assert type(again) is type(error)
    assert vars(again) == vars(error)


def test_a_problem_says_only_what_there_is() -> None:
    """Optional members stand in the body only where they say something."""
    assert problem(NotFoundError(), request_id="r1") == {
        "type": "about:blank",
        "title": "Not found",
        "status": 404,
        "detail": "Not found",
        "code": "not_found",
        "retryable": False,
        "request_id": "r1",
    }
    body = problem(OverloadedError(retry_after_ms=0, param=""), request_id="")
    assert (body["retry_after_ms"], body["param"], body["retryable"]) == (0, "", True)
    fields = [FieldError("a", "b"), FieldError("c", "d")]
    body = problem(InvalidRequestError(fields=fields), request_id="")
    assert body["errors"] == [{"field": "a", "message": "b"}, {"field": "c", "message": "d"}]
    assert body["param"] == "a"


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, MalformedError),
        (404, NotFoundError),
        (413, TooLargeError),
        (418, InvalidRequestError),
        (429, RateLimitedError),
        (500, InternalError),
        (502, InternalError),
        (599, InternalError),
    ],
)
def test_a_status_stands_for_an_error(status: int, expected: type[CarrelError]) -> None:
    """What is not our problem document becomes the error its status stands for."""
    assert from_status(status) is expected
    assert type(from_problem({"code": "no_such", "errors": None}, status=status)) is expected


def test_a_long_message_is_no_large_body() -> None:
    """The two errors of status 413 are told apart by their code."""
    assert type(from_problem({"code": "message_too_long"}, status=413)) is MessageTooLongError


@pytest.mark.parametrize(
    "body",
    [
        {"errors": 5, "retry_after_ms": "soon", "param": 3},
        {"errors": ["x", {"field": 1}], "detail": None},
        {"code": ["not_found"], "retryable": "yes"},
    ],
)
def test_a_strange_body_is_read_for_what_it_is_worth(body: dict[str, Any]) -> None:
    """No body of another program makes reading it fail."""
    error = from_problem(body, status=503)
    assert error.status == 503
    assert all(isinstance(field, FieldError) for field in error.fields)


VALUES = (
    st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.integers()) | st.just({"field": 1})
)
KEYS = st.sampled_from(["code", "detail", "param", "errors", "retry_after_ms", "retryable"])


@given(st.dictionaries(KEYS, VALUES | st.lists(VALUES)), st.integers(400, 599))
def test_reading_a_problem_never_fails(body: dict[str, Any], status: int) -> None:
    """Whatever the body, an error comes out that can be told again."""
    error = from_problem(body, status=status)
    assert problem(error, request_id="")["status"] == status
