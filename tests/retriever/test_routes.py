"""The retriever over HTTP: who may, what is refused, and what is answered."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from retriever.parsers.registry import PARSERS
from shared.auth import Role
from shared.contracts.retriever import CROWDED, Document, DocumentSummary, GroundedAnswer, SearchAnswer
from shared.errors import CarrelError, UpstreamUnavailableError
from shared.sse import Decoder
from tests.support.retriever_app import built, client, settings, signed
from tests.support.retriever_memory import MemoryStore, failing
from tests.support.retriever_room import LAMPS, OWNERSHIP
from tests.support.waiting import eventually

MARKDOWN = {"content-type": "text/markdown"}
QUESTION = {"messages": [{"role": "user", "content": "What is ownership?"}]}


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with client(built(max_document_bytes=2000)) as opened:
        yield opened


async def put(
    http: httpx.AsyncClient, id: str = "own.md", text: str = OWNERSHIP, **params: str
) -> httpx.Response:
    return await http.put(f"/v1/documents/{id}", content=text.encode(), headers=MARKDOWN, params=params)


async def test_put_read_list_and_delete(http: httpx.AsyncClient) -> None:
    """A document is created, replaced, left unchanged, read, listed and removed, each with its status."""
    created = await put(http, "guide/own.md", url="https://x.org/own", metadata='{"lang": "en"}')
    assert created.status_code == 201
    summary = DocumentSummary.model_validate(created.json())
    assert (summary.id, summary.url, summary.metadata) == (
        "guide/own.md",
        "https://x.org/own",
        {"lang": "en"},
    )
    unchanged = await put(http, "guide/own.md", url="https://x.org/own", metadata='{"lang": "en"}')
    assert (unchanged.status_code, unchanged.content) == (204, b"")
    assert (await put(http, "guide/own.md", LAMPS)).status_code == 200
    document = Document.model_validate((await http.get("/v1/documents/guide/own.md")).json())
    assert document.chunks[0].text.startswith("A Fresnel lens")
    listed = (await http.get("/v1/documents", params={"q": "lamps"})).json()
    assert [item["id"] for item in listed["items"]] == ["guide/own.md"]
    assert listed["next_cursor"] is None
    assert (await http.delete("/v1/documents/guide/own.md")).status_code == 204
    assert (await http.get("/v1/documents/guide/own.md")).json()["code"] == "not_found"
    assert (await http.delete("/v1/documents/guide/own.md")).status_code == 404


@pytest.mark.parametrize(
    ("id", "content", "content_type", "status", "said"),
    [
        ("a.doc", b"x", "application/msword", 415, "text/markdown, text/mdx, text/html, text/plain"),
        ("a.pdf", b"%PDF", "application/pdf", 422, "no PDF, or broken"),
        ("a.json", b"{}", "application/json", 422, "text: is missing"),
        (
            "a.json",
            b'{"text": "x", "url": "javascript:x"}',
            "application/json",
            422,
            "url begins with http",
        ),
        (
            "a.json",
            b'{"text": "x", "metadata": {"a": {}}}',
            "application/json",
            422,
            "metadata.a: must be text",
        ),
        ("a.md", b"", "text/markdown", 422, "no readable text"),
        ("a.md", b"ab\xff", "text/markdown", 422, "byte 2"),
        ("a.md", b"x" * 2001, "text/markdown", 413, "2000 bytes"),
        ("a/%2e%2e/b", b"x", "text/markdown", 422, "segments"),
        ("a%00b", b"x", "text/markdown", 422, "control"),
        ("", b"x", "text/markdown", 422, "id: String should have at least 1 character"),
    ],
)
async def test_documents_that_are_refused(
    http: httpx.AsyncClient, id: str, content: bytes, content_type: str, status: int, said: str
) -> None:
    """Each refusal is a problem document with its status and what would be right."""
    response = await http.put(f"/v1/documents/{id}", content=content, headers={"content-type": content_type})
    problem = response.json()
    assert (response.status_code, problem["code"]) == (status, "invalid_request")
    assert said in problem["detail"]
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "metadata",
    [
        '{"\\ud800": 1}',
        '{"a": "\\ud800"}',
        '{"a": ' + "9" * 400 + "}",
        '{"a": ' + "9" * 5000 + "}",
        "[" * 9000,
    ],
)
async def test_metadata_that_nothing_can_hold_is_refused(http: httpx.AsyncClient, metadata: str) -> None:
    """Lone surrogates, numbers without end, nesting without end: each is the caller's fault."""
    response = await put(http, metadata=metadata)
    assert response.status_code == 422
    assert response.json()["param"].startswith("metadata")


async def test_names_that_cannot_be_written_are_refused_all_the_same(http: httpx.AsyncClient) -> None:
    """A key of half a character is named in a refusal that can be sent."""
    response = await put(http, metadata='{"a\\ud800b": {}}')
    assert (response.status_code, response.json()["param"]) == (422, "metadata.a?b")
    body = b'{"text": "x", "metadata": {"a\\ud800b": {}}, "\\ud800": 1}'
    headers = {"content-type": "application/json"}
    response = await http.put("/v1/documents/a.json", content=body, headers=headers)
    assert response.status_code == 422


async def test_a_body_without_a_length_is_counted(http: httpx.AsyncClient) -> None:
    """A streamed body over the limit is refused although nobody said its length."""

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * 100

    response = await http.put("/v1/documents/a.md", content=endless(), headers=MARKDOWN)
    assert response.status_code == 413


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/v1/documents/a"),
        ("GET", "/v1/documents/a"),
        ("GET", "/v1/documents"),
        ("DELETE", "/v1/documents/a"),
    ],
)
async def test_documents_are_the_owners(http: httpx.AsyncClient, method: str, path: str) -> None:
    """A visitor may neither write nor read nor list documents; without a signature nobody gets in."""
    for role in (Role.VISITOR, Role.SERVICE, Role.PUBLIC):
        response = await http.request(method, path, headers=MARKDOWN | signed(role))
        assert (response.status_code, response.json()["code"]) == (403, "forbidden")
    unsigned = await http.request(method, path, headers={"x-carrel-signature": ""})
    assert unsigned.status_code == 401


@pytest.mark.parametrize(
    ("role", "status"), [(Role.VISITOR, 200), (Role.SERVICE, 200), (Role.OWNER, 200), (Role.PUBLIC, 403)]
)
async def test_who_may_ask(http: httpx.AsyncClient, role: Role, status: int) -> None:
    """Everybody with a name may search and ask; the nameless public may not."""
    search = await http.post("/v1/search", json={"query": "x"}, headers=signed(role))
    answer = await http.post("/v1/answer", json=QUESTION, headers=signed(role))
    assert (search.status_code, answer.status_code) == (status, status)


async def test_search_and_answer(http: httpx.AsyncClient) -> None:
    """A search returns passages, an answer its text with citations."""
    await put(http)
    found = SearchAnswer.model_validate((await http.post("/v1/search", json={"query": "ownership"})).json())
    assert found.passages[0].document_id == "own.md"
    answer = GroundedAnswer.model_validate((await http.post("/v1/answer", json=QUESTION)).json())
    assert answer.answer.startswith("Ownership is a set of rules")
    assert answer.citations[0].text == answer.answer[: answer.citations[0].end]


@pytest.mark.parametrize(("stream", "accept"), [(True, "*/*"), (False, "text/event-stream")])
async def test_answers_are_streamed(http: httpx.AsyncClient, stream: bool, accept: str) -> None:
    """Asked for in the body or by Accept, an answer comes as events that end in run-end."""
    await put(http)
    response = await http.post("/v1/answer", json=QUESTION | {"stream": stream}, headers={"accept": accept})
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.headers["cache-control"] == "no-store"
    types = [event.type for event in Decoder().feed(response.content)]
    assert types[0] == "run-start"
    assert types.count("run-end") == 1
    assert types[-1] == "run-end"


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/v1/search", {"query": ""}, "query"),
        ("/v1/search", {"query": "x", "limit": 51}, "limit"),
        ("/v1/search", {"query": "x", "other": 1}, "other"),
        ("/v1/answer", {"messages": []}, "messages"),
        ("/v1/answer", {"messages": [{"role": "assistant", "content": "x"}]}, "messages"),
        ("/v1/answer", {"messages": [{"role": "assistant", "content": "x"}], "stream": True}, "messages"),
    ],
)
async def test_questions_that_are_refused(
    http: httpx.AsyncClient, path: str, body: object, field: str
) -> None:
    """A bad field is named, also when a stream was asked for: nothing has begun by then."""
    response = await http.post(path, json=body)
    assert response.status_code == 422
    assert response.json()["param"] == field


async def test_while_the_index_is_lost_every_route_says_so() -> None:
    """Without its index the service answers at once that it may be tried again."""
    store = MemoryStore()
    async with client(built(store)) as http:
        store.before = failing(
            UpstreamUnavailableError("gone"), "ping", "ensure", "search", "retrieve", "newest"
        )
        for method, path, body in (
            ("POST", "/v1/search", {"query": "x"}),
            ("POST", "/v1/answer", QUESTION | {"stream": True}),
            ("GET", "/v1/documents", None),
        ):
            response = await http.request(method, path, json=body)
            assert response.status_code == 503
            assert response.json()["code"] == "upstream_unavailable"
            assert "retry-after" in response.headers


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (UpstreamUnavailableError("gone"), "upstream_unavailable", "gone"),
        (ValueError("secret"), "internal", "our side"),
    ],
)
async def test_a_stream_that_fails_ends_in_run_end(error: Exception, code: str, message: str) -> None:
    """Once a stream has begun, a failure is its last event, and what is ours alone is not told."""
    from retriever.routes import _encoded
    from shared.contracts.retriever import MessageStart, RunEvent

    async def broken() -> AsyncIterator[RunEvent]:
        yield MessageStart()
        raise error

    chunks = [chunk async for chunk in _encoded(MessageStart(), broken())]
    (last,) = Decoder().feed(chunks[-1])
    assert last.type == "run-end"
    assert code in last.data
    assert message in last.data
    assert "secret" not in last.data
    assert isinstance(error, CarrelError | ValueError)


async def test_the_openapi_document_declares_the_answers() -> None:
    """The models of bodies and answers are named, so that the gateway can merge the documents."""
    schema = built().openapi()
    assert {"DocumentSummary", "SearchAnswer", "GroundedAnswer", "SearchRequest", "AnswerRequest"} <= set(
        schema["components"]["schemas"]
    )
    put_route = schema["paths"]["/v1/documents/{id}"]["put"]
    bodies = put_route["requestBody"]["content"]
    assert set(bodies) == set(PARSERS)
    assert bodies["application/pdf"]["schema"]["format"] == "binary"
    assert {"200", "201", "204"} <= set(put_route["responses"])
    assert settings().retriever_port


async def test_too_much_is_refused_and_told_to_the_chat_service() -> None:
    """A visitor is to come again; what was acknowledged waits, and its stream begins with that word."""
    app = built(max_searches=1, max_search_wait_s=0.001)
    async with client(app, Role.VISITOR) as http:
        admission = app.state.search.admission
        async with admission.turn():
            first = asyncio.create_task(http.post("/v1/search", json={"query": "lamps"}))
            await eventually(lambda: admission.waiting == 1)
            await asyncio.sleep(0.01)
            for path, body in (("/v1/answer", QUESTION), ("/v1/search", {"query": "lamps"})):
                refused = await http.post(path, json=body)
                assert (refused.status_code, refused.json()["code"]) == (503, "overloaded")
                assert refused.headers["retry-after"] == "1"
            asked = {**QUESTION, "stream": True}
            promised = asyncio.create_task(http.post("/v1/answer", json=asked, headers=signed(Role.SERVICE)))
            await eventually(lambda: admission.waiting == 2)
        assert (await first).status_code == 200
        told = [event.type for event in Decoder().feed((await promised).content)]
        assert (told[0], told[1], told[-1]) == (CROWDED, "run-start", "run-end")
        again = await http.post("/v1/answer", json=asked, headers=signed(Role.SERVICE))
        assert next(iter(Decoder().feed(again.content))).type == "run-start"


async def test_services_have_texts_grouped() -> None:
    """Texts that say alike come back as positions; nobody but a service is let in."""
    app = built()
    body = {"texts": ["How do I trim the wick?", "A boat", "trimming a wick"]}
    async with client(app, Role.SERVICE) as http:
        answer = await http.post("/v1/groups", json=body)
        assert answer.json() == {"groups": [[0, 2], [1]]}
        assert (await http.post("/v1/groups", json={"texts": []})).status_code == 422
        assert (await http.post("/v1/groups", json={"texts": ["a"] * 1001})).status_code == 422
        for role in (Role.VISITOR, Role.OWNER, Role.PUBLIC):
            assert (await http.post("/v1/groups", json=body, headers=signed(role))).status_code == 403
