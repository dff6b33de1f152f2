"""What a stranger with a connection may try on the whole of Carrel, and what must come of it.

Each test is named in docs/security.md beside the item of the checklist that it holds.
"""

import json
import re
import socket
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from websockets.asyncio.client import connect

from tests.support.chat_client import ask, opened, session
from tests.support.secret_shapes import found
from tests.support.system import Carrel

pytestmark = pytest.mark.system
PUBLIC = {
    *(("get", path) for path in ("/", "/admin", "/assets/{name}", "/version")),
    *(("get", path) for path in ("/health", "/health/live", "/health/ready")),
    *(
        ("get", path)
        for path in ("/health/{service}", "/health/gateway", "/health/retriever", "/health/chat_ws")
    ),
    *(("get", path) for path in ("/openapi.json", "/docs")),
    ("post", "/v1/sessions"),
}
"""What needs no credentials, on purpose; so do the page's own files."""
EVIL = "evil.example"


def client(carrel: Carrel, **headers: str) -> httpx.Client:
    """A client that says what it likes."""
    return httpx.Client(base_url=carrel.address, headers=headers, timeout=20, trust_env=False)


def operations(carrel: Carrel) -> list[tuple[str, str]]:
    """Every method and path of the API's document."""
    paths: dict[str, dict[str, Any]] = carrel.get("/openapi.json").json()["paths"]
    return [(method, path) for path, item in paths.items() for method in item]


@pytest.mark.parametrize(
    "headers",
    [{}, {"authorization": "Bearer"}, {"authorization": "Bearer x.y.z"}, {"x-api-key": "0" * 32}],
    ids=["none", "empty", "garbage", "wrong"],
)
def test_every_route_asks_who_it_is(carrel: Carrel, headers: dict[str, str]) -> None:
    """All but the public ones answer 401 (426 where a WebSocket is asked for without its upgrade)."""
    with client(carrel, **headers) as http:
        open_to_all = set()
        for method, path in operations(carrel):
            answer = http.request(method, re.sub(r"\{\w+\}", "x", path), json={})
            is_file = method == "get" and re.fullmatch(r"/[\w-]+\.(js|css|svg|html|webmanifest)", path)
            if answer.status_code not in (401, 426) and not is_file:
                open_to_all.add((method, path))
    assert open_to_all <= PUBLIC


def test_keys_are_taken_from_headers_alone(carrel: Carrel) -> None:
    """A key in the query opens nothing, and stands in no log."""
    key, before = carrel.admin_key, len(carrel.log.read_text())
    for name in ("api_key", "key", "token", "access_token", "x-api-key", "authorization"):
        assert carrel.get(f"/v1/documents?{name}={key}").status_code == 401
    assert key not in carrel.log.read_text()[before:]


async def test_nothing_kept_holds_a_key(carrel: Carrel) -> None:
    """Neither the database, nor the index, nor any log holds an owner's key, a signing secret or a token."""
    token = await session(carrel.address)
    async with opened(carrel.address, token) as socket:
        await ask(socket, "How often is the wick trimmed?")
    secrets = [path.read_text().strip() for path in carrel.layout.secrets.iterdir()]
    assert len(secrets) >= 3
    known = [*secrets, token, token.rpartition(".")[2]]
    kept = [path for path in carrel.layout.data_dir.rglob("*") if path.is_file()]
    outside = [path for path in kept if carrel.layout.secrets not in path.parents]
    assert len(outside) > 100
    assert not {str(path): told for path in [*outside, carrel.log] if (told := _told(path, known))}


def _told(path: Path, known: list[str]) -> list[str]:
    try:
        return [told for told in found(path.read_bytes(), known=known) if told.startswith("known")]
    except OSError:
        return []  # a file of the database that is gone meanwhile


def test_fields_nobody_asked_for_are_refused(carrel: Carrel) -> None:
    """Whose a thing is, and which number it has, is nobody's to say but ours."""
    token = httpx.post(f"{carrel.address}/v1/sessions", trust_env=False).json()["token"]
    question = {"type": "message-create", "client_message_id": str(uuid4()), "content": "Why?"}
    messages = {"messages": [{"role": "user", "content": "Why?"}]}
    bodies: dict[str, dict[str, Any]] = {"/v1/messages": question, "/v1/answer": messages}
    bodies["/v1/search"] = {"query": "why"}
    with client(carrel, authorization=f"Bearer {token}") as http:
        for path, body in bodies.items():
            for name in ("tenant_id", "visitor_id", "role", "seq", "sender", "principal"):
                answer = http.post(path, json=body | {name: "x"})
                assert answer.status_code == 422, (path, name, answer.text)
                assert name in answer.text


def test_a_host_is_not_told_back(carrel: Carrel) -> None:
    """No link, redirect or error is made of the name somebody called us by."""
    for name in ("host", "x-forwarded-host", "forwarded", "x-original-url", "x-rewrite-url", "referer"):
        with client(carrel, **{name: EVIL if name != "forwarded" else f"host={EVIL}"}) as http:
            for path in (
                "/",
                "/docs",
                "/openapi.json",
                "/nowhere",
                "/v1/documents",
                "/health",
                "/v1/documents/",
            ):
                answer = http.get(path)
                assert EVIL not in answer.text + str(answer.headers)
                assert not answer.is_redirect


@pytest.mark.parametrize("name", ["x-http-method-override", "x-method-override", "x-http-method", "_method"])
def test_a_method_is_what_it_is(carrel: Carrel, name: str) -> None:
    """A header, or the query, makes no other method of it."""
    key = {"x-api-key": carrel.admin_key}
    listed = carrel.get("/v1/documents", **key).json()["items"]
    target = f"/v1/documents/{listed[0]['id']}"
    with client(carrel, **key) as http:
        header = {} if name == "_method" else {name: "DELETE"}
        assert http.get(target, headers=header, params={name: "DELETE"}).status_code == 200
        assert http.get(target).status_code == 200


def test_errors_and_health_tell_no_inside(carrel: Carrel) -> None:
    """No path, address, statement or trace of ours is in what anybody may read."""
    inside = [
        str(carrel.layout.data_dir),
        str(Path.home()),
        "postgres://",
        "postgresql://",
        "Traceback",
        ".py",
    ]
    inside += [carrel.env["RETRIEVER_PORT"], carrel.env["CHAT_PORT"], socket.gethostname(), "SELECT "]
    for path in ("/health", "/health/retriever", "/health/chat_ws", "/health/ready", "/version", "/nowhere"):
        text = re.sub(r'"(?:latency_ms|uptime_s|request_id)":\s*"?[^,}]*', "", carrel.get(path).text)
        assert not [word for word in inside if word in text], path


def test_only_one_port_is_open_to_the_world(carrel: Carrel) -> None:
    """Of all our processes' listening sockets one is not on this machine's loopback: PORT."""
    held = {
        target
        for pid in carrel.everything()
        for fd in (Path("/proc") / str(pid) / "fd").iterdir()
        if (target := _link(fd)).startswith("socket:")
    }
    listening: dict[int, set[str]] = {}
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in held:
                address, _, port = fields[1].partition(":")
                listening.setdefault(int(port, 16), set()).add(address)
    loopback = "0100007F"
    public = {port for port, addresses in listening.items() if addresses != {loopback}}
    assert public == {int(carrel.env["PORT"])}
    assert {int(carrel.env["RETRIEVER_PORT"]), int(carrel.env["CHAT_PORT"])} <= listening.keys()


def _link(path: Path) -> str:
    try:
        return str(path.readlink())
    except OSError:
        return ""


@pytest.mark.parametrize(
    "path",
    [
        *("/v1/groups", "/v1/../v1/groups", "/v1/chat/..;/groups", "/v1/%2e%2e/v1/groups", "//v1/groups"),
        *(
            "/retriever/v1/groups",
            "/V1/groups",
            "/v1/groups/",
            "/v1//groups",
            "/v1%2fgroups",
            "/v1/groups;x=y",
        ),
        *("/redoc", "/openapi.json/../metrics", "/RPC2", "/server-status", "/.env", "/.git/config"),
    ],
)
def test_inside_routes_are_not_outside(carrel: Carrel, path: str) -> None:
    """What services ask each other is reached by nobody through the gateway, whatever the path is like."""
    port, body = int(carrel.env["PORT"]), '{"texts":["a"]}'
    head = [f"POST {path} HTTP/1.1", "Host: x", f"X-API-Key: {carrel.admin_key}", "Connection: close"]
    head += ["Content-Type: application/json", f"Content-Length: {len(body)}", "", body]
    with socket.create_connection(("127.0.0.1", port), timeout=10) as raw:
        raw.sendall("\r\n".join(head).encode())
        answer = b""
        while piece := raw.recv(65536):
            answer += piece
    assert answer.split(b" ")[1] in (b"400", b"404", b"405"), answer


def test_services_believe_nobody_but_the_gateway(carrel: Carrel) -> None:
    """Whoever is on this machine and has no signature is 401 at every service's own port."""
    for name in ("RETRIEVER_PORT", "CHAT_PORT"):
        for path in ("/v1/documents", "/v1/conversations", "/metrics", "/v1/groups", "/openapi.json"):
            headers = {"x-carrel-principal": "owner", "x-carrel-role": "owner", "x-api-key": carrel.admin_key}
            url = f"http://127.0.0.1:{carrel.env[name]}{path}"
            answer = httpx.get(url, headers=headers, timeout=10, trust_env=False)
            assert answer.status_code == 401, (url, answer.text)


async def test_a_socket_is_not_compressed(carrel: Carrel) -> None:
    """Compression that a client offers is not taken: nothing small can become large on its way in."""
    protocols: Any = ["carrel.v1", f"carrel.token.{await session(carrel.address)}"]
    url = carrel.address.replace("http", "ws", 1) + "/v1/chat"
    async with connect(url, subprotocols=protocols, compression="deflate", proxy=None) as opened_socket:
        assert opened_socket.response is not None
        assert "sec-websocket-extensions" not in opened_socket.response.headers
        assert opened_socket.response.headers["sec-websocket-protocol"] == "carrel.v1"


def test_the_page_runs_nothing_but_its_own(carrel: Carrel) -> None:
    """Its policy lets in no script, frame, form or image of anybody else, and not every page frames it."""
    answer = carrel.get("/")
    policy = {
        name: values.split()
        for name, _, values in (
            part.strip().partition(" ") for part in answer.headers["content-security-policy"].split(";")
        )
    }
    assert policy["default-src"] == ["'none'"]
    assert policy["base-uri"] == policy["object-src"] == ["'none'"]
    assert set(policy["img-src"]) <= {"'self'", "data:", "blob:"}
    assert set(policy["script-src"]) | set(policy["connect-src"]) <= {"'self'"}
    assert policy["form-action"] in (["'none'"], ["'self'"])
    assert set(policy["frame-ancestors"]) == {"'self'", "https://huggingface.co", "https://*.hf.space"}
    assert "x-frame-options" not in answer.headers
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "set-cookie" not in answer.headers


def test_odd_characters_split_nothing(carrel: Carrel) -> None:
    """Line ends, escapes and separators in a path, a name or a header make no header and no second line."""
    before = len(carrel.log.read_text())
    mark = f"mark{uuid4().hex}"
    odd = ("%0d%0aSet-Cookie:%20a=b", "%00", "%1b[31m", "%e2%80%a8", "%c2%85", "%f0%9f%92%a9", "%ff")
    with client(carrel, **{"x-api-key": carrel.admin_key}) as http:
        for text in odd:
            answer = http.get(f"/v1/documents/{mark}{text}")
            assert answer.status_code in (400, 404, 422), answer.text
            assert "set-cookie" not in answer.headers
            assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028]", answer.text)
            json.loads(answer.text)
    lines = [line for line in carrel.log.read_text()[before:].splitlines() if mark in line]
    assert all(" info " in line or " warning " in line for line in lines)
    assert not re.search(r"[\x00-\x08\x1b\x7f-\x9f\u2028]", "".join(lines))
