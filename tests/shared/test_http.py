import json
import logging
import re
import time
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, Query, WebSocket
from fastapi.responses import StreamingResponse

from shared.auth import Principal, Role, signed_headers
from shared.contracts.retriever import SearchRequest
from shared.errors import OverloadedError, UnauthorizedError
from shared.http import (
    HeadMiddleware,
    IdentityMiddleware,
    RequestIdMiddleware,
    dump_json,
    install_error_handlers,
    operation_id,
    owner,
    principal,
    problem_response,
    refuse,
)
from shared.logging import request_id

TOKEN = "t" * 32


def application() -> FastAPI:
    """An application with our habits and a few routes that go wrong."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    install_error_handlers(app)

    @app.get("/health")
    @app.get("/healthy")
    async def health() -> dict[str, str]:
        return {"request_id": request_id.get()}

    @app.get("/who")
    async def who(found: Annotated[Principal, Depends(principal)]) -> dict[str, str]:
        return {"id": found.id, "role": found.role}

    @app.get("/owner", dependencies=[Depends(owner)])
    async def owners() -> None: ...

    @app.get("/broken")
    async def broken() -> None:
        raise ValueError("a secret path")

    @app.get("/busy")
    async def busy() -> None:
        raise OverloadedError("Later", retry_after_ms=1001)

    @app.get("/cut")
    async def cut() -> StreamingResponse:
        async def parts() -> AsyncIterator[bytes]:
            yield b"begun"
            raise ValueError("in the middle")

        return StreamingResponse(parts(), headers={"x-request-id": "of the route"})

    @app.get("/limit")
    async def limit(limit: Annotated[int, Query(ge=1, le=200)] = 20) -> int:
        return limit

    @app.post("/search")
    async def search(body: SearchRequest) -> None: ...

    @app.websocket("/socket")
    async def socket(websocket: WebSocket) -> None:
        raise ValueError("before the upgrade")

    app.add_middleware(HeadMiddleware)
    app.add_middleware(IdentityMiddleware, token=TOKEN)
    app.add_middleware(RequestIdMiddleware)
    return app


def identity(role: Role = Role.VISITOR, *, token: str = TOKEN) -> dict[str, str]:
    return signed_headers(Principal(id="v1", role=role), token=token, now=time.time())


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application that is a visitor."""
    transport = httpx.ASGITransport(application(), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://t", headers=identity()) as found:
        yield found


def problem_of(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem document of ``answer``, complete."""
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert (body["status"], body["code"]) == (status, code)
    assert {"type", "title", "detail", "retryable"} < set(body)
    assert body["request_id"] == answer.headers["x-request-id"] != ""
    return body


async def test_a_sane_request_id_is_taken(client: httpx.AsyncClient) -> None:
    """It is the request's while it is served, and stands on the answer."""
    answer = await client.get("/health", headers={"x-request-id": "a.B-3:4_5"})
    assert answer.headers["x-request-id"] == answer.json()["request_id"] == "a.B-3:4_5"


@pytest.mark.parametrize("given", ["", "a b", "x" * 129, "a\u00e9", "<script>", "a,b"])
async def test_another_request_id_is_made_anew(client: httpx.AsyncClient, given: str) -> None:
    """What could break a log or a header is replaced."""
    answer = await client.get("/health", headers={b"x-request-id": given.encode("latin-1")})
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-request-id"])
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


async def test_an_answer_has_one_request_id(client: httpx.AsyncClient) -> None:
    """A route's own header does not stand beside it; after the request the id is gone."""
    async with client.stream("GET", "/cut", headers={"x-request-id": "r1"}) as answer:
        assert answer.headers.get_list("x-request-id") == ["r1"]
    assert request_id.get() == ""


async def test_the_unknown_becomes_internal(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    """Outside there is a bare internal, in the log the whole trace under the request's path."""
    answer = await client.get("/broken")
    body = problem_of(answer, 500, "internal")
    assert body["detail"] == "Something went wrong on our side"
    assert "secret" not in answer.text
    [record] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.getMessage() == "unhandled error on /broken"
    assert record.exc_info is not None
    assert str(record.exc_info[1]) == "a secret path"


async def test_what_breaks_after_the_start_is_not_answered_twice(client: httpx.AsyncClient) -> None:
    """A stream that breaks off stays broken off: no second answer is put into it."""
    answer = await client.get("/cut")
    assert (answer.status_code, answer.content) == (200, b"begun")


async def test_our_errors_say_when_to_come_again(client: httpx.AsyncClient) -> None:
    """Retry-After is in whole seconds, rounded up."""
    answer = await client.get("/busy")
    assert problem_of(answer, 503, "overloaded")["retry_after_ms"] == 1001
    assert answer.headers["retry-after"] == "2"


async def test_a_503_always_says_when_to_come_again() -> None:
    """Without a time of its own it is a second; other refusals say none."""
    assert problem_response(OverloadedError()).headers["retry-after"] == "1"
    refused = problem_response(UnauthorizedError())
    assert "retry-after" not in refused.headers
    assert refused.headers["www-authenticate"] == "Bearer"


async def test_a_problem_may_have_more_members() -> None:
    """What stands beside the members of every problem takes none of them away."""
    body = json.loads(bytes(problem_response(OverloadedError(), beside={"error": {"message": "x"}}).body))
    assert (body["code"], body["error"]) == ("overloaded", {"message": "x"})


async def test_unknown_routes_and_methods_are_problems(client: httpx.AsyncClient) -> None:
    """404 and 405 have the one shape; 405 says what is allowed."""
    problem_of(await client.get("/nothing"), 404, "not_found")
    answer = await client.delete("/limit")
    problem_of(answer, 405, "invalid_request")
    assert answer.headers["allow"] == "GET"


@pytest.mark.parametrize("limit", ["0", "201", "many", "", "1.5", "9" * 5000])
async def test_a_bad_parameter_is_named(client: httpx.AsyncClient, limit: str) -> None:
    """422 names the field as the caller wrote it."""
    body = problem_of(await client.get("/limit", params={"limit": limit}), 422, "invalid_request")
    assert body["param"] == "limit"
    assert [entry["field"] for entry in body["errors"]] == ["limit"]


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"query": "", "limit": 0}, ["query", "limit"]),
        ({"query": "a\0"}, ["query"]),
        ({}, ["query"]),
        ({"query": "a", "extra": 1}, ["extra"]),
        ([], ["body"]),
    ],
)
async def test_bad_fields_are_named(client: httpx.AsyncClient, body: Any, fields: list[str]) -> None:
    """Each field that is wrong stands in the answer, without the names of our own types."""
    answer = problem_of(await client.post("/search", json=body), 422, "invalid_request")
    assert list(dict.fromkeys(entry["field"] for entry in answer["errors"])) == fields
    assert "function-" not in json.dumps(answer)
    assert "Value error" not in json.dumps(answer)


async def test_a_value_that_may_be_many_things_is_named(client: httpx.AsyncClient) -> None:
    """Of a filter that fits none of its forms the first thing named is the filter."""
    body = {"query": "a", "filters": {"lang": {"like": "x"}}}
    answer = problem_of(await client.post("/search", json=body), 422, "invalid_request")
    assert (answer["param"], answer["errors"][0]["field"]) == ("filters.lang", "filters.lang")


async def test_a_thousand_wrong_fields_make_a_short_answer(client: httpx.AsyncClient) -> None:
    """The answer to a large wrong body is small."""
    body = {f"x{number}": 1 for number in range(1000)}
    answer = problem_of(await client.post("/search", json=body), 422, "invalid_request")
    assert len(answer["errors"]) == 20
    assert len(answer["detail"]) <= 1000


@pytest.mark.parametrize("content", [b"{", b"", b"[" * 50_000, b'"\\ud800"'])
async def test_what_is_not_json_is_malformed(client: httpx.AsyncClient, content: bytes) -> None:
    """A body that is no JSON is a problem document, never a bare error."""
    answer = await client.post("/search", content=content, headers={"content-type": "application/json"})
    assert answer.status_code in (400, 422)
    assert problem_of(answer, answer.status_code, "invalid_request")["detail"]


async def test_a_body_that_does_not_say_it_is_json_is_told_how(client: httpx.AsyncClient) -> None:
    """A body without its media type, or with that of a form, as tools send it, is answered with the fix."""
    for headers in ({}, {"content-type": "application/x-www-form-urlencoded"}, {"content-type": "text/json"}):
        refused = await client.post("/search", content=b'{"query": "x"}', headers=headers)
        answer = problem_of(refused, 415, "invalid_request")
        assert "Content-Type: application/json" in answer["detail"]
        assert answer["param"] == "body"


@pytest.mark.parametrize(
    "media_type", ["application/json", "application/json; charset=utf-8", "Application/A+Json"]
)
async def test_json_that_is_no_object_is_not_valid(client: httpx.AsyncClient, media_type: str) -> None:
    """It says that it is JSON, and it is: what is wrong is its content."""
    refused = await client.post("/search", content=b'"x"', headers={"content-type": media_type})
    assert problem_of(refused, 422, "invalid_request")["param"] == "body"


async def test_bytes_that_are_no_text_are_malformed(client: httpx.AsyncClient) -> None:
    """A body that is not UTF-8 is the caller's fault."""
    answer = await client.post(
        "/search", content=b'{"query": "\xff"}', headers={"content-type": "application/json"}
    )
    problem_of(answer, 400, "invalid_request")


async def test_who_asks_is_told_to_the_route(client: httpx.AsyncClient) -> None:
    """The signed principal reaches the route."""
    assert (await client.get("/who")).json() == {"id": "v1", "role": "visitor"}


async def test_head_goes_where_get_goes(client: httpx.AsyncClient) -> None:
    """It has the status and the headers of GET, and what takes no GET takes no HEAD."""
    for path in ("/who", "/limit", "/nothing", "/search"):
        got, head = await client.get(path), await client.head(path)
        assert head.status_code == got.status_code
        assert head.headers["content-type"] == got.headers["content-type"]


async def test_without_a_signature_nobody_comes_in(client: httpx.AsyncClient) -> None:
    """Missing and foreign signatures are unauthorized on every route, also on those that are not there."""
    for path in ("/who", "/nothing", "/healthy", "/"):
        answer = await client.get(path, headers=identity(token="u" * 32))
        problem_of(answer, 401, "unauthorized")
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_health_is_open() -> None:
    """A probe needs no identity; it is nobody in particular."""
    transport = httpx.ASGITransport(application())
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        assert (await client.get("/health")).status_code == 200
        problem_of(await client.get("/health/nothing"), 404, "not_found")


@pytest.mark.parametrize(("role", "status"), [(Role.OWNER, 200), (Role.VISITOR, 403), (Role.SERVICE, 403)])
async def test_what_is_the_owners(client: httpx.AsyncClient, role: Role, status: int) -> None:
    """Only the owner passes the owner's dependency."""
    assert (await client.get("/owner", headers=identity(role))).status_code == status


class Socket:
    """The server's side of a handshake, without a server."""

    def __init__(self, *, path: str = "/socket", extensions: bool = True, signed: bool = False) -> None:
        headers = identity() if signed else {}
        self.scope: dict[str, Any] = {
            "type": "websocket",
            "path": path,
            "query_string": b"",
            "headers": [(key.encode(), value.encode()) for key, value in headers.items()],
            "subprotocols": [],
            "extensions": {"websocket.http.response": {}} if extensions else {},
        }
        self.sent: list[Any] = []

    async def receive(self) -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(self, message: Any) -> None:
        self.sent.append(message)


async def test_a_refused_handshake_is_a_problem_too() -> None:
    """Where the server can answer a handshake over HTTP, the answer is the same document."""
    socket = Socket()
    await application()(socket.scope, socket.receive, socket.send)
    start, body = socket.sent
    assert (start["type"], start["status"]) == ("websocket.http.response.start", 401)
    headers = {key.decode(): value.decode() for key, value in start["headers"]}
    assert headers["content-type"] == "application/problem+json"
    document = json.loads(body["body"])
    assert (document["code"], document["request_id"]) == ("unauthorized", headers["x-request-id"])


async def test_a_handshake_can_always_be_refused() -> None:
    """A server that knows no answer to a handshake closes it with the error's code."""
    socket = Socket(extensions=False)
    await refuse(OverloadedError(), socket.scope, socket.receive, socket.send)
    assert socket.sent == [{"type": "websocket.close", "code": 1013}]


async def test_an_error_in_a_handshake_is_the_servers_to_answer(caplog: pytest.LogCaptureFixture) -> None:
    """What breaks in a WebSocket is logged and passed on; the server answers a handshake with 500."""
    socket = Socket(signed=True)
    with pytest.raises(ValueError, match="before the upgrade"):
        await application()(socket.scope, socket.receive, socket.send)
    assert socket.sent == []
    assert "unhandled error on /socket" in caplog.text


async def test_the_lifespan_passes_through() -> None:
    """Neither middleware has anything to say about start and stop."""
    seen: list[str] = []

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])

    app = RequestIdMiddleware(IdentityMiddleware(inner, token=TOKEN))
    socket = Socket()
    await app({"type": "lifespan"}, socket.receive, socket.send)
    assert seen == ["lifespan"]


@pytest.fixture(autouse=True)
def no_request_id() -> Iterator[None]:
    """No test begins inside a request."""
    token = request_id.set("")
    yield
    request_id.reset(token)


def test_json_is_compact_and_readable() -> None:
    """Frames keep their characters and waste none."""
    assert dump_json({"a": ["é", 1, None]}) == '{"a":["é",1,null]}'


def test_the_document_of_an_application_has_our_problems() -> None:
    """What its routes refuse is described as what they answer, under the handlers' names."""
    app = FastAPI()
    router = APIRouter(generate_unique_id_function=operation_id)

    @router.post("/search")
    async def find_it(body: SearchRequest) -> None: ...

    app.include_router(router)
    install_error_handlers(app)
    operation = app.openapi()["paths"]["/search"]["post"]
    assert operation["operationId"] == "find_it"
    for status in ("400", "415", "422"):
        assert set(operation["responses"][status]["content"]) == {"application/problem+json"}
    assert "HTTPValidationError" not in app.openapi()["components"]["schemas"]
