"""Visitors' sessions: a token for whoever comes to an allowed page.

Owns who a new visitor is and when a session is the same visitor's renewed one.
"""

import secrets
from datetime import UTC, datetime

from gateway.identity import Tokens
from shared.contracts.gateway import Session
from shared.errors import UnauthorizedError


class Sessions:
    """Opens sessions of ``lifetime_s`` seconds."""

    def __init__(self, tokens: Tokens, *, lifetime_s: int) -> None:
        self._tokens, self._lifetime_s = tokens, lifetime_s

    def open(self, *, token: bytes, origin: str, now: int) -> Session:
        """Return a session on ``origin`` from ``now`` (Unix time) on.

        A valid ``token`` is renewed and keeps its visitor; any other (an old one, none) is a new visitor.
        """
        try:
            visitor_id = self._tokens.verify(token, origin=origin, now=now).visitor_id
        except UnauthorizedError:
            visitor_id = f"v_{secrets.token_urlsafe(16)}"
        return Session(
            token=self._tokens.make(visitor_id, origin=origin, now=now, lifetime_s=self._lifetime_s),
            visitor_id=visitor_id,
            expires_at=datetime.fromtimestamp(now + self._lifetime_s, UTC),
        )
