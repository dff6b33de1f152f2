"""OpenAI's clients over HTTP: what they send, the answers and errors they read, streams cut anywhere."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from retriever.app import Adapters, create_app
from retriever.openai.routes import DONE, streamed
from retriever.openai.translation import Chunks, Heading
from retriever.openai.wire import Completion, CompletionChunk, CompletionRequest
from retriever.ports import Finished, Material, Referred, Written
from shared import sse
from shared.auth import Role
from shared.contracts.retriever import ContentDelta, Delta, MessageEnd, RunEnd, RunEvent, RunStart
from shared.errors import UpstreamUnavailableError
from tests.support.fake_cohere import KEY, FakeCohere, cohere
from tests.support.retriever_app import built, client, in_process, settings, signed
from tests.support.retriever_memory import MemoryStore, failing, making
from tests.support.retriever_room import LAMPS
from tests.support.server import serving
from tests.support.waiting import eventually

PATH = "/v1/chat/completions"
MODEL = "command-a-03-2025"
ASKED: dict[str, Any] = {
    "model": "carrel",
    "messages": [
        {"role": "system", "content": "You are a pirate."},
        {"role": "user", "content": [{"type": "text", "text": "What is a Fresnel lens?"}]},
    ],
    "temperature": 0.3,
}
LENS = "A Fresnel lens is a lens made of rings of glass."


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with client(built()) as opened:
        await put(opened)
        yield opened


@pytest.fixture
async def fake() -> AsyncIterator[FakeCohere]:
    async with cohere() as found:
        yield found


@pytest.fixture
async def modelled(fake: FakeCohere, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with client(built(cohere_api_key=KEY, cohere_base_url=fake.url, data_dir=tmp_path)) as opened:
        await put(opened)
        yield opened


async def put(http: httpx.AsyncClient) -> None:
    params = {"url": "https://x.org/lamps", "title": "Lamps"}
    headers = {"content-type": "text/markdown"}
    done = await http.put("/v1/documents/l.md", content=LAMPS.encode(), headers=headers, params=params)
    assert done.status_code == 201


def datas(content: bytes) -> list[str]:
    """The data of each event; none has a name, which clients would not know."""
    events = list(sse.Decoder().feed(content))
    assert {event.type for event in events} == {"message"}
    return [event.data for event in events]


async def test_an_answer_in_the_documents_words(http: httpx.AsyncClient) -> None:
    """Without a model the shape is the same; the annotation is exact and has the document's address."""
    response = await http.post(PATH, json=ASKED)
    assert response.status_code == 200
    answer = Completion.model_validate(response.json())
    message = answer.choices[0].message
    assert message.content.startswith(LENS)
    cited = message.annotations[0].url_citation
    assert message.content[cited.start_index : cited.end_index] == LENS
    assert cited.url.startswith("https://x.org/lamps")
    assert cited.title == "Lamps"
    assert (answer.model, answer.carrel.usage_estimated) == ("extractive", True)
    assert answer.id.startswith("chatcmpl-")
    assert answer.created > 1_700_000_000


async def test_a_models_answer_says_what_it_cost(modelled: httpx.AsyncClient, fake: FakeCohere) -> None:
    """The tokens are the model's count, and the instructions of the client do not reach it."""
    answer = Completion.model_validate((await modelled.post(PATH, json=ASKED | {"model": MODEL})).json())
    assert (answer.model, answer.usage.total_tokens, answer.carrel.usage_estimated) == (MODEL, 18, False)
    assert answer.choices[0].message.annotations
    assert "pirate" not in json.dumps(fake.asked)


async def test_a_stream_is_the_whole_answer_in_parts(http: httpx.AsyncClient) -> None:
    """Its contents make the answer, its annotations are the same, and it ends in [DONE]."""
    whole = Completion.model_validate((await http.post(PATH, json=ASKED)).json())
    options = {"stream": True, "stream_options": {"include_usage": True}}
    response = await http.post(PATH, json=ASKED | options)
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.headers["cache-control"] == "no-store"
    *parts, last = datas(response.content)
    assert last == "[DONE]"
    chunks = [CompletionChunk.model_validate_json(part) for part in parts]
    deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
    message = whole.choices[0].message
    assert "".join(delta.content or "" for delta in deltas) == message.content
    assert [delta.annotations for delta in deltas if delta.annotations] == [message.annotations]
    assert (chunks[-1].choices, chunks[-1].usage) == ([], whole.usage)
    assert chunks[-2].carrel == whole.carrel
    assert len({(chunk.id, chunk.created) for chunk in chunks}) == 1


async def test_a_stream_that_breaks_says_so_and_does_not_end_as_a_whole_one(
    modelled: httpx.AsyncClient, fake: FakeCohere
) -> None:
    """The last event is an error; there is neither a finish reason nor [DONE]."""
    fake.chat = "cut"
    *parts, last = datas((await modelled.post(PATH, json=ASKED | {"stream": True})).content)
    assert json.loads(last)["error"]["type"] == "server_error"
    assert json.loads(last)["error"]["code"] == "upstream_unavailable"
    chunks = [CompletionChunk.model_validate_json(part) for part in parts]
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert {chunk.choices[0].finish_reason for chunk in chunks} == {None}


async def test_a_whole_answer_whose_model_breaks_is_given_by_the_documents(
    modelled: httpx.AsyncClient, fake: FakeCohere
) -> None:
    """Nothing was sent, so nothing is lost; what it lacks is said."""
    fake.chat = "cut"
    answer = Completion.model_validate((await modelled.post(PATH, json=ASKED)).json())
    assert (answer.carrel.degraded, answer.model) == (["generation"], "extractive")
    assert answer.choices[0].message.content.startswith(LENS)


async def test_models_are_listed_and_read(http: httpx.AsyncClient, modelled: httpx.AsyncClient) -> None:
    """``carrel`` is always there, the chat model where there is one."""
    assert [found["id"] for found in (await http.get("/v1/models")).json()["data"]] == ["carrel"]
    listed = (await modelled.get("/v1/models")).json()
    assert (listed["object"], [found["id"] for found in listed["data"]]) == ("list", ["carrel", MODEL])
    read = await modelled.get(f"/v1/models/{MODEL}")
    assert read.json() == listed["data"][1]
    assert read.json()["object"] == "model"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/v1/models/gpt-5", None),
        ("GET", "/v1/models/org/name", None),
        ("POST", PATH, ASKED | {"model": MODEL}),
        ("POST", PATH, ASKED | {"model": "gpt-5", "stream": True}),
    ],
)
async def test_an_unknown_model_is_not_found(
    http: httpx.AsyncClient, method: str, path: str, body: object
) -> None:
    """As OpenAI says it, in a problem document; the chat model is unknown where there is none."""
    response = await http.request(method, path, json=body)
    problem = response.json()
    assert (response.status_code, problem["code"], problem["param"]) == (404, "not_found", "model")
    assert response.headers["content-type"] == "application/problem+json"
    assert (problem["error"]["code"], problem["error"]["param"]) == ("model_not_found", "model")
    assert problem["error"]["message"] == problem["detail"]


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"tools": [{"type": "function"}]}, "tools"),
        ({"n": 3}, "n"),
        ({"stream": True, "messages": [{"role": "assistant", "content": "x"}]}, "messages"),
        ({"messages": [{"role": "system", "content": "x"}]}, "messages"),
        ({"model": 1}, "model"),
    ],
)
async def test_what_is_refused_is_named_for_either_reader(
    http: httpx.AsyncClient, more: dict[str, Any], param: str
) -> None:
    """422 before any stream begins, with the field in the problem and in OpenAI's error."""
    response = await http.post(PATH, json=ASKED | more)
    problem = response.json()
    assert (response.status_code, problem["param"]) == (422, param)
    assert problem["error"] == {
        "message": problem["detail"],
        "type": "invalid_request_error",
        "param": param,
        "code": "invalid_request",
    }


async def test_what_is_no_json_is_refused_in_both_shapes(http: httpx.AsyncClient) -> None:
    """The form of a body is told as on every route: 400, and 415 where it does not say that it is JSON."""
    broken = await http.post(PATH, content=b"{", headers={"content-type": "application/json"})
    unnamed = await http.post(PATH, content=json.dumps(ASKED).encode())
    assert (broken.status_code, unnamed.status_code) == (400, 415)
    assert "not JSON" in broken.json()["error"]["message"]
    assert "application/json" in unnamed.json()["error"]["message"]


@pytest.mark.parametrize(
    ("role", "status"), [(Role.VISITOR, 200), (Role.SERVICE, 200), (Role.OWNER, 200), (Role.PUBLIC, 403)]
)
async def test_who_may_ask(http: httpx.AsyncClient, role: Role, status: int) -> None:
    """Everybody with a name; the nameless get an error that their client reads."""
    for response in (
        await http.post(PATH, json=ASKED, headers=signed(role)),
        await http.get("/v1/models", headers=signed(role)),
    ):
        assert response.status_code == status
        assert response.json().get("error", {}).get("type") == ("permission_error" if status == 403 else None)


@pytest.mark.parametrize("stream", [False, True])
async def test_while_the_index_is_lost_it_may_be_tried_again(stream: bool) -> None:
    """503 with Retry-After, also where a stream was asked for: clients come again by themselves."""
    store = MemoryStore()
    async with client(built(store)) as http:
        store.before = failing(UpstreamUnavailableError("gone"), "ping", "search", "retrieve", "newest")
        response = await http.post(PATH, json=ASKED | {"stream": stream})
    assert (response.status_code, response.json()["error"]["type"]) == (503, "server_error")
    assert "retry-after" in response.headers


class Stalled:
    """A model that says a word and then no more; fulfils ``retriever.ports.Model``."""

    name = "stalled"

    def __init__(self) -> None:
        self.given_up = asyncio.Event()

    async def rank(self, query: str, texts: Sequence[str]) -> list[tuple[int, float]]:
        return [(at, 1.0) for at in range(len(texts))]

    async def write(
        self, instructions: str, turns: Sequence[tuple[str, str]], material: Sequence[Material]
    ) -> AsyncIterator[Written | Referred | Finished]:
        yield Written("Well")
        try:
            await asyncio.Event().wait()
        finally:
            self.given_up.set()

    async def rewrite(self, instructions: str, text: str) -> str:
        return text

    async def open(self) -> None:
        return

    async def close(self) -> None:
        return


async def test_a_client_that_hangs_up_ends_the_model_too(tmp_path: Path) -> None:
    """Nobody reads on, so nothing more is paid for, and no task is left behind."""
    model, memory = Stalled(), MemoryStore()

    adapters = Adapters(
        making(memory), make_model=lambda *_: model, make_parsing=in_process, watch_every_s=0.001
    )
    app = create_app(settings(data_dir=tmp_path), adapters=adapters)
    async with (
        asyncio.timeout(10),
        serving(app) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=signed(), trust_env=False) as http,
    ):
        await eventually(lambda: app.state.store.state.open)
        await put(http)
        async with http.stream("POST", PATH, json=ASKED | {"stream": True}) as response:
            lines = response.aiter_lines()
            while '"content":"Well"' not in await anext(lines):
                pass
        await model.given_up.wait()
        await eventually(
            lambda: not any("stream" in task.get_name() for task in asyncio.all_tasks() if not task.done())
        )


def chunks() -> Chunks:
    return Chunks(CompletionRequest.model_validate(ASKED), Heading("chatcmpl-1", 1))


START = RunStart(model="m", index_version="1")


async def test_a_silent_stream_shows_signs_of_life() -> None:
    """While nothing comes there are comments, which are no events."""
    go = asyncio.Event()

    async def slow() -> AsyncGenerator[RunEvent]:
        await go.wait()
        yield ContentDelta(delta=Delta(text="x"))
        yield MessageEnd(finish_reason="complete")
        yield RunEnd(status="completed")

    sent: list[bytes] = []
    async with asyncio.timeout(5):
        async for data in streamed(chunks(), START, slow(), interval_s=0.001):
            sent.append(data)
            if data == sse.COMMENT:
                go.set()
    assert sse.COMMENT in sent
    assert sent[-1] == DONE
    assert len(datas(b"".join(sent))) == 4


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (UpstreamUnavailableError("gone"), "upstream_unavailable", "gone"),
        (ValueError("secret"), "internal", "our side"),
        (None, "internal", "broke off"),
    ],
)
async def test_whatever_breaks_a_stream_is_its_last_event(
    error: Exception | None, code: str, message: str
) -> None:
    """Also what is ours alone, which is not told, and events that stop without their end."""

    async def broken() -> AsyncGenerator[RunEvent]:
        yield ContentDelta(delta=Delta(text="x"))
        if error:
            raise error

    sent = [data async for data in streamed(chunks(), START, broken())]
    (last,) = datas(sent[-1])
    told = json.loads(last)["error"]
    assert told["code"] == code
    assert message in told["message"]
    assert "secret" not in last
    assert DONE not in sent


async def test_the_document_shows_both_forms_of_answers_and_errors() -> None:
    """JSON and events, and a problem that has OpenAI's error beside."""
    document = built().openapi()
    answers = document["paths"][PATH]["post"]["responses"]
    assert set(answers["200"]["content"]) == {"application/json", "text/event-stream"}
    event = answers["200"]["content"]["text/event-stream"]["schema"]
    assert set(event["properties"]) == {"data"}
    for status in ("404", "422"):
        assert "error" in answers[status]["content"]["application/problem+json"]["schema"]["properties"]
    assert {"ErrorBody", "CompletionChunk", "UrlCitation"} <= set(document["components"]["schemas"])
