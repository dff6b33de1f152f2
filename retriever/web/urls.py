"""The address of a page: what is taken as one, its one spelling, and where a redirect may lead.

Pure. What two readers could understand differently is refused instead of being cleaned.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv6Address
from urllib.parse import quote, urljoin, urlsplit

import idna

MAX_URL_CHARS = 2000
_PORTS = {"http": 80, "https": 443}
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_QUAD = re.compile(r"(0|[1-9][0-9]{0,2})(\.(0|[1-9][0-9]{0,2})){3}")
_DOT_SEGMENT = re.compile(r"(?:^|/)(?:\.|%2e){1,2}(?:/|$)", re.IGNORECASE)
_KEPT = "!$&'()*+,;=:@/?-._~%"


class UrlError(ValueError):
    """An address that is not fetched; ``str()`` says why."""


@dataclass(frozen=True)
class Url:
    """A web address in its one spelling."""

    scheme: str
    host: str
    """A name in ASCII, or an address; an IPv6 address without brackets."""
    port: int
    target: str
    """Path and query, percent-encoded."""

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}"

    @property
    def path(self) -> str:
        """The path without the query."""
        return self.target.partition("?")[0]

    def __str__(self) -> str:
        return self.origin + self.target


def parse(text: str) -> Url:
    """Return the address that ``text`` is, without its fragment.

    Raises
    ------
    UrlError
        If it is none of http or https, holds user information, a zone, or a host that some read as a number.
    """
    text = text.strip(" \t\r\n")
    if not text or len(text) > MAX_URL_CHARS:
        raise UrlError(f"an address has 1 to {MAX_URL_CHARS} characters")
    if "\\" in text or not text.isprintable() or " " in text:
        raise UrlError("an address holds no space, backslash or control character")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise UrlError("the host or the port cannot be read") from None
    if parts.scheme not in _PORTS:
        raise UrlError("an address begins with http:// or https://")
    if "@" in parts.netloc:
        raise UrlError("an address holds no user name or password")
    port = _PORTS[parts.scheme] if port is None else port
    if not (port in _PORTS.values() or 1024 <= port <= 65535):
        raise UrlError("the port is 80, 443 or one from 1024 up")
    host = _host(host)
    path = quote(parts.path, safe=_KEPT) or "/"
    if _DOT_SEGMENT.search(path):
        path = _without_dots(path)
        if _DOT_SEGMENT.search(path):
            raise UrlError("the path holds . or .. as a segment")
    query = f"?{quote(parts.query, safe=_KEPT)}" if parts.query else ""
    found = Url(parts.scheme, host, port, path + query)
    if len(str(found)) > MAX_URL_CHARS:
        # Written out it is longer, and could not be read back.
        raise UrlError(f"an address has 1 to {MAX_URL_CHARS} characters")
    return found


def join(base: Url, address: str) -> Url:
    """Return what ``address`` is for who reads it at ``base``.

    Raises
    ------
    UrlError
        If that is no address to fetch.
    """
    try:
        return parse(urljoin(str(base), address.strip()))
    except ValueError as error:
        raise UrlError(str(error)) from None


def follow(base: Url, location: str) -> Url:
    """Return where ``location``, said by the page at ``base``, leads.

    Raises
    ------
    UrlError
        If that is no address to fetch, or one without the encryption of ``base``.
    """
    found = join(base, location)
    if base.scheme == "https" and found.scheme == "http":
        raise UrlError("it leads from https to http")
    return found


def _without_dots(path: str) -> str:
    """Return ``path`` with its segments ``.`` and ``..`` carried out (RFC 3986, section 5.2.4).

    Not by ``urljoin``: to it a path that begins with two slashes names a host.
    """
    kept: list[str] = []
    *folders, last = path.split("/")[1:]
    for segment in folders:
        if segment == "..":
            kept = kept[:-1]
        elif segment != ".":
            kept.append(segment)
    if last == "..":
        kept = kept[:-1]
    return "/".join(["", *kept, "" if last in (".", "..") else last])


def _host(host: str) -> str:
    if ":" in host:
        if "%" in host:
            raise UrlError("an address with a zone is not fetched")
        try:
            return str(IPv6Address(host))
        except ValueError:
            raise UrlError("the host is no IPv6 address") from None
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True).decode()
        except (idna.IDNAError, UnicodeError):
            raise UrlError("the host is no name") from None
    labels = host.removesuffix(".").split(".")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise UrlError("the host is no name")
    # 2130706433, 0x7f.1 and 0177.0.0.1 are 127.0.0.1 to the resolver (WHATWG URL, "ends in a number").
    if _NUMBER.fullmatch(labels[-1]) and not _is_quad(host):
        raise UrlError("a host in numbers is written as four, such as 192.0.2.1")
    return host.removesuffix(".")


def _is_quad(host: str) -> bool:
    return _QUAD.fullmatch(host) is not None and all(int(part) < 256 for part in host.split("."))
