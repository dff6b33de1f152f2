"""The model that everybody has: the same words in the same pieces, whoever asks."""

import json
from typing import Any

import httpx
import pytest

from bench.compare.fake import MODEL, Telling, app
from bench.compare.page import numbers
from shared.sse import Decoder
from tests.support.fake_cohere import KEY

ASKED = {"model": "command-a-03-2025", "messages": [{"role": "user", "content": "Well?"}], "stream": True}
DOCUMENTS = {"documents": [{"id": "d", "data": {"text": "Something."}}]}


@pytest.fixture
def telling() -> Telling:
    """Five words, without a pause."""
    return Telling(words=5)


@pytest.fixture
def http(telling: Telling) -> httpx.AsyncClient:
    """A client of the model, in process."""
    transport = httpx.ASGITransport(app(telling))
    return httpx.AsyncClient(
        transport=transport, base_url="http://model", headers={"Authorization": f"Bearer {KEY}"}
    )


async def events(http: httpx.AsyncClient, path: str, body: dict[str, Any]) -> list[dict[str, Any]]:
    """What is streamed, but for the end."""
    answer = (await http.post(path, json=body)).raise_for_status()
    data = [event.data for event in Decoder().feed(answer.content)]
    assert data[-1] == "[DONE]"
    return [json.loads(line) for line in data[:-1]]


async def test_both_are_told_the_same_pieces(http: httpx.AsyncClient) -> None:
    """A word a piece, as many for Cohere's client as for OpenAI's."""
    cohere = [
        event["delta"]["message"]["content"]["text"]
        for event in await events(http, "/v2/chat", ASKED | DOCUMENTS)
        if event["type"] == "content-delta"
    ]
    openai = [
        piece
        for event in await events(http, "/v1/chat/completions", ASKED)
        if (piece := event["choices"][0]["delta"].get("content"))
    ]
    for pieces in (cohere, openai):
        assert [list(numbers(piece)) for piece in pieces] == [[0], [1], [2], [3], [4]]


async def test_cohere_cites_what_it_says(http: httpx.AsyncClient) -> None:
    """The citation's text is that slice of the answer."""
    said = await events(http, "/v2/chat", ASKED | DOCUMENTS)
    text = "".join(e["delta"]["message"]["content"]["text"] for e in said if e["type"] == "content-delta")
    (cited,) = [e["delta"]["message"]["citations"] for e in said if e["type"] == "citation-start"]
    assert text[cited["start"] : cited["end"]] == cited["text"]
    assert cited["sources"][0]["id"] == "d"


async def test_openai_answers_whole_too(http: httpx.AsyncClient) -> None:
    """Without ``stream`` it is one object; the model is listed."""
    answer = (await http.post("/v1/chat/completions", json={**ASKED, "stream": False})).json()
    assert len(numbers(answer["choices"][0]["message"]["content"])) == 5
    assert [model["id"] for model in (await http.get("/v1/models")).json()["data"]] == [MODEL]


async def test_it_is_set_and_counts(http: httpx.AsyncClient, telling: Telling) -> None:
    """How many words, how fast; the most at once begins anew."""
    await events(http, "/v1/chat/completions", ASKED)
    assert (await http.get("/telling")).json() == {"now": 0, "most": 1}
    told = (await http.put("/telling", json={"words": 2, "pace_s": 0.001})).json()
    assert told == {"now": 0, "most": 0}
    assert len(await events(http, "/v1/chat/completions", ASKED)) == 1 + 2 + 1
    assert (telling.words, telling.most) == (2, 1)
