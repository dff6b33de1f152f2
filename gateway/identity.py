"""Who is asking: visitor tokens and the owner's key.

Pure apart from PyJWT; the time is an argument. A token is signed with HS256, names the visitor and is bound
to the origin of the page it was made for. The owner's key is known by its sha256 only.
"""

import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jwt

from gateway.headers import Headers, find
from shared.auth import Principal, Role
from shared.contracts.chat_ws import TOKEN_SUBPROTOCOL_PREFIX
from shared.errors import RateLimitedError, UnauthorizedError

OWNER = Principal(id="owner", role=Role.OWNER)
_ALGORITHM = "HS256"
_AUDIENCE = "carrel"
_MAX_TOKEN_CHARS = 1024
_TOKEN_START = "eyJ"  # noqa: S105 - how every JWT begins: the base64 of {"
_KNOWN = 4096
"""So many tokens, those used last, are not verified anew on every request."""


@dataclass(frozen=True)
class Token:
    """A visitor token that was verified."""

    visitor_id: str
    origin: str
    """The page's origin it was made for; empty when it was not made for a page."""
    expires: int
    """Unix time."""


@dataclass(frozen=True)
class Caller:
    """Who is asking, and until when that holds (Unix time; ``None``: for ever)."""

    principal: Principal
    expires: int | None


class Tokens:
    """Makes and verifies visitor tokens. The first secret signs; the others still verify."""

    def __init__(self, secrets: Sequence[str]) -> None:
        # Derived, so that a short secret is still a key of the length HS256 asks for, and so that the
        # same secret used elsewhere signs nothing here.
        self._keys = [hashlib.sha256(b"carrel visitor token 1\n" + s.encode()).digest() for s in secrets]
        # A signature that was right stays right; when it expires and where it is good is looked at each time.
        self._known = lru_cache(maxsize=_KNOWN)(self._claims)

    def make(self, visitor_id: str, *, origin: str, now: int, lifetime_s: int) -> str:
        """Return a token for ``visitor_id``, good on ``origin`` from ``now`` for ``lifetime_s`` seconds."""
        claims = {
            "aud": _AUDIENCE,
            "sub": visitor_id,
            "org": origin,
            "iat": now,
            "exp": now + lifetime_s,
        }
        return jwt.encode(claims, self._keys[0], algorithm=_ALGORITHM)

    def verify(self, token: str, *, origin: str, now: float) -> Token:
        """Return what ``token`` says, for a request of a page of ``origin`` (empty: not of a page).

        Raises
        ------
        UnauthorizedError
            If it is not ours, has expired, or was made for another origin.
        """
        claims = self._known(token)
        found = Token(claims["sub"], claims["org"], claims["exp"])
        if found.expires <= now:
            raise UnauthorizedError("The visitor token has expired: get a new one from POST /v1/sessions")
        if origin and found.origin and origin != found.origin:
            raise UnauthorizedError("The visitor token was made for another origin")
        return found

    def _claims(self, token: str) -> dict[str, Any]:
        for key in self._keys if len(token) <= _MAX_TOKEN_CHARS else ():
            try:
                return jwt.decode(
                    token,
                    key,
                    algorithms=[_ALGORITHM],
                    audience=_AUDIENCE,
                    # The clock is the caller's.
                    options={"require": ["exp", "org", "sub"], "verify_exp": False, "verify_iat": False},
                )
            except jwt.InvalidTokenError:
                continue
        raise UnauthorizedError("The visitor token is not valid")


class Identity:
    """Tells who a request comes from."""

    def __init__(self, *, admin_key_digest: bytes, tokens: Tokens) -> None:
        self._admin_key, self._tokens = admin_key_digest, tokens

    def who(
        self,
        headers: Headers,
        *,
        subprotocols: Sequence[str],
        origin: str,
        now: float,
        key_wait_ms: Callable[[], int] = lambda: 0,
    ) -> Caller:
        """Return who is asking.

        ``X-API-Key`` comes first: a private Space takes ``Authorization`` for itself. Then the token
        among ``subprotocols``, where a browser puts it, then ``Authorization``. ``key_wait_ms`` is asked
        before a key is compared: how long this client has to wait until it may be.

        Raises
        ------
        UnauthorizedError
            If there are no credentials, or they are not valid.
        RateLimitedError
            If there is a key, and it may not be compared yet: neither a right nor a wrong one is told.
        """
        if key := find(headers, b"x-api-key"):
            if self._is_owner(key, key_wait_ms):
                return Caller(OWNER, None)
            raise UnauthorizedError("The X-API-Key is not valid")
        credential = socket_token(subprotocols) or bearer(headers)
        if not credential:
            raise UnauthorizedError("This takes a visitor token (POST /v1/sessions) or the admin key")
        if not credential.startswith(_TOKEN_START) and self._is_owner(credential.encode(), key_wait_ms):
            return Caller(OWNER, None)
        try:
            token = self._tokens.verify(credential, origin=origin, now=now)
        except UnauthorizedError:
            # A key may begin as tokens do; a token that has ended must not meet the limit of the keys.
            if not key_wait_ms() and self._is_owner(credential.encode(), key_wait_ms):
                return Caller(OWNER, None)
            raise
        return Caller(Principal(id=token.visitor_id, role=Role.VISITOR), token.expires)

    def _is_owner(self, key: bytes, key_wait_ms: Callable[[], int]) -> bool:
        if wait := key_wait_ms():
            raise RateLimitedError(
                "Too many credentials from this address were refused: no key is looked at",
                retry_after_ms=wait,
            )
        return hmac.compare_digest(hashlib.sha256(key).digest(), self._admin_key)


def bearer(headers: Headers) -> str:
    """Return the credential of ``Authorization: Bearer``, or nothing."""
    scheme, _, credential = find(headers, b"authorization").partition(b" ")
    return credential.strip().decode("latin-1") if scheme.lower() == b"bearer" else ""


def socket_token(subprotocols: Sequence[str]) -> str:
    """Return the token a browser offers as a subprotocol, or nothing."""
    for offered in subprotocols:
        if offered.startswith(TOKEN_SUBPROTOCOL_PREFIX):
            return offered.removeprefix(TOKEN_SUBPROTOCOL_PREFIX)
    return ""
