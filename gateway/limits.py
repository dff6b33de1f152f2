"""What is refused before anything is decided: a request's form and its sizes.

Pure. The parser in front (llhttp) refuses conflicting lengths, bare line ends and folded headers; it
lets pass what is listed here. Malformed input is always a 4xx.
"""

import re
from collections import Counter
from collections.abc import Hashable

from gateway.headers import Headers, find_all
from shared.errors import MalformedError, RateLimitedError, TooLargeError, UriTooLongError

MAX_HEADERS = 100
MAX_HEADER_BYTES = 32 * 1024
_TOKEN = re.compile(rb"[!#$%&'*+\-.^`|~0-9a-z]+")
_HOST = re.compile(rb"(?:[a-z0-9._~%!$&'()*+,;=-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?", re.IGNORECASE)
_ONCE = frozenset((b"authorization", b"content-length", b"content-type", b"host", b"origin", b"x-api-key"))


def check_form(http_version: str, headers: Headers) -> None:
    """Refuse a request head that two readers could understand differently.

    Raises
    ------
    MalformedError
        400, or 431 when the headers are too many or too large.
    """
    if http_version not in ("1.0", "1.1"):
        raise MalformedError("The HTTP version is neither 1.0 nor 1.1")
    _check_header_sizes(headers)
    seen: set[bytes] = set()
    for name, value in headers:
        if name in _ONCE and name in seen:
            raise MalformedError(f"The header {name.decode()} is there more than once")
        seen.add(name)
        if not _TOKEN.fullmatch(name):
            # An underscore, too: some readers take it for a hyphen (Transfer_Encoding).
            raise MalformedError("A header's name has a character that no header of ours has")
        if b"\0" in value or b"\r" in value or b"\n" in value:
            raise MalformedError("A header's value has a control character")
    _check_host(headers, http_version)
    _check_coding(headers, http_version)


def _check_header_sizes(headers: Headers) -> None:
    if len(headers) > MAX_HEADERS or sum(len(n) + len(v) + 4 for n, v in headers) > MAX_HEADER_BYTES:
        raise MalformedError("There are too many headers, or they are too large", status=431)


def _check_host(headers: Headers, http_version: str) -> None:
    hosts = find_all(headers, b"host")
    if not hosts and http_version == "1.0":
        return
    if not hosts or not _HOST.fullmatch(hosts[0]):
        raise MalformedError("The Host header is missing or not a host")


def _check_coding(headers: Headers, http_version: str) -> None:
    codings = find_all(headers, b"transfer-encoding")
    if codings and (http_version == "1.0" or [c.lower() for c in codings] != [b"chunked"]):
        raise MalformedError("The Transfer-Encoding is not chunked, or the version has none")
    if codings and find_all(headers, b"content-length"):
        raise MalformedError("There are a Transfer-Encoding and a Content-Length")


def check_url(raw_path: bytes, query: bytes, *, max_bytes: int) -> None:
    """Refuse a URL of more than ``max_bytes``."""
    if len(raw_path) + len(query) > max_bytes:
        raise UriTooLongError(f"The URL is longer than {max_bytes} bytes")


def check_length(headers: Headers, *, max_bytes: int) -> None:
    """Refuse a body that says itself that it has more than ``max_bytes``."""
    for value in find_all(headers, b"content-length"):
        if not value.isdigit():
            raise MalformedError("The Content-Length is not a number")
        if len(value) > 18 or int(value) > max_bytes:
            raise too_large(max_bytes)


def too_large(max_bytes: int) -> TooLargeError:
    """Return the error for a body of more than ``max_bytes``."""
    return TooLargeError(f"The body is larger than {max_bytes} bytes")


class Places:
    """So many places in all, and so many for one visitor; without ``on`` there is always one."""

    def __init__(self, *, total: int, each: int, on: bool) -> None:
        self._total, self._each, self._on = total, each, on
        self._taken: Counter[Hashable] = Counter()
        self._all = 0

    def take(self, who: Hashable) -> None:
        """Take a place for ``who``, or raise :class:`RateLimitedError`."""
        if self._on and (self._all >= self._total or self._taken[who] >= self._each):
            raise RateLimitedError("There are too many open connections", retry_after_ms=5_000)
        self._taken[who] += 1
        self._all += 1

    def leave(self, who: Hashable) -> None:
        """Give a place of ``who`` back."""
        self._all -= 1
        self._taken[who] -= 1
        if not self._taken[who]:
            del self._taken[who]
