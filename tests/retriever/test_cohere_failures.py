"""Every failure of Cohere, at every place where it is asked, through the whole service and the real SDK.

The answer comes, whole and streamed, ``degraded`` says why, and no key, question, document or body of an
error stands in any line of the log.
"""

import io
import json
import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from shared.sse import Decoder
from tests.support.cohere_room import embedding, impatient
from tests.support.fake_cohere import KEY, PAYLOAD, Failure, FakeCohere, Kind, cohere
from tests.support.ports import free_ports
from tests.support.retriever_app import built, client

LAMPS = b"# Lamps\n\nA Fresnel lens is a lens made of rings of documentsecret glass. A wick burns.\n"
MESSAGES = [
    {"role": "user", "content": "What is a Fresnel lens, asks visitorsecret?"},
    {"role": "assistant", "content": "A lens made of rings of glass."},
    {"role": "user", "content": "And what is it made of, asks visitorsecret?"},
]
MODEL = "command-a-03-2025"
REFUSED: tuple[Failure, ...] = (
    "unauthorized",
    "limited",
    "broken",
    "unavailable",
    "not-json",
    "hang-up",
    "slow",
    "slow-bytes",
    "cut",
)
ASIDE: list[tuple[Kind, Failure]] = [
    *(("rerank", failure) for failure in (*REFUSED, "nonsense")),
    *(("condense", failure) for failure in (*REFUSED, "nonsense", "error-inside")),
]
BEFORE: tuple[Failure, ...] = (*(f for f in REFUSED if f != "cut"), "cut-early", "error-inside")
AFTER: tuple[Failure, ...] = ("cut", "error-late", "second-start")
LACKING = {"rerank": "rerank", "condense": "condensing"}


@pytest.fixture
async def fake() -> AsyncIterator[FakeCohere]:
    async with cohere() as found:
        yield found


@pytest.fixture
async def http(fake: FakeCohere, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async for opened in _opened(fake.url, tmp_path):
        yield opened


@pytest.fixture
def silent(capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Whatever is logged or printed during the test, by anybody and at any level, holds no secret."""
    root, written = logging.getLogger(), io.StringIO()
    handler, level = logging.StreamHandler(written), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield
    root.removeHandler(handler)
    root.setLevel(level)
    lines = written.getvalue() + "".join(capfd.readouterr())
    assert "POST" in lines
    for secret in (KEY, PAYLOAD, "visitorsecret", "documentsecret"):
        assert secret not in lines


async def _opened(url: str, folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    app = built(
        make_model=impatient,
        cohere_api_key=KEY,
        cohere_base_url=url,
        data_dir=folder,
        cohere_monthly_calls=0,
    )
    async with client(app) as opened:
        await opened.put("/v1/documents/lamps.md", content=LAMPS, headers={"content-type": "text/markdown"})
        yield opened


async def answered(http: httpx.AsyncClient, *, stream: bool) -> dict[str, Any]:
    """What came: the text, what wrote it, what it lacked, how it ended."""
    response = await http.post("/v1/answer", json={"messages": MESSAGES, "stream": stream})
    assert response.status_code == 200, response.text
    if not stream:
        whole = response.json()
        return {
            "status": "completed",
            **{key: whole[key] for key in ("answer", "model", "degraded", "queries")},
        }
    events = [json.loads(event.data) for event in Decoder().feed(response.content)]
    end = events[-1]
    assert [event["type"] for event in events].count("run-end") == 1
    return {
        "answer": "".join(event["delta"]["text"] for event in events if event["type"] == "content-delta"),
        "model": events[0]["model"],
        "queries": events[1]["queries"],
        "degraded": end["degraded"],
        "status": end["status"],
        "error": end.get("error"),
    }


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize(("kind", "failure"), ASIDE)
async def test_without_what_makes_it_better_the_model_still_answers(
    http: httpx.AsyncClient, fake: FakeCohere, silent: None, *, kind: Kind, failure: Failure, stream: bool
) -> None:
    """Neither ranking nor condensing is needed to answer; only what failed is missing."""
    setattr(fake, kind, failure)
    answer = await answered(http, stream=stream)
    assert (answer["degraded"], answer["model"], answer["status"]) == ([LACKING[kind]], MODEL, "completed")
    assert answer["answer"].startswith("A Fresnel lens is a lens")
    condensed = answer["queries"] != [MESSAGES[-1]["content"]]
    assert condensed == (kind != "condense")


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("failure", BEFORE)
async def test_what_fails_before_its_first_word_is_answered_from_the_documents(
    http: httpx.AsyncClient, fake: FakeCohere, silent: None, *, failure: Failure, stream: bool
) -> None:
    """The documents' own sentences, whole or streamed."""
    fake.chat = failure
    answer = await answered(http, stream=stream)
    assert (answer["degraded"], answer["model"], answer["status"]) == (
        ["generation"],
        "extractive",
        "completed",
    )
    assert answer["answer"].startswith("A Fresnel lens is a lens")


@pytest.mark.parametrize("failure", AFTER)
async def test_what_fails_after_its_first_word_is_answered_where_nothing_was_sent(
    http: httpx.AsyncClient, fake: FakeCohere, silent: None, *, failure: Failure
) -> None:
    """A whole answer is begun anew, from the documents; what it was condensed to is not paid twice."""
    fake.chat = failure
    answer = await answered(http, stream=False)
    assert (answer["degraded"], answer["model"]) == (["generation"], "extractive")
    assert sum("documents" not in body for path, body in fake.asked if path == "/v2/chat") == 1


@pytest.mark.parametrize("failure", AFTER)
async def test_a_stream_that_breaks_off_says_so(
    http: httpx.AsyncClient, fake: FakeCohere, silent: None, *, failure: Failure
) -> None:
    """What was sent cannot be taken back: the run fails, to be tried again."""
    fake.chat = failure
    answer = await answered(http, stream=True)
    assert (answer["status"], answer["error"]["code"], answer["error"]["retryable"]) == (
        "failed",
        "upstream_unavailable",
        True,
    )
    assert answer["answer"]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("mode", ["FAST", "ACCURATE"])
@pytest.mark.parametrize("odd", ["", "unknown-event", "thinking"])
async def test_what_is_only_unusual_lacks_nothing(
    http: httpx.AsyncClient, fake: FakeCohere, silent: None, *, odd: str, mode: Any, stream: bool
) -> None:
    """Thoughts first, events of a later version, citations between the words or after them."""
    fake.mode, fake.thinking = mode, odd == "thinking"
    fake.chat = "unknown-event" if odd == "unknown-event" else ""
    answer = await answered(http, stream=stream)
    assert (answer["degraded"], answer["model"], answer["status"]) == ([], MODEL, "completed")


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_nobody_there(tmp_path: Path, silent: None, *, stream: bool) -> None:
    """Refused at every place, the documents answer by themselves."""
    (port,) = free_ports(1)
    async for http in _opened(f"http://127.0.0.1:{port}", tmp_path):
        answer = await answered(http, stream=stream)
        assert answer["degraded"] == ["condensing", "rerank", "generation"]
        assert answer["answer"].startswith("A Fresnel lens is a lens")


async def test_all_at_once_is_remembered(http: httpx.AsyncClient, fake: FakeCohere, silent: None) -> None:
    """After 429 everywhere nothing is asked again before its time, and the answers still come."""
    fake.chat = fake.rerank = fake.condense = "limited"
    for _ in range(3):
        answer = await answered(http, stream=False)
        assert answer["degraded"] == ["condensing", "rerank", "generation"]
    assert len(fake.asked) == 3


@pytest.fixture
async def embedded(fake: FakeCohere, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A retriever whose documents and questions Cohere embeds; one document is in."""
    app = built(
        make_model=impatient,
        make_embedders=embedding,
        cohere_api_key=KEY,
        cohere_base_url=fake.url,
        data_dir=tmp_path,
        cohere_monthly_calls=0,
    )
    async with client(app) as opened:
        await opened.put("/v1/documents/lamps.md", content=LAMPS, headers={"content-type": "text/markdown"})
        yield opened


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("failure", ["", *REFUSED, "nonsense"])
async def test_a_question_that_is_not_embedded_is_searched_by_its_words(
    embedded: httpx.AsyncClient, fake: FakeCohere, silent: None, *, failure: Failure, stream: bool
) -> None:
    """The answer comes and says what the search lacked."""
    fake.embed = failure
    answer = await answered(embedded, stream=stream)
    assert answer["degraded"] == (["dense"] if failure else [])
    assert (answer["model"], answer["status"]) == (MODEL, "completed")
    assert answer["answer"].startswith("A Fresnel lens is a lens")


@pytest.mark.parametrize("failure", [*REFUSED, "nonsense"])
async def test_a_document_that_is_not_embedded_is_found_by_its_words(
    embedded: httpx.AsyncClient, fake: FakeCohere, silent: None, *, failure: Failure
) -> None:
    """It is taken in all the same, and found."""
    fake.embed = failure
    put = await embedded.put(
        "/v1/documents/wicks.md",
        content=b"# Wicks\n\nA wick is trimmed with documentsecret scissors.",
        headers={"content-type": "text/markdown"},
    )
    assert put.status_code == 201
    found = (await embedded.post("/v1/search", json={"query": "visitorsecret trimmed wick"})).json()
    assert found["passages"][0]["document_id"] == "wicks.md"
