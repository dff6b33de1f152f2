"""The route table, and how a path is read."""

import posixpath
from urllib.parse import quote, unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.routing import (
    ROUTES,
    Route,
    RouteClass,
    Target,
    WrongMethodError,
    allow,
    check_method,
    check_role,
    find,
    is_for_every_page,
)
from shared.auth import Principal, Role
from shared.errors import ForbiddenError, MalformedError, NotFoundError

VISITOR = Principal("v_1", Role.VISITOR)
OWNER = Principal("owner", Role.OWNER)


@pytest.mark.parametrize(
    ("path", "target", "role"),
    [
        ("/", Target.OWN, Role.PUBLIC),
        ("/health/chat_ws", Target.OWN, Role.PUBLIC),
        ("/v1/sessions", Target.OWN, Role.PUBLIC),
        ("/metrics", Target.OWN, Role.OWNER),
        ("/v1/chat", Target.CHAT, Role.VISITOR),
        ("/v1/chat/completions", Target.RETRIEVER, Role.VISITOR),
        ("/v1/models", Target.RETRIEVER, Role.VISITOR),
        ("/v1/models/carrel", Target.RETRIEVER, Role.VISITOR),
        ("/v1/messages", Target.CHAT, Role.VISITOR),
        ("/v1/messages/m_1/feedback", Target.CHAT, Role.VISITOR),
        ("/v1/conversations/c_1/messages/m_1", Target.CHAT, Role.VISITOR),
        ("/v1/runs/r_1/events", Target.CHAT, Role.VISITOR),
        ("/v1/me/export", Target.CHAT, Role.VISITOR),
        ("/v1/search", Target.RETRIEVER, Role.VISITOR),
        ("/v1/answer", Target.RETRIEVER, Role.VISITOR),
        ("/v1/documents", Target.RETRIEVER, Role.OWNER),
        ("/v1/documents/guide/ch01%20a.md", Target.RETRIEVER, Role.OWNER),
        ("/v1/data-sources/site/sync", Target.RETRIEVER, Role.OWNER),
        ("/v1/ingestion-jobs/j_1/events", Target.RETRIEVER, Role.OWNER),
        ("/v1/usage", Target.RETRIEVER, Role.OWNER),
        ("/v1/index", Target.RETRIEVER, Role.OWNER),
        ("/v1/index/rebuild", Target.RETRIEVER, Role.OWNER),
        ("/v1/insights/gaps", Target.CHAT, Role.OWNER),
        ("/v1/%64ocuments/%c3%a9", Target.RETRIEVER, Role.OWNER),
        ("/v1/%73earch", Target.RETRIEVER, Role.VISITOR),
        ("/v1/documents/100%25.md", Target.RETRIEVER, Role.OWNER),
        ("/v1/documents/100%2525ff", Target.RETRIEVER, Role.OWNER),
    ],
)
def test_each_path_belongs_to_one(path: str, target: Target, role: Role) -> None:
    """The table says who answers a path and who may ask."""
    route = find(path.encode())
    assert (route.target, route.role) == (target, role)


@pytest.mark.parametrize(
    "path",
    [
        "/v1",
        "/v1/",
        "/v1/documentsx",
        "/v1/documents/",
        "/V1/documents",
        "/v1/search/deeper",
        "/v1/chat/other",
        "/metrics/",
        "/metrics/retriever",
        "/docs",
        "/health/",
        "/health/postgres",
        "/.well-known/x",
        "/v1/internal",
    ],
)
def test_what_is_not_in_the_table_does_not_exist(path: str) -> None:
    """An unknown path is refused here and reaches no service."""
    with pytest.raises(NotFoundError):
        find(path.encode())


@pytest.mark.parametrize(
    "path",
    [
        "*",
        "v1/documents",
        "",
        "//v1/documents",
        "/v1//documents",
        "/v1/documents//a",
        "/v1/./documents",
        "/v1/documents/../search",
        "/v1/documents/..",
        "/v1/documents/%2e%2e/x",
        "/v1/documents/%252e%252e/x",
        "/v1/documents/%252525252e",
        "/v1/documents/a%252fb",
        "/v1/documents/a%25255cb",
        "/v1/documents/.%2E/x",
        "/v1/documents%2Fx",
        "/v1/documents/a%2fb",
        "/v1/documents/a%5Cb",
        "/v1/documents/a\\b",
        "/v1/documents;a=b/x",
        "/v1/..;/documents",
        "/v1/documents/%00",
        "/v1/documents/a%0d%0ab",
        "/v1/documents/%7f",
        "/v1/documents/%zz",
        "/v1/documents/%4",
        "/v1/documents/%",
        "/v1/documents/%ff%fe",
    ],
)
def test_a_path_with_two_readings_is_refused(path: str) -> None:
    """What another reader might take for another path is malformed, never cleaned."""
    with pytest.raises(MalformedError):
        find(path.encode("latin-1"))


@given(st.binary(max_size=60))
def test_every_path_is_found_or_refused(tail: bytes) -> None:
    """No bytes break the decision; what is found below documents stays there when it is decoded."""
    try:
        route = find(b"/v1/documents/" + tail)
    except (NotFoundError, MalformedError):
        return
    assert route.path == "/v1/documents"
    assert b".." not in tail.split(b"/")
    assert not tail.startswith(b"/")


SEGMENTS = [
    *(
        "v1",
        "documents",
        "search",
        "chat",
        "me",
        "health",
        "conversations",
        "a",
        "é",
        "a b",
        "a%2fb",
        "..",
        ".",
    ),
    *(
        "",
        ";",
        "a;b",
        "%2e%2e",
        "%252e",
        "%2F",
        "%5c",
        "\\",
        "%00",
        "%25",
        "%",
        "%4",
        "+",
        "~",
        "ａ",
        ":",
        "@",
    ),
]


@st.composite
def raw_paths(draw: st.DrawFn) -> bytes:
    """Paths made of what matters, some of it encoded once or twice."""
    path = b""
    for segment in draw(st.lists(st.sampled_from(SEGMENTS), max_size=6)):
        raw = segment.encode()
        for _ in range(draw(st.integers(0, 2))):
            raw = b"".join(b"%%%02x" % octet if draw(st.booleans()) else bytes((octet,)) for octet in raw)
        path += b"/" + raw
    return path


def decision(path: bytes) -> Route | None:
    """The route of ``path``, or nothing when it has none."""
    try:
        return find(path)
    except (NotFoundError, MalformedError):
        return None


@given(st.one_of(raw_paths(), st.binary(max_size=60), st.binary(max_size=30).map(b"/v1/".__add__)))
def test_every_reading_of_a_path_leads_to_the_same(raw: bytes) -> None:
    """A path with a route leads no reader elsewhere: decoded, decoded again, or tidied up."""
    if (route := decision(raw)) is None:
        return
    path, reading = route.path.encode(), unquote_to_bytes(raw)
    assert decision(quote(reading, safe="/").encode()) is route
    for _ in range(4):
        # Each time it is decoded: folding dots and slashes changes nothing, and it stays where it was.
        assert posixpath.normpath(reading) == reading
        assert reading.count(b"/") == raw.count(b"/")
        assert reading == path or (route.below and reading.startswith(path + b"/"))
        assert decision(quote(reading, safe="/").encode()) in (route, None)
        reading = unquote_to_bytes(reading)


def test_a_known_path_names_its_methods() -> None:
    """A wrong method is told apart from an unknown path, with what the path takes."""
    with pytest.raises(WrongMethodError) as caught:
        check_method(find(b"/v1/search"), "GET")
    assert caught.value.allow == "POST, OPTIONS"
    assert (caught.value.status, caught.value.code) == (405, "invalid_request")


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "get"])
def test_no_route_takes_odd_methods(method: str) -> None:
    """TRACE, CONNECT and what is no method of ours is refused everywhere."""
    for route in ROUTES:
        with pytest.raises(WrongMethodError):
            check_method(route, method)


def test_head_goes_wherever_get_does() -> None:
    """The platform probes with HEAD."""
    for route in ROUTES:
        if "GET" in route.methods:
            check_method(route, "HEAD")
            assert "HEAD" in allow(route)


def test_an_owner_may_do_all_and_a_visitor_not() -> None:
    """Owner's routes are the owner's; everything else is open to both."""
    for route in ROUTES:
        check_role(route, OWNER)
        if route.role is Role.OWNER:
            with pytest.raises(ForbiddenError):
                check_role(route, VISITOR)
        else:
            check_role(route, VISITOR)


def test_only_the_api_has_cross_origin_rules() -> None:
    """Pages and health are for everybody."""
    assert find(b"/v1/search").is_api
    assert not find(b"/health").is_api


@pytest.mark.parametrize("path", [b"/widget.js", b"/client.js", b"/assets/part-1a.js"])
def test_scripts_are_for_every_page(path: bytes) -> None:
    """They and what they load are public files, one route for all below /assets."""
    assert is_for_every_page(path)
    assert find(path).target is Target.OWN


@pytest.mark.parametrize("path", [b"/", b"/admin", b"/v1/search", b"/assets", b"/assets/"])
def test_all_else_is_not(path: bytes) -> None:
    """Neither pages nor the API; a folder is no file."""
    assert is_for_every_page(path) == (path == b"/assets/")
    if path == b"/assets/":
        with pytest.raises(NotFoundError):
            find(path)


@pytest.mark.parametrize(
    ("path", "method", "kind"),
    [
        ("/", "GET", RouteClass.PUBLIC),
        ("/openapi.json", "HEAD", RouteClass.PUBLIC),
        ("/v1/sessions", "POST", RouteClass.SESSION),
        ("/v1/chat", "GET", RouteClass.SOCKET),
        ("/v1/messages", "POST", RouteClass.ASK),
        ("/v1/messages/m_1/feedback", "PUT", RouteClass.READ),
        ("/v1/conversations", "GET", RouteClass.READ),
        ("/v1/conversations/c_1", "DELETE", RouteClass.READ),
        ("/v1/conversations/c_1/messages", "HEAD", RouteClass.READ),
        ("/v1/conversations/c_1/messages", "POST", RouteClass.ASK),
        ("/v1/runs/r_1/cancel", "POST", RouteClass.READ),
        ("/v1/me", "DELETE", RouteClass.READ),
        ("/v1/search", "POST", RouteClass.SEARCH),
        ("/v1/answer", "POST", RouteClass.ASK),
        ("/v1/chat/completions", "POST", RouteClass.ASK),
        ("/v1/models", "GET", RouteClass.READ),
        ("/v1/documents/a", "PUT", RouteClass.OWNER),
        ("/v1/data-sources/a/sync", "POST", RouteClass.OWNER),
    ],
)
def test_each_request_has_its_class(path: str, method: str, kind: RouteClass) -> None:
    """Whatever makes an answer is a question, a search is a search, the rest reads."""
    assert find(path.encode()).class_of(method) is kind


def test_probes_alone_have_no_class() -> None:
    """Health is asked for by platforms from one address, and must never meet a limit."""
    for route in ROUTES:
        unlimited = {route.class_of(method) is None for method in (*route.methods, "HEAD", "OPTIONS")}
        assert unlimited == {route.path.startswith("/health")}
