"""Header rewriting, both ways: what a service is told about a request, what a client of an answer.

Pure. Names are lower-case bytes, as ASGI gives them. What ends at this hop (RFC 9110, section 7.6.1) is
taken out, so is every identity from outside; who is asking is added by whoever calls this.
"""

import ipaddress
from collections.abc import Iterable, Sequence

from shared.errors import MalformedError, UpstreamUnavailableError

Header = tuple[bytes, bytes]
Headers = Sequence[Header]

OWS = b" \t"
_HOP_BY_HOP = frozenset(
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
_ENDS_HERE = _HOP_BY_HOP | {
    # Credentials: a service is told who it is, never with what they came.
    b"authorization",
    b"cookie",
    b"x-api-key",
    b"x-hf-authorization",
    b"x-ip-token",
    # Said anew, below.
    b"content-length",
    b"forwarded",
    b"host",
    b"x-forwarded-for",
    b"x-forwarded-host",
    b"x-forwarded-port",
    b"x-forwarded-proto",
    b"x-forwarded-server",
    b"x-real-ip",
    b"x-request-id",
}
_FROM_SERVICE = _HOP_BY_HOP | {b"date", b"server"}
_IDENTITY_PREFIX = b"x-carrel-"
_NEVER_NOMINATED = frozenset((b"content-length", b"content-type", b"content-encoding", b"cache-control"))
"""What a ``Connection`` header cannot take out: the message would be another one without it."""
_CONTROL = bytes(code for code in (*range(0x20), 0x7F) if code != ord("\t"))


def find(headers: Headers, name: bytes) -> bytes:
    """Return the first value of ``name``, without the white space around it, or nothing."""
    for key, value in headers:
        if key == name:
            return value.strip(OWS)
    return b""


def find_all(headers: Headers, name: bytes) -> list[bytes]:
    """Return every value of ``name``, without the white space around it."""
    return [value.strip(OWS) for key, value in headers if key == name]


def request_head(
    method: str,
    target: bytes,
    headers: Headers,
    *,
    authority: bytes,
    told: Iterable[Header],
    framing: bytes,
) -> bytes:
    """Return the head of the request for a service, ending in its empty line.

    ``target`` is forwarded as it came. ``told`` is what the gateway itself says: the client's hop and who
    is asking. ``framing`` says how the body is sent: a whole header line with its line end, or nothing
    where there is no body.
    """
    lines = [method.encode("ascii"), b" ", target, b" HTTP/1.1\r\nhost: ", authority, b"\r\n"]
    for name, value in (*forwarded(headers, drop=_ENDS_HERE), *told):
        lines += (name, b": ", value, b"\r\n")
    lines += (framing, b"\r\n")
    return b"".join(lines)


def hop_headers(*, client: str, proto: str, host: bytes, request_id: str) -> list[Header]:
    """Return what a service is told about the client's hop."""
    return [
        (b"x-forwarded-for", client.encode("ascii")),
        (b"x-forwarded-proto", proto.encode("ascii")),
        (b"x-forwarded-host", host),
        (b"x-request-id", request_id.encode("ascii")),
    ]


def forwarded(headers: Headers, *, drop: frozenset[bytes]) -> list[Header]:
    """Return the ``headers`` that go on: not those in ``drop``, nominated by Connection, or an identity."""
    nominated = _nominated(headers)
    return [
        (name, value.strip(OWS))
        for name, value in headers
        if name not in drop
        and name not in nominated
        and not name.replace(b"_", b"-").startswith(_IDENTITY_PREFIX)
    ]


def socket_headers(headers: Headers) -> list[Header]:
    """Return what of a WebSocket handshake goes on to the service; the handshake itself is made anew."""
    kept = forwarded(headers, drop=_ENDS_HERE)
    return [(name, value) for name, value in kept if not name.startswith(b"sec-websocket-")]


def response_headers(status: int, headers: Headers) -> list[Header]:
    """Return a service's ``headers`` as the client gets them.

    Raises
    ------
    UpstreamUnavailableError
        With status 502, when a value could not be sent on.
    """
    kept = forwarded([(name.lower(), value) for name, value in headers], drop=_FROM_SERVICE)
    for name, value in kept:
        if value.translate(None, _CONTROL) != value:
            raise UpstreamUnavailableError(f"A service sent a broken {name.decode('latin-1')}", status=502)
    if status in (204, 304):
        # The server in front would wait for the body that a length promises.
        kept = [header for header in kept if header[0] != b"content-length"]
    if any(name == b"content-type" and value.startswith(b"text/event-stream") for name, value in kept):
        kept.append((b"x-accel-buffering", b"no"))
    return kept


def client_address(headers: Headers, *, peer: str, hops: int) -> str:
    """Return the client's address: ``peer``, or what the ``hops``-th proxy from the right was told.

    The left end of X-Forwarded-For is whatever the caller wrote there; it is never looked at. A list
    that is too short did not come through our proxies.
    """
    if hops == 0:
        return peer
    entries = b",".join(find_all(headers, b"x-forwarded-for")).split(b",")
    if len(entries) < hops:
        return peer
    try:
        return str(ipaddress.ip_address(entries[-hops].strip(OWS).decode("ascii")))
    except ValueError:
        return peer


def client_proto(headers: Headers, *, scheme: str, hops: int) -> str:
    """Return the scheme the client used: what our own proxies say, else the socket's."""
    said = find(headers, b"x-forwarded-proto").lower()
    if hops and said in (b"http", b"https"):
        return said.decode("ascii")
    return {"ws": "http", "wss": "https"}.get(scheme, scheme)


def body_framing(headers: Headers) -> bytes:
    """Return the header line that frames the body as the client did, or nothing when there is none.

    The server in front has refused what is ambiguous by now; this refuses it too, should it change.
    """
    lengths, codings = find_all(headers, b"content-length"), find_all(headers, b"transfer-encoding")
    if len(lengths) + len(codings) > 1:
        raise MalformedError("The body's length is said more than once")
    if (codings or lengths not in ([], [b"0"])) and find_all(headers, b"upgrade"):
        # The parser in front takes what follows such a head for another protocol, and the body is lost.
        raise MalformedError("A request with a body asks for an upgrade: send it without")
    if codings:
        return b"transfer-encoding: chunked\r\n"
    return b"content-length: %s\r\n" % lengths[0] if lengths else b""


def _nominated(headers: Headers) -> frozenset[bytes]:
    named = frozenset(
        token.strip(OWS).lower()
        for name, value in headers
        if name == b"connection"
        for token in value.split(b",")
    )
    return named - _NEVER_NOMINATED
