import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from typing import Any

import httpx
import pytest

from shared.auth import Principal, Role, verify
from shared.clients.retriever import RetrieverClient
from shared.contracts.retriever import CROWDED, AnswerRequest, RunEvent, Turn
from shared.errors import (
    CarrelError,
    OverloadedError,
    QuotaExceededError,
    UpstreamTimeoutError,
    UpstreamUnavailableError,
    problem,
)
from shared.logging import request_id
from shared.sse import COMMENT, encode
from shared.tracing import traceparent
from tests.support.chat_fakes import WHOLE

TOKEN = "t" * 32
QUESTION = AnswerRequest(messages=[Turn(role="user", content="What is ownership?")], filters={"lang": "en"})
EVENTS = [event.model_dump(mode="json") for event in WHOLE]


class Body(httpx.AsyncByteStream):
    """A stream that yields, raises or waits; knows whether it was closed."""

    def __init__(self, *parts: bytes | Exception | asyncio.Event) -> None:
        self._parts = parts
        self.closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self._parts:
            if isinstance(part, Exception):
                raise part
            if isinstance(part, asyncio.Event):
                await part.wait()
            else:
                yield part

    async def aclose(self) -> None:
        self.closed = True


def encoded(*events: dict[str, Any]) -> bytes:
    return b"".join(encode(event, type=str(event["type"])) for event in events)


def stream(*parts: bytes | Exception | asyncio.Event) -> httpx.Response:
    return httpx.Response(200, headers={"content-type": "text/event-stream"}, stream=Body(*parts))


def refused(error: CarrelError) -> httpx.Response:
    return httpx.Response(error.status, json=problem(error, request_id="r"))


async def ask(
    answer: httpx.Response | Exception | Callable[[httpx.Request], httpx.Response],
) -> list[RunEvent]:
    """The events of one answer of a retriever that does ``answer``."""

    def handler(request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx.Response) else answer(request)

    async with httpx.AsyncClient(transport=httpx.MockTransport(handler), base_url="http://retriever") as http:
        client = RetrieverClient(http, principal=Principal(id="chat_ws", role=Role.SERVICE), token=TOKEN)
        return [event async for event in client.answer(QUESTION)]


async def test_a_crowd_is_heard_of_and_no_event() -> None:
    """What the retriever says before all others is for whoever asks, not of the answer."""
    heard: list[str] = []
    body = encode({}, type=CROWDED) + encoded(*EVENTS)
    transport = httpx.MockTransport(lambda request: stream(body))
    async with httpx.AsyncClient(transport=transport, base_url="http://retriever") as http:
        client = RetrieverClient(http, principal=Principal(id="chat_ws", role=Role.SERVICE), token=TOKEN)
        told = [event.type async for event in client.answer(QUESTION, crowded=lambda: heard.append("crowd"))]
    assert heard == ["crowd"]
    assert told == [event["type"] for event in EVENTS]


async def test_every_event_comes_out_as_it_was() -> None:
    """The whole stream, cut anywhere and with comments in it, is the events of the contract."""
    whole = COMMENT.join(encoded(event) for event in EVENTS)
    response = stream(*(whole[at : at + 11] for at in range(0, len(whole), 11)))
    assert await ask(response) == list(WHOLE)


async def test_the_request_is_signed_and_named() -> None:
    """The retriever gets the question, who asks, and the id under which both services log."""
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return stream(encoded(*EVENTS))

    context = f"00-{'a' * 32}-{'b' * 16}-01"
    token, traced = request_id.set("r-7"), traceparent.set(context)
    await ask(handler)
    request_id.reset(token)
    traceparent.reset(traced)
    await ask(handler)
    first, second = seen
    assert (first.method, first.url.path) == ("POST", "/v1/answer")
    assert (first.headers["x-request-id"], first.headers["accept"]) == ("r-7", "text/event-stream")
    assert first.headers["traceparent"] == context
    assert not {"x-request-id", "traceparent"} & set(second.headers)
    when = float(first.headers["x-carrel-signature"].split(".")[1]) - 1
    assert verify(first.headers, token=TOKEN, now=when) == Principal(id="chat_ws", role=Role.SERVICE)
    assert json.loads(first.content) == {
        "messages": [{"role": "user", "content": "What is ownership?"}],
        "filters": {"lang": "en"},
        "stream": True,
    }


async def test_nothing_is_read_after_the_end() -> None:
    """run-end is the last event, also when the stream stays open after it."""
    response = stream(encoded(*EVENTS), asyncio.Event(), encoded(*EVENTS))
    assert len(await asyncio.wait_for(ask(response), 1)) == len(EVENTS)


async def test_what_a_newer_retriever_tells_is_ignored() -> None:
    """Unknown types and fields change nothing: the services restart in any order."""
    newer = [{"type": "thought", "text": "x"}, *({**event, "new": 1} for event in EVENTS)]
    assert await ask(stream(encoded(*newer))) == list(WHOLE)


@pytest.mark.parametrize("error", [QuotaExceededError("used"), OverloadedError("busy", retry_after_ms=5)])
async def test_a_refusal_keeps_its_kind(error: CarrelError) -> None:
    """What the retriever answered instead of a stream is raised as what it was."""
    with pytest.raises(type(error), match=error.detail) as caught:
        await ask(refused(error))
    assert caught.value.retry_after_ms == error.retry_after_ms


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (httpx.Response(502, text="<html>"), 502),
        (httpx.Response(500, json=["x"]), 500),
        (httpx.Response(503, content=b"\xff"), 503),
    ],
)
async def test_a_refusal_that_is_no_problem_is_read_by_its_status(
    answer: httpx.Response, status: int
) -> None:
    """What stands between the services may answer whatever it likes."""
    with pytest.raises(CarrelError) as caught:
        await ask(answer)
    assert caught.value.status == status


@pytest.mark.parametrize("status", [204, 302, 401, 403])
async def test_our_own_fault_is_not_the_visitors(status: int, caplog: pytest.LogCaptureFixture) -> None:
    """A retriever that refuses this service is unavailable to the visitor; the log says why."""
    with pytest.raises(UpstreamUnavailableError) as caught:
        await ask(httpx.Response(status, json={"code": "unauthorized", "detail": "INTERNAL_TOKEN differs"}))
    assert "TOKEN" not in str(caught.value)
    assert (caplog.records[0].levelno, str(status) in caplog.text) == (logging.ERROR, True)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (httpx.ConnectError("refused"), UpstreamUnavailableError),
        (httpx.ConnectTimeout("slow"), UpstreamTimeoutError),
        (httpx.PoolTimeout("full"), UpstreamTimeoutError),
        (httpx.ReadError("cut"), UpstreamUnavailableError),
        (httpx.RemoteProtocolError("cut"), UpstreamUnavailableError),
        (httpx.ReadTimeout("silent"), UpstreamTimeoutError),
    ],
)
async def test_a_connection_that_fails_is_told_in_our_words(
    fault: Exception, expected: type[CarrelError]
) -> None:
    """Before and in the middle of an answer alike, and retryable."""
    for answer in (fault, stream(encoded(*EVENTS[:3]), fault)):
        with pytest.raises(expected) as caught:
            await ask(answer)
        assert caught.value.retryable


@pytest.mark.parametrize("cut", [0, 1, 8])
async def test_an_answer_that_is_cut_is_an_error(cut: int) -> None:
    """A stream without run-end never looks whole."""
    with pytest.raises(UpstreamUnavailableError, match="broke off"):
        await ask(stream(encoded(*EVENTS[:cut]), b"event: run-end\n"))


@pytest.mark.parametrize(
    "garbage",
    [
        b"event: run-end\ndata: {\n\n",
        b'event: run-end\ndata: {"type": "run-end"}\n\n',
        b'event: run-end\ndata: {"type": "no-such"}\n\n',
        b'event: content-delta\ndata: {"type": "content-delta", "delta": {"text": "\\ud800"}}\n\n',
        b"data: \xff\n\n",
    ],
)
async def test_what_is_no_event_is_an_error(garbage: bytes) -> None:
    """An event that does not keep the contract ends the answer, and is the retriever's fault."""
    with pytest.raises(UpstreamUnavailableError, match="not an event"):
        await ask(stream(garbage))


async def test_whoever_stops_listening_lets_the_connection_go() -> None:
    """Leaving in the middle, or being cancelled there, closes the upstream stream."""
    for leave in ("close", "cancel"):
        body = Body(encoded(*EVENTS[:2]), asyncio.Event())
        transport = httpx.MockTransport(lambda _, body=body: httpx.Response(200, stream=body))
        async with httpx.AsyncClient(transport=transport, base_url="http://retriever") as http:
            client = RetrieverClient(http, principal=Principal(id="c", role=Role.SERVICE), token=TOKEN)
            if leave == "close":
                async with aclosing(client.answer(QUESTION)) as events:  # type: ignore[type-var]  # a generator, typed as an iterator
                    await anext(events)
            else:
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.05):
                        [event async for event in client.answer(QUESTION)]
        assert body.closed


async def test_a_request_of_ours_that_cannot_be_sent_is_no_event_of_theirs() -> None:
    """Numbers that JSON does not have never get as far as a request."""
    for value in (float("nan"), float("inf"), {"gt": float("nan")}):
        with pytest.raises(ValueError, match="finite"):
            AnswerRequest.model_validate(
                {"messages": [{"role": "user", "content": "x"}], "filters": {"a": value}}
            )


async def grouped(answer: httpx.Response | Exception, *texts: str) -> tuple[list[list[int]], dict[str, Any]]:
    """The groups that a retriever which does ``answer`` makes, and what it was sent."""
    sent: dict[str, Any] = {}

    def handler(request: httpx.Request) -> httpx.Response:
        verify({name.lower(): value for name, value in request.headers.items()}, token=TOKEN, now=time.time())
        sent.update(json.loads(request.content), path=request.url.path)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async with httpx.AsyncClient(transport=httpx.MockTransport(handler), base_url="http://retriever") as http:
        client = RetrieverClient(http, principal=Principal(id="chat_ws", role=Role.SERVICE), token=TOKEN)
        return await client.groups(texts), sent


async def test_groups_are_asked_for_as_a_service() -> None:
    """The beginning of each text is sent, signed; what comes back is positions."""
    found, sent = await grouped(httpx.Response(200, json={"groups": [[0, 1]]}), "a" * 2000, "b")
    assert found == [[0, 1]]
    assert sent == {"path": "/v1/groups", "texts": ["a" * 1000, "b"]}


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.ReadTimeout("slow"), UpstreamTimeoutError),
        (httpx.ConnectError("away"), UpstreamUnavailableError),
        (httpx.Response(200, json={"groups": "none"}), UpstreamUnavailableError),
        (refused(OverloadedError()), OverloadedError),
        (httpx.Response(403), UpstreamUnavailableError),
    ],
)
async def test_groups_that_cannot_be_had(
    answer: httpx.Response | Exception, error: type[CarrelError]
) -> None:
    """Told as errors of ours, like an answer that cannot be had."""
    with pytest.raises(error):
        await grouped(answer, "a")
