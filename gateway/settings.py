"""What the gateway is told by its environment, read once.

The admin key is kept as its sha256 only: after this module nobody can log it.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, PlainValidator, SecretStr
from pydantic_settings import NoDecode

from gateway.limits.rates import Rate
from shared.contracts.chat_ws import MAX_FRAME_BYTES
from shared.settings import HttpUrl, Port, RedisUrl, ServiceSettings, http_url

MIN_KEY_CHARS = 16
_DEFAULT_PORTS = {"http": "80", "https": "443"}


def _keys(value: Any) -> Any:
    parts = _split(value)
    if not parts or not isinstance(parts, list) or any(len(part) < MIN_KEY_CHARS for part in parts):
        raise ValueError(f"must be at least {MIN_KEY_CHARS} characters long; several are separated by commas")
    return parts


def _digests(value: Any) -> tuple[bytes, ...]:
    return tuple(hashlib.sha256(key.encode()).digest() for key in _keys(value))


def _split(value: Any) -> Any:
    return (
        [part for part in (p.strip() for p in value.split(",")) if part] if isinstance(value, str) else value
    )


def normal_origin(value: str) -> str:
    """Return ``value`` as browsers send an origin: lower case, no default port, no path.

    Raises
    ------
    ValueError
        If it is not ``http(s)://host[:port]``.
    """
    scheme, mark, authority = value.lower().partition("://")
    host, _, port = authority.rpartition(":")
    if not host or "]" in port:
        host, port = authority, ""
    if scheme not in _DEFAULT_PORTS or not mark or not host or set("/?#@ *") & set(authority):
        raise ValueError("must be origins such as https://docs.example.com, without a path, or * alone")
    if port and not (port.isascii() and port.isdecimal()):
        raise ValueError("has an origin whose port is not a number")
    return f"{scheme}://{host}" if port in ("", _DEFAULT_PORTS[scheme]) else f"{scheme}://{host}:{port}"


def _origins(value: tuple[str, ...]) -> tuple[str, ...]:
    if "*" in value:
        if len(value) > 1:
            raise ValueError("takes * only alone: it allows every origin")
        return value
    return tuple(normal_origin(origin) for origin in value)


def _several(value: tuple[str, ...]) -> tuple[str, ...]:
    found = tuple(http_url(url) for url in value)
    if not found or len(set(found)) < len(found):
        raise ValueError("takes one address, or several that differ, separated by commas")
    return found


def _public(value: str) -> str:
    normal_origin(origin_of(value))
    return value


def _space(value: str) -> str:
    return normal_origin(f"https://{value}").removeprefix("https://")


def origin_of(url: str) -> str:
    """Return the part of ``url`` before its path."""
    return "/".join(url.split("/", 3)[:3])


def _rate(value: Any) -> Rate:
    return value if isinstance(value, Rate) else Rate.parse(str(value))


AdminKeyDigests = Annotated[tuple[bytes, ...], NoDecode, BeforeValidator(_digests)]
Secrets = Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_keys)]
Origins = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split), AfterValidator(_origins)]
HttpUrls = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split), AfterValidator(_several)]
"""One address, or several separated by commas."""
RateSetting = Annotated[Rate, NoDecode, PlainValidator(_rate), PlainSerializer(str)]


class GatewaySettings(ServiceSettings):
    """The gateway's settings; each is an environment variable of the same name in capitals."""

    host: str = "0.0.0.0"  # noqa: S104 - the one public port of the container
    port: Port = 7860
    retriever_url: HttpUrl = "http://127.0.0.1:8001"
    chat_url: HttpUrls = ("http://127.0.0.1:8002",)
    """Where the chat service is; several addresses are replicas of one."""

    session_secret: Secrets
    """The first signs visitor tokens; those behind it still verify."""
    admin_api_key: AdminKeyDigests = Field(repr=False)
    """The sha256 of each key that is the owner's."""
    session_lifetime_s: int = Field(default=86_400, ge=60, le=366 * 86_400)

    allowed_origins: Origins = ()
    """Origins of pages, other than our own, that may call; ``*`` allows every one."""
    public_base_url: Annotated[HttpUrl, AfterValidator(_public)] | None = None
    """The address the public uses."""
    space_host: Annotated[str, AfterValidator(_space)] | None = None
    """Set by the platform: the host name the public sees."""
    trusted_proxy_hops: int = Field(default=0, ge=0, le=10)
    """How many proxies in front add to X-Forwarded-For; 0 trusts none of it."""

    limits: Literal["on", "off"] = "on"
    """``off`` lifts the rate and connection limits, for load tests."""
    redis_url: RedisUrl | None = None
    """Where all replicas count together; without it each counts alone."""
    rate_session_address: RateSetting = Rate.parse("300/min")
    rate_socket_visitor: RateSetting = Rate.parse("300/min")
    rate_socket_address: RateSetting = Rate.parse("3000/min")
    rate_ask_visitor: RateSetting = Rate.parse("60/min")
    rate_ask_address: RateSetting = Rate.parse("1200/min")
    rate_search_visitor: RateSetting = Rate.parse("300/min")
    rate_search_address: RateSetting = Rate.parse("3000/min")
    rate_read_visitor: RateSetting = Rate.parse("1200/min")
    rate_read_address: RateSetting = Rate.parse("12000/min")
    rate_owner_address: RateSetting = Rate.parse("6000/min")
    rate_public_address: RateSetting = Rate.parse("6000/min")
    rate_refused_address: RateSetting = Rate.parse("120/min")
    """Requests whose credentials were refused."""
    max_body_bytes: int = Field(default=12 * 1024 * 1024, ge=1024)
    max_archive_bytes: int = Field(default=100 * 1024 * 1024, ge=1024, le=1024 * 1024 * 1024)
    """Of an archive that is uploaded for a data source; the retriever has the same limit."""
    max_url_bytes: int = Field(default=8 * 1024, ge=256)
    max_frame_bytes: int = Field(default=MAX_FRAME_BYTES, ge=1024, le=MAX_FRAME_BYTES)
    """The largest message of a client; the chat service has the same limit."""
    max_connections: int = Field(default=8_000, ge=1)
    """Of clients, of every kind; each takes a file handle, one that is being served mostly two."""
    max_requests_per_visitor: int = Field(default=100, ge=1)
    """Answered at the same time."""
    max_sockets: int = Field(default=2_000, ge=1)
    max_sockets_per_visitor: int = Field(default=20, ge=1)
    socket_idle_timeout_s: float = Field(default=90.0, gt=0)
    """A WebSocket on which nothing is said; the chat service says something every 20 s."""

    head_timeout_s: float = Field(default=10.0, gt=0)
    """Until a request's head is whole; on a new connection from its beginning."""
    body_timeout_s: float = Field(default=15.0, gt=0)
    """Within which at least 8 KB of a body must come."""
    send_timeout_s: float = Field(default=15.0, gt=0)
    """Within which a client that is slower than its answer must take at least 32 KB."""
    idle_timeout_s: float = Field(default=75.0, gt=0)
    """Between two requests."""
    request_timeout_s: float = Field(default=3600.0, gt=0)
    """From a request's head to its answer's end, streams included."""

    upstream_connect_timeout_s: float = Field(default=2.0, gt=0)
    upstream_first_byte_timeout_s: float = Field(default=300.0, gt=0)
    upstream_idle_timeout_s: float = Field(default=120.0, gt=0)
    upstream_keep_alive_s: float = Field(default=4.0, gt=0)
    """How long an idle connection is kept; below the services' own 5 s, so that they never close first."""
    upstream_max_connections: int = Field(default=512, ge=1)
    health_timeout_s: float = Field(default=1.5, gt=0)

    commit: str = "unknown"
    """The source revision this was built from."""
    web_dir: Path = Path(__file__).resolve().parent.parent / "web"
    """Where the chat page's files are."""

    @property
    def page_origins(self) -> tuple[str, ...]:
        """The origins of our own pages, as the public knows us, and those that are let in."""
        ours = (self.public_base_url or "", f"https://{self.space_host}" if self.space_host else "")
        return (*self.allowed_origins, *(normal_origin(origin_of(url)) for url in ours if url))

    @property
    def rates(self) -> Mapping[str, Rate]:
        """Every rate by its policy's name, such as ``ask-visitor``."""
        names = (name for name in type(self).model_fields if name.startswith("rate_"))
        return {name.removeprefix("rate_").replace("_", "-"): getattr(self, name) for name in names}
