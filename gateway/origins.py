"""Which pages may call: the Origin rule, and what browsers are told about it (CORS).

Pure. A request without Origin does not come from a page and passes. A page may call when it is our own
(same host as the request, the public base URL, the platform's host name) or in ALLOWED_ORIGINS.
"""

from collections.abc import Iterable

from gateway.headers import Header

ALLOWED_HEADERS = b"authorization, content-type, idempotency-key, last-event-id, x-api-key, x-request-id"
EXPOSED_HEADERS = b"X-Request-ID, Content-Disposition, Retry-After, RateLimit, RateLimit-Policy"
EVERY_PAGE: Header = (b"access-control-allow-origin", b"*")
_MAX_AGE = b"600"
_PORT = {"http": ":80", "https": ":443"}


class OriginRule:
    """The origins that may call, exactly; ``*`` among ``allowed`` lets every page in."""

    def __init__(self, allowed: Iterable[str]) -> None:
        self._allowed = frozenset(allowed)
        self.any = "*" in self._allowed

    def allows(self, origin: str, *, host: str) -> bool:
        """Return whether a page of ``origin`` may call us under the name ``host``."""
        if not origin or self.any or origin in self._allowed:
            return True
        scheme, mark, authority = origin.partition("://")
        # The scheme is not compared: TLS may end in front of us, unseen.
        return bool(mark) and _with_port(authority, scheme) == _with_port(host.lower(), scheme)

    def cors_headers(self, origin: str, *, host: str, every: bool = False) -> list[Header]:
        """Return what lets a page of ``origin`` read an answer; nothing for a page that may not.

        ``every`` page may read what is the same for all.
        """
        if not origin:
            return []
        vary = (b"vary", b"Origin")
        if not every and not self.allows(origin, host=host):
            return [vary]
        said = b"*" if self.any or every else origin.encode("latin-1")
        return [
            vary,
            (b"access-control-allow-origin", said),
            (b"access-control-expose-headers", EXPOSED_HEADERS),
        ]


def preflight_headers(methods: str) -> list[Header]:
    """Return what a page's preflight is told beside :meth:`OriginRule.cors_headers`."""
    return [
        (b"allow", methods.encode("ascii")),
        (b"access-control-allow-methods", methods.encode("ascii")),
        (b"access-control-allow-headers", ALLOWED_HEADERS),
        (b"access-control-max-age", _MAX_AGE),
    ]


def _with_port(authority: str, scheme: str) -> str:
    bare = authority.rpartition("]")[2]
    return authority if ":" in bare else authority + _PORT.get(scheme, "")
