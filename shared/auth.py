"""Who a request comes from, told from the gateway to the services.

Owns the identity headers and their signature. Pure: the time is an argument. The gateway signs, a
service verifies; an identity that came from outside never gets here, the gateway strips it.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from shared.errors import UnauthorizedError

PRINCIPAL_HEADER = "x-carrel-principal"
ROLE_HEADER = "x-carrel-role"
SIGNATURE_HEADER = "x-carrel-signature"
IDENTITY_HEADERS = (PRINCIPAL_HEADER, ROLE_HEADER, SIGNATURE_HEADER)

LIFETIME_S = 300
"""How long a signature is good, in seconds: bounds what a leaked header is worth."""


class Role(StrEnum):
    """What a principal may do."""

    PUBLIC = "public"
    VISITOR = "visitor"
    OWNER = "owner"
    SERVICE = "service"


@dataclass(frozen=True)
class Principal:
    """Who is asking: a visitor, the owner, a service, or nobody in particular."""

    id: str
    """Opaque; a visitor's id, ``owner``, a service's name, or empty for the public."""
    role: Role

    @property
    def is_owner(self) -> bool:
        """Whether this principal may do all that the owner may."""
        return self.role is Role.OWNER


def signed_headers(principal: Principal, *, token: str, now: float) -> dict[str, str]:
    """Return the identity headers for ``principal``, signed with ``token`` at Unix time ``now``."""
    expires = int(now) + LIFETIME_S
    return {
        PRINCIPAL_HEADER: principal.id,
        ROLE_HEADER: principal.role.value,
        SIGNATURE_HEADER: f"v1.{expires}.{_digest(principal.id, principal.role.value, expires, token)}",
    }


def verify(headers: Mapping[str, str], *, token: str, now: float) -> Principal:
    """Return the principal that the (lower-case) ``headers`` name.

    Raises
    ------
    UnauthorizedError
        If a header is missing, the signature is not ours, or it is too old.
    """
    principal, role = headers.get(PRINCIPAL_HEADER, ""), headers.get(ROLE_HEADER, "")
    version, _, rest = headers.get(SIGNATURE_HEADER, "").partition(".")
    expires_text, _, digest = rest.partition(".")
    if version != "v1" or not (expires_text.isascii() and expires_text.isdecimal()):
        raise UnauthorizedError("This service is reached through the gateway only")
    expires = int(expires_text[:15])
    if not hmac.compare_digest(digest.encode(), _digest(principal, role, expires, token).encode()):
        raise UnauthorizedError("The internal signature does not fit: INTERNAL_TOKEN differs")
    if expires < now:
        raise UnauthorizedError("The internal signature is too old")
    return Principal(id=principal, role=Role(role))


def _digest(principal: str, role: str, expires: int, token: str) -> str:
    message = f"v1\n{expires}\n{role}\n{principal}".encode()
    return hmac.new(token.encode(), message, hashlib.sha256).hexdigest()
