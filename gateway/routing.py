"""The route table: which path belongs to whom, and who may call it.

Pure. The decision is made on the path decoded once; the bytes that came are the bytes that are forwarded,
so a path that two readers could understand differently (encoded slashes, dot segments, empty segments,
backslashes, path parameters) is refused instead of being cleaned.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import unquote, unquote_to_bytes

from shared.auth import Principal, Role
from shared.errors import ForbiddenError, MalformedError, MethodNotAllowedError, NotFoundError


class Target(StrEnum):
    """Who answers."""

    OWN = "gateway"
    RETRIEVER = "retriever"
    CHAT = "chat_ws"

    # Of the value, and in C: members are keys of tables that every request is looked up in.
    __hash__ = str.__hash__


class RouteClass(StrEnum):
    """What a request costs us, and so which rate it is held to."""

    SESSION = "session"
    SOCKET = "socket"
    ASK = "ask"
    SEARCH = "search"
    READ = "read"
    OWNER = "owner"
    PUBLIC = "public"

    __hash__ = str.__hash__


@dataclass(frozen=True)
class Route:
    """One row: a path, or a path and all below it, and what may be done there."""

    path: str
    target: Target
    role: Role
    methods: tuple[str, ...]
    kind: RouteClass | None
    """The class of a request; ``None`` is never limited."""
    posted: RouteClass | None = None
    """The class of a POST, where that is another one."""
    below: bool = False
    """Whether paths below ``path`` belong to it too."""
    socket: bool = False
    """Whether it is a WebSocket: everything else gets 426."""

    @property
    def is_api(self) -> bool:
        """Whether browsers' cross-origin rules apply: pages and health are for everybody."""
        return self.path.startswith("/v1/")

    def class_of(self, method: str) -> RouteClass | None:
        """Return the class of a request with ``method``."""
        return self.posted if method == "POST" and self.posted is not None else self.kind


class WrongMethodError(MethodNotAllowedError):
    """The path is known, the method is not; ``allow`` is for the ``Allow`` header."""

    def __init__(self, allow: str) -> None:
        super().__init__(f"This route takes {allow}")
        self.allow = allow


PAGES: Mapping[str, str] = {"/": "index.html", "/admin": "admin.html"}
"""The pages, and the files behind them."""
SCRIPTS: Mapping[str, str] = {"/widget.js": "widget.js", "/client.js": "client.js"}
"""What other sites' pages load under a name that stays."""
ASSETS = "/assets"
"""Below it, all that pages and scripts load; each name tells the content."""


def _own(path: str, *methods: str, kind: RouteClass | None = RouteClass.PUBLIC, below: bool = False) -> Route:
    return Route(path, Target.OWN, Role.PUBLIC, methods or ("GET",), kind, below=below)


def _probe(path: str) -> Route:
    # A platform's probes come from one address, and a 429 would be taken for a death.
    return _own(path, kind=None)


def _visitor(path: str, target: Target, *methods: str, asks: bool = False, below: bool = False) -> Route:
    posted = RouteClass.ASK if asks else None
    return Route(path, target, Role.VISITOR, methods, RouteClass.READ, posted, below)


def _owner(path: str, target: Target, *methods: str) -> Route:
    return Route(path, target, Role.OWNER, methods, RouteClass.OWNER, below=True)


ROUTES: tuple[Route, ...] = (
    *(_own(path) for path in (*PAGES, *SCRIPTS)),
    _own(ASSETS, below=True),
    _probe("/health"),
    _probe("/health/live"),
    _probe("/health/ready"),
    *(_probe(f"/health/{target}") for target in Target),
    _own("/version"),
    _own("/openapi.json"),
    Route("/metrics", Target.OWN, Role.OWNER, ("GET",), RouteClass.OWNER),
    _own("/v1/sessions", "POST", kind=RouteClass.SESSION),
    Route("/v1/chat", Target.CHAT, Role.VISITOR, ("GET",), RouteClass.SOCKET, socket=True),
    _visitor("/v1/messages", Target.CHAT, "POST", "PUT", asks=True, below=True),
    _visitor("/v1/runs", Target.CHAT, "GET", "POST", below=True),
    _visitor("/v1/conversations", Target.CHAT, "GET", "POST", "PATCH", "DELETE", asks=True, below=True),
    _visitor("/v1/me", Target.CHAT, "GET", "DELETE", below=True),
    Route("/v1/search", Target.RETRIEVER, Role.VISITOR, ("POST",), RouteClass.SEARCH),
    _visitor("/v1/answer", Target.RETRIEVER, "POST", asks=True),
    _visitor("/v1/chat/completions", Target.RETRIEVER, "POST", asks=True),
    _visitor("/v1/models", Target.RETRIEVER, "GET", below=True),
    _owner("/v1/documents", Target.RETRIEVER, "GET", "POST", "PUT", "DELETE"),
    _owner("/v1/index", Target.RETRIEVER, "GET", "POST"),
    _owner("/v1/data-sources", Target.RETRIEVER, "GET", "POST", "PUT", "DELETE"),
    _owner("/v1/ingestion-jobs", Target.RETRIEVER, "GET", "POST", "DELETE"),
    _owner("/v1/usage", Target.RETRIEVER, "GET"),
    _owner("/v1/insights", Target.CHAT, "GET"),
)
"""The public API, whole: what is not here does not exist."""

_EXACT = {route.path: route for route in ROUTES}
_EXACT_BYTES = {route.path.encode("ascii"): route for route in ROUTES}
_BELOW = {route.path: route for route in ROUTES if route.below}
_FOR_EVERY_PAGE = tuple(path.encode("ascii") for path in (*SCRIPTS, f"{ASSETS}/"))
_UNSAFE = frozenset("/\\\x7f") | {chr(code) for code in range(0x20)}
_HEX = frozenset(b"0123456789abcdefABCDEF")


def find(raw_path: bytes) -> Route:
    """Return the route of ``raw_path``, the path's bytes as they came, without the query.

    Raises
    ------
    MalformedError
        If the path could be read in two ways.
    NotFoundError
        If no route has it.
    """
    if (route := _EXACT_BYTES.get(raw_path)) is not None:
        return route
    path = _plain(raw_path)
    if (route := _EXACT.get(path)) is not None:
        return route
    # Two segments own everything below them, /v1/documents/..., or one: /assets/...
    segments = path.split("/", 3)
    route = _BELOW.get("/".join(segments[:3])) or _BELOW.get("/".join(segments[:2]))
    if route is not None and not path.endswith("/"):
        return route
    raise NotFoundError("There is no such path")


def is_for_every_page(raw_path: bytes) -> bool:
    """Return whether pages of any origin may read what is at ``raw_path``: scripts and what they load."""
    return raw_path.startswith(_FOR_EVERY_PAGE)


def check_method(route: Route, method: str) -> None:
    """Raise :class:`WrongMethodError` unless ``route`` takes ``method``."""
    if method not in route.methods and not (method == "HEAD" and "GET" in route.methods):
        raise WrongMethodError(allow(route))


def allow(route: Route) -> str:
    """Return the ``Allow`` header of ``route``: HEAD goes wherever GET does."""
    head = ("HEAD",) if "GET" in route.methods else ()
    return ", ".join((*route.methods, *head, "OPTIONS"))


def check_role(route: Route, principal: Principal) -> None:
    """Raise :class:`ForbiddenError` unless ``principal`` may call ``route``; an owner may call all."""
    if route.role is Role.OWNER and not principal.is_owner:
        raise ForbiddenError("Only the owner may do this: it takes the admin key")


def _plain(raw_path: bytes) -> str:
    """Return the path with its percent-encoding undone (RFC 3986, section 6.2.2)."""
    if not raw_path.startswith(b"/"):
        raise MalformedError("The path must begin with /")
    if not _has_odd_bytes(raw_path):
        return raw_path.decode("ascii")
    if b";" in raw_path or b"//" in raw_path:
        raise MalformedError("The path has an empty segment or a path parameter")
    try:
        segments = [_segment(segment) for segment in raw_path[1:].split(b"/")]
    except UnicodeDecodeError:
        raise MalformedError("The path is not UTF-8") from None
    return "/" + "/".join(segments)


def _has_odd_bytes(raw_path: bytes) -> bool:
    return bool(raw_path.translate(None, _PLAIN_BYTES)) or b"//" in raw_path or b"/." in raw_path


_PLAIN_BYTES = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-_.~"


def _segment(raw: bytes) -> str:
    for escape in raw.split(b"%")[1:]:
        if len(escape) < 2 or not _HEX.issuperset(escape[:2]):
            raise MalformedError("The path has a broken percent-encoding")
    segment = reading = unquote_to_bytes(raw).decode()
    while not _is_unsafe(reading):
        # Encoded twice or more: a reader that decodes too often must not see another path either.
        if (again := unquote(reading)) == reading:
            return segment
        reading = again
    raise MalformedError("The path has a dot segment, an encoded slash or a control character")


def _is_unsafe(segment: str) -> bool:
    return segment in (".", "..") or bool(_UNSAFE & set(segment))
