"""Visitors' sessions."""

from datetime import UTC, datetime

from gateway.identity import Tokens
from gateway.own.sessions import Sessions

TOKENS = Tokens(["signs-tokens-0123456789"])
SESSIONS = Sessions(TOKENS, lifetime_s=60)


def test_a_new_visitor_gets_a_name_and_a_token() -> None:
    """Whoever comes without a token is somebody new, for so long."""
    first, second = (SESSIONS.open(token=b"", origin="", now=1000) for _ in range(2))
    assert first.visitor_id != second.visitor_id
    assert TOKENS.verify(first.token.encode(), origin="", now=1059).visitor_id == first.visitor_id
    assert first.expires_at == datetime.fromtimestamp(1060, UTC)


def test_a_renewed_session_is_the_same_visitor() -> None:
    """A valid token is exchanged for a later one."""
    first = SESSIONS.open(token=b"", origin="https://a.test", now=1000)
    later = SESSIONS.open(token=first.token.encode(), origin="https://a.test", now=1050)
    assert later.visitor_id == first.visitor_id
    assert later.expires_at > first.expires_at


def test_a_token_that_is_no_good_renews_nothing() -> None:
    """An expired, foreign or stolen token makes a new visitor, not an error."""
    first = SESSIONS.open(token=b"", origin="https://a.test", now=1000)
    for session in (
        SESSIONS.open(token=first.token.encode(), origin="https://a.test", now=1060),
        SESSIONS.open(token=first.token.encode(), origin="https://b.test", now=1001),
        SESSIONS.open(token=b"nonsense", origin="https://a.test", now=1001),
    ):
        assert session.visitor_id != first.visitor_id
