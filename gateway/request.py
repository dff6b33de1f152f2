"""A request's head, read once: its form is checked, and what every later decision needs is at hand.

Pure. The parser in front (llhttp) refuses conflicting lengths, bare line ends and folded headers; what it
lets pass and two readers could understand differently is refused here. What ends at this hop (RFC 9110,
section 7.6.1), every credential and every identity from outside is left out of what goes on.
"""

import re

from gateway.headers import (
    HOP_BY_HOP,
    IDENTITY_PREFIX,
    OWS,
    PLAIN_CONNECTIONS,
    Header,
    Headers,
    bearer,
    lines,
    nominated,
)
from shared.errors import MalformedError, TooLargeError, UriTooLongError

MAX_HEADERS = 100
MAX_HEADER_BYTES = 32 * 1024
MAX_HANDSHAKE_LINE = 8_000
"""The websockets library takes lines of 8,192 bytes."""
_TOKEN = re.compile(rb"[!#$%&'*+\-.^`|~0-9a-z]+")
_HOST = re.compile(rb"(?:[a-z0-9._~%!$&'()*+,;=-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?", re.IGNORECASE)
_MAX_HOST_BYTES = 300
_AUTHORITY = re.compile(rb"[^/?#]*")
_ONCE = frozenset(
    (
        b"authorization",
        b"content-length",
        b"content-type",
        b"host",
        b"origin",
        b"transfer-encoding",
        b"x-api-key",
    )
)
_FIRST_COUNTS = frozenset((b"x-forwarded-proto", b"x-request-id"))
_ENDS_HERE = HOP_BY_HOP | {
    # Credentials: a service is told who it is, never with what they came.
    b"authorization",
    b"cookie",
    b"x-api-key",
    b"x-hf-authorization",
    b"x-ip-token",
    # Said anew.
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
_MOST_NAMES = 1024
_good_names: set[bytes] = set(_ENDS_HERE | _ONCE)
"""Names that were looked at before and may go on, as far as their form goes; a cache."""


class RequestHead:
    """What a request says of itself, after its form was found to have one reading."""

    __slots__ = (
        "api_key",
        "chunked",
        "credential",
        "forwarded_for",
        "forwarded_proto",
        "framing",
        "host",
        "length",
        "lines",
        "method",
        "origin",
        "path",
        "query",
        "request_id",
        "target",
        "version",
    )

    def __init__(
        self, method: str, path: bytes, query: bytes, *, version: str, headers: Headers, max_url_bytes: int
    ) -> None:
        """Read a head; ``path`` and ``query`` are the target's bytes, names of ``headers`` in lower case.

        Raises
        ------
        MalformedError
            400, or 431 when the headers are too many or too large.
        UriTooLongError
            If the URL has more than ``max_url_bytes``.
        """
        self._line(method, path, query, max_url_bytes)
        self.version = version
        if version not in ("1.1", "1.0"):
            raise MalformedError("The HTTP version is neither 1.0 nor 1.1")
        said = _by_name(headers)
        self.lines = _going_on(headers, said)
        """The header lines that go on, in order."""
        self.host = _host(said.get(b"host"), version)
        self.chunked, self.length = _framing(
            said.get(b"transfer-encoding"), said.get(b"content-length"), version
        )
        self.framing = _framed(self.length, chunked=self.chunked)
        """The header line that frames the body as the client did; nothing when there is none."""
        if (self.chunked or self.length) and b"upgrade" in said:
            # The parser in front takes what follows for another protocol, and the body is lost.
            raise MalformedError("A request with a body asks for an upgrade: send it without")
        self.credential = bearer(said.get(b"authorization", b"").strip(OWS))
        """The bearer's, of Authorization."""
        self.api_key = said.get(b"x-api-key", b"").strip(OWS)
        self.origin = said.get(b"origin", b"").strip(OWS)
        self.forwarded_for = said.get(b"x-forwarded-for", b"")
        self.forwarded_proto = said.get(b"x-forwarded-proto", b"").strip(OWS)
        self.request_id = said.get(b"x-request-id", b"").strip(OWS)

    def again(self, method: str, path: bytes, query: bytes, *, max_url_bytes: int) -> "RequestHead":
        """Return the head of another request that has the same headers.

        Raises
        ------
        MalformedError, UriTooLongError
            Of its line.
        """
        other = RequestHead.__new__(RequestHead)
        other._line(method, path, query, max_url_bytes)
        other.version, other.lines, other.host = self.version, self.lines, self.host
        other.chunked, other.length, other.framing = self.chunked, self.length, self.framing
        other.credential, other.api_key, other.origin = self.credential, self.api_key, self.origin
        other.forwarded_for, other.forwarded_proto = self.forwarded_for, self.forwarded_proto
        other.request_id = self.request_id
        return other

    def _line(self, method: str, path: bytes, query: bytes, max_url_bytes: int) -> None:
        if len(path) + len(query) > max_url_bytes:
            raise UriTooLongError(f"The URL is longer than {max_url_bytes} bytes")
        self.method, self.path, self.query = method, path, query
        self.target = b"%b?%b" % (path, query) if query else path
        """Path and query as they came."""
        if b"#" in self.target:
            raise MalformedError("A request's target has no fragment")

    def check_length(self, max_bytes: int) -> None:
        """Refuse a body that says itself that it has more than ``max_bytes``."""
        if self.length is not None and self.length > max_bytes:
            raise too_large(max_bytes)


class Heads:
    """Reads the heads of one connection. Clients mostly say the same headers again: they are read once."""

    __slots__ = ("_headers", "_last", "_max_url_bytes")

    def __init__(self, *, max_url_bytes: int) -> None:
        self._max_url_bytes = max_url_bytes
        self._headers: Headers = ()
        self._last: RequestHead | None = None

    def read(
        self, method: str, path: bytes, query: bytes, *, version: str, headers: list[Header]
    ) -> RequestHead:
        """Return a request's head, as :class:`RequestHead` reads it."""
        last = self._last
        if last is not None and headers == self._headers and version == last.version:
            return last.again(method, path, query, max_url_bytes=self._max_url_bytes)
        head = RequestHead(
            method, path, query, version=version, headers=headers, max_url_bytes=self._max_url_bytes
        )
        self._headers, self._last = headers, head
        return head


def check_handshake(head: RequestHead, headers: Headers) -> None:
    """Refuse a WebSocket's handshake that is none, or has lines its reader does not take.

    Raises
    ------
    MalformedError
        400, or 431 for a line that is too long.
    """
    if head.method != "GET" or head.version != "1.1" or head.framing:
        raise MalformedError("A WebSocket is asked for with GET of HTTP/1.1, without a body")
    if max(len(name) + len(value) for name, value in headers) > MAX_HANDSHAKE_LINE:
        raise MalformedError("A header of the handshake is too large", status=431)


def origin_form(url: bytes, headers: list[Header]) -> tuple[bytes, bytes]:
    """Return path and query of an absolute ``url``; its host takes Host's place (RFC 9112, section 3.2.2).

    Anything else is returned as it is: no route has it.
    """
    scheme, mark, rest = url.partition(b"://")
    authority = _AUTHORITY.match(rest)
    if scheme.lower() not in (b"http", b"https") or not mark or authority is None:
        return url, b""
    headers[:] = [(name, authority[0] if name == b"host" else value) for name, value in headers]
    path, _, query = rest[authority.end() :].partition(b"?")
    return path or url, query


def too_large(max_bytes: int) -> TooLargeError:
    """Return the error for a body of more than ``max_bytes``."""
    return TooLargeError(f"The body is larger than {max_bytes} bytes")


def _by_name(headers: Headers) -> dict[bytes, bytes]:
    """Return the value of each name; of several that make a list, all of them (RFC 9110, section 5.3)."""
    said = dict(headers)
    size = sum(map(len, said)) + sum(map(len, said.values())) + 4 * len(said)
    if len(said) != len(headers):
        said.clear()
        for name, value in headers:
            if name in said and name in _ONCE:
                raise MalformedError(f"The header {name.decode()} is there more than once")
            if name not in said or name not in _FIRST_COUNTS:
                said[name] = b"%b, %b" % (said[name], value) if name in said else value
        size = sum(len(name) + len(value) + 4 for name, value in headers)
    if size > MAX_HEADER_BYTES or len(headers) > MAX_HEADERS:
        raise MalformedError("There are too many headers, or they are too large", status=431)
    return said


def _going_on(headers: Headers, said: dict[bytes, bytes]) -> bytes:
    kept = [header for header in headers if header[0] not in _ENDS_HERE]
    if not _good_names.issuperset(said):
        kept = [header for header in kept if _goes_on(header[0])]
    if (connection := said.get(b"connection", b"")) not in PLAIN_CONNECTIONS:
        taken = nominated(connection)
        kept = [header for header in kept if header[0] not in taken]
    text = lines(kept)
    if text.count(b"\n") != len(kept) or text.count(b"\r") != len(kept) or b"\0" in text:
        raise MalformedError("A header's value has a control character")
    return text


def _goes_on(name: bytes) -> bool:
    if not _TOKEN.fullmatch(name):
        # An underscore, too: some readers take it for a hyphen (Transfer_Encoding).
        raise MalformedError("A header's name has a character that no header of ours has")
    if name.startswith(IDENTITY_PREFIX):
        return False
    if len(_good_names) < _MOST_NAMES:
        _good_names.add(name)
    return True


def _host(value: bytes | None, version: str) -> bytes:
    if value is None and version == "1.0":
        return b""
    value = (value or b"").strip(OWS)
    found = _HOST.fullmatch(value) if len(value) <= _MAX_HOST_BYTES else None
    if found is None or int(found[1] or 0) > 0xFFFF:
        raise MalformedError("The Host header is missing or not a host")
    return value


def _framed(length: int | None, *, chunked: bool) -> bytes:
    if chunked:
        return b"transfer-encoding: chunked\r\n"
    return b"" if length is None else b"content-length: %d\r\n" % length


def _framing(coding: bytes | None, length: bytes | None, version: str) -> tuple[bool, int | None]:
    if coding is not None:
        if coding.strip(OWS).lower() != b"chunked" or version == "1.0":
            raise MalformedError("The Transfer-Encoding is not chunked, or the version has none")
        if length is not None:
            raise MalformedError("There are a Transfer-Encoding and a Content-Length")
        return True, None
    if length is None:
        return False, None
    length = length.strip(OWS)
    if not length.isdigit() or len(length) > 18:
        raise MalformedError("The Content-Length is not a number, or too large for one")
    return False, int(length)
