"""Who is asking: visitor tokens and the owner's key.

Pure apart from PyJWT; the time is an argument. A token is signed with HS256, names the visitor and is bound
to the origin of the page it was made for. The owner's keys are known by their sha256 only.
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jwt

from gateway.recent import Recent
from shared.auth import Principal, Role, signed_headers
from shared.contracts.chat_ws import TOKEN_SUBPROTOCOL_PREFIX
from shared.errors import UnauthorizedError

OWNER = Principal(id="owner", role=Role.OWNER)
_ALGORITHM = "HS256"
_AUDIENCE = "carrel"
_MAX_TOKEN_BYTES = 1024
KNOWN_S = 10.0
"""A token that was verified is not verified again for so long, at most twice that."""
_KNOWN = 4096


@dataclass(frozen=True)
class Token:
    """A visitor token that was verified."""

    visitor_id: str
    origin: str
    """The page's origin it was made for; empty when it was not made for a page."""
    expires: int
    """Unix time."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking."""

    principal: Principal
    expires: int | None
    """Until when that holds, Unix time; ``None``: for ever."""
    origin: str
    """The page's origin that the token is bound to; empty for none."""
    told: bytes
    """The header lines that tell a service, signed; good for minutes."""
    tag: str
    """What stands for the caller in the log."""


class Tokens:
    """Makes and verifies visitor tokens. The first secret signs; the others still verify."""

    def __init__(self, secrets: Sequence[str]) -> None:
        # HS256 wants 32 bytes: a digest has them whatever length the secret is, and its label says that the
        # same secret used elsewhere signs nothing here.
        self._keys = [hashlib.sha256(b"carrel visitor token 1\n" + s.encode()).digest() for s in secrets]

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

    def verify(self, token: bytes, *, origin: str, now: float) -> Token:
        """Return what ``token`` says, for a request of a page of ``origin`` (empty: not of a page).

        Raises
        ------
        UnauthorizedError
            If it is not ours, has expired, or was made for another origin.
        """
        found = self.read(token)
        check_token(found, origin=origin, now=now)
        return found

    def read(self, token: bytes) -> Token:
        """Return what ``token`` says, its signature verified; :func:`check_token` is left to do.

        Raises
        ------
        UnauthorizedError
            If it is not ours.
        """
        for key in self._keys if len(token) <= _MAX_TOKEN_BYTES else ():
            try:
                claims: dict[str, Any] = jwt.decode(
                    token,
                    key,
                    algorithms=[_ALGORITHM],
                    audience=_AUDIENCE,
                    # The clock is the caller's.
                    options={"require": ["exp", "org", "sub"], "verify_exp": False, "verify_iat": False},
                )
            except jwt.InvalidTokenError:
                continue
            return Token(claims["sub"], claims["org"], claims["exp"])
        raise UnauthorizedError("The visitor token is not valid")


class Identity:
    """Tells who a request comes from, and remembers it for some seconds."""

    def __init__(self, *, admin_keys: Sequence[bytes], tokens: Tokens, internal_token: str) -> None:
        """``admin_keys`` are the sha256 of each key that makes its holder the owner."""
        self._admin_keys, self._tokens, self._internal_token = tuple(admin_keys), tokens, internal_token
        self._known: Recent[bytes, Caller] = Recent(seconds=KNOWN_S, most=_KNOWN)

    def who(self, *, api_key: bytes, credential: bytes, origin: str, now: float) -> Caller:
        """Return who is asking on a page of ``origin`` (empty: not on a page).

        ``api_key`` (``X-API-Key``) comes first: a private Space takes ``Authorization`` for itself.
        ``credential`` is the bearer's, or a socket's subprotocol token.

        Raises
        ------
        UnauthorizedError
            If there are no credentials, or they are not valid.
        """
        if api_key:
            if self._is_owner(api_key):
                return self._caller(OWNER, None, "", now)
            raise UnauthorizedError("The X-API-Key is not valid")
        if not credential:
            raise UnauthorizedError("This takes a visitor token (POST /v1/sessions) or the admin key")
        if (caller := self._known.get(credential, now=now)) is None:
            if self._is_owner(credential):
                return self._caller(OWNER, None, "", now)
            token = self._tokens.read(credential)
            visitor = Principal(id=token.visitor_id, role=Role.VISITOR)
            caller = self._caller(visitor, token.expires, token.origin, now)
            self._known.put(credential, caller, now=now)
        check_token(caller, origin=origin, now=now)
        return caller

    def _caller(self, principal: Principal, expires: int | None, origin: str, now: float) -> Caller:
        signed = signed_headers(principal, token=self._internal_token, now=now)
        told = "".join(f"{name}: {value}\r\n" for name, value in signed.items())
        return Caller(principal, expires, origin, told.encode("ascii"), tag_of(principal))

    def _is_owner(self, key: bytes) -> bool:
        digest = hashlib.sha256(key).digest()
        # Every key is compared, so that the time tells nothing of which.
        return any([hmac.compare_digest(digest, known) for known in self._admin_keys])


def check_token(token: "Token | Caller", *, origin: str, now: float) -> None:
    """Raise :class:`UnauthorizedError` for a token that has expired or was made for another page."""
    if token.expires is not None and token.expires <= now:
        raise UnauthorizedError("The visitor token has expired: get a new one from POST /v1/sessions")
    if origin and token.origin and origin != token.origin:
        raise UnauthorizedError("The visitor token was made for another origin")


def tag_of(principal: Principal) -> str:
    """Return what stands for ``principal`` in the log: the same for the same one, and no way back."""
    if principal.is_owner:
        return principal.id
    return hashlib.sha256(principal.id.encode()).hexdigest()[:12]


def socket_token(subprotocols: Sequence[str]) -> bytes:
    """Return the token a browser offers as a subprotocol, or nothing."""
    for offered in subprotocols:
        if offered.startswith(TOKEN_SUBPROTOCOL_PREFIX):
            return offered.removeprefix(TOKEN_SUBPROTOCOL_PREFIX).encode("latin-1")
    return b""
