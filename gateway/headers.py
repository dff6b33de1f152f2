"""Headers: what a client is told of a service's answer, and small things about headers.

Pure. Names are lower-case bytes, as ASGI gives them. What ends at this hop (RFC 9110, section 7.6.1) is
taken out, so is every identity; how a request's head is read and goes on stands in :mod:`gateway.request`.
"""

from collections.abc import Sequence
from functools import lru_cache
from http import HTTPStatus

from shared.errors import UpstreamUnavailableError

Header = tuple[bytes, bytes]
Headers = Sequence[Header]

OWS = b" \t"
HOP_BY_HOP = frozenset(
    (
        b"connection",
        b"expect",
        b"http2-settings",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    )
)
IDENTITY_PREFIX = b"x-carrel-"
NEVER_NOMINATED = frozenset((b"content-length", b"content-type", b"content-encoding", b"cache-control"))
"""What a ``Connection`` header cannot take out: the message would be another one without it."""
PLAIN_CONNECTIONS = frozenset((b"", b"keep-alive", b"close", b"Keep-Alive", b"Close", b"Upgrade"))
"""What ``Connection`` mostly says: it names no header that goes on."""
_ENDS_HERE = HOP_BY_HOP | {b"date", b"server", b"x-request-id"}
_MOST_NAMES = 512
_plain_names: set[bytes] = set(_ENDS_HERE)
"""Names of services' headers that were looked at before and are no identity; a cache."""
_CONTROL = bytes(code for code in (*range(0x20), 0x7F) if code != ord("\t"))


def find(headers: Headers, name: bytes) -> bytes:
    """Return the first value of ``name``, without the white space around it, or nothing."""
    for key, value in headers:
        if key == name:
            return value.strip(OWS)
    return b""


def bearer(authorization: bytes) -> bytes:
    """Return the credential of an ``Authorization: Bearer``, or nothing."""
    scheme, _, credential = authorization.partition(b" ")
    return credential.strip() if scheme.lower() == b"bearer" else b""


def nominated(connection: bytes) -> frozenset[bytes]:
    """Return the names that a ``Connection`` header takes out of the message."""
    return frozenset(token.strip(OWS).lower() for token in connection.split(b",")) - NEVER_NOMINATED


def response_headers(status: int, headers: Headers) -> list[Header]:
    """Return a service's ``headers`` as the client gets them.

    Raises
    ------
    UpstreamUnavailableError
        With status 502, when a value could not be sent on.
    """
    said = dict(headers)
    kept = [(name, value.strip(OWS)) for name, value in headers if name not in _ENDS_HERE]
    if not _plain_names.issuperset(said):
        kept = [header for header in kept if not _is_identity(header[0])]
    if (connection := said.get(b"connection", b"")) not in PLAIN_CONNECTIONS:
        taken = nominated(connection)
        kept = [header for header in kept if header[0] not in taken]
    values = b"".join([value for _, value in kept])
    if len(values.translate(None, _CONTROL)) != len(values):
        raise UpstreamUnavailableError("A service sent a broken header", status=502)
    if status in (204, 304):
        # The server in front would wait for the body that a length promises.
        kept = [header for header in kept if header[0] != b"content-length"]
    if said.get(b"content-type", b"").startswith(b"text/event-stream"):
        kept.append((b"x-accel-buffering", b"no"))
    return kept


def lines(headers: Sequence[Header]) -> bytes:
    """Return ``headers`` as they go over the wire, each line with its end."""
    # White space around a value is not part of it, and not every reader takes it off.
    return b"".join([b"%b: %b\r\n" % (name, value.strip(OWS)) for name, value in headers])


@lru_cache(maxsize=512)
def status_line(status: int) -> bytes:
    """Return the first line of an answer."""
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    return f"HTTP/1.1 {status} {phrase}\r\n".encode("ascii")


def _is_identity(name: bytes) -> bool:
    if name.replace(b"_", b"-").startswith(IDENTITY_PREFIX):
        return True
    if len(_plain_names) < _MOST_NAMES:
        _plain_names.add(name)
    return False
