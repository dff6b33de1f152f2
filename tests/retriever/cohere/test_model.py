"""Ranking, condensing and writing: the real SDK over real HTTP, with every trap of it sprung."""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from retriever.cohere.model import Cohere, Patience
from retriever.ports import Finished, Material, Referred, Written
from shared.errors import CarrelError, UpstreamTimeoutError, UpstreamUnavailableError
from tests.support.cohere_room import Counted, connected, model_of
from tests.support.fake_cohere import KEY, Failure, FakeCohere, cohere
from tests.support.ports import free_ports

GIVEN = [Material("c1", "Lamps", "A lamp is lit at dusk. It burns oil.")]
TURNS = [("user", "When is a lamp lit, dear visitor-secret?")]
CONVERSATION = '[{"role": "user", "text": "visitor-secret Lamps"}, {"role": "user", "text": "and it?"}]'


@dataclass
class Both:
    """The fake, the adapter to it, and what was counted."""

    fake: FakeCohere
    model: Cohere
    counted: Counted


@pytest.fixture
async def both() -> AsyncIterator[Both]:
    counted = Counted()
    async with cohere() as fake:
        model = model_of(connected(fake.url, counted))
        yield Both(fake, model, counted)
        await model.close()


async def said(model: Cohere) -> list[Written | Referred | Finished]:
    return [part async for part in model.write("Be exact.", TURNS, GIVEN)]


@pytest.mark.parametrize("mode", ["ACCURATE", "FAST"])
@pytest.mark.parametrize("thinking", [False, True])
async def test_a_stream_becomes_text_citations_and_an_end(both: Both, mode: str, thinking: bool) -> None:
    """Text in order, citations wherever they come, tokens at the end; thinking is not told."""
    both.fake.mode, both.fake.thinking = mode, thinking  # type: ignore[assignment]  # a parametrized value is no literal
    parts = await said(both.model)
    text = "".join(part.text for part in parts if isinstance(part, Written))
    assert text == "A lamp is lit at dusk. \U0001f600 That is all."
    assert Referred(0, 22, "A lamp is lit at dusk.", ("c1",)) in parts
    assert parts[-1] == Finished(complete=True, input_tokens=11, output_tokens=7)
    assert both.counted.totals == {"input": 11, "output": 7}


async def test_documents_are_sent_as_documents_only(both: Both) -> None:
    """What a document says never stands in a message, and thinking is switched off."""
    await said(both.model)
    ((path, body),) = both.fake.asked
    assert path == "/v2/chat"
    assert body["documents"] == [{"id": "c1", "data": {"title": "Lamps", "text": GIVEN[0].text}}]
    assert "oil" not in str(body["messages"])
    assert body["thinking"] == {"type": "disabled"}


@pytest.mark.parametrize(
    ("failure", "requests"),
    [
        ("unauthorized", 1),
        ("limited", 1),
        ("broken", 2),
        ("unavailable", 2),
        ("not-json", 2),
        ("hang-up", 2),
        ("slow", 1),
        ("slow-bytes", 1),
        ("cut-early", 2),
        ("cut", 1),
        ("error-inside", 2),
        ("error-late", 1),
        ("second-start", 1),
    ],
)
async def test_each_failure_of_a_stream_is_ours_to_name(
    both: Both, failure: Failure, requests: int, caplog: pytest.LogCaptureFixture
) -> None:
    """It is tried again only before the first word; every request is counted; no payload leaks."""
    both.fake.chat = failure
    with caplog.at_level(logging.INFO), pytest.raises(CarrelError) as caught:
        await said(both.model)
    late = failure in ("slow", "slow-bytes")
    assert isinstance(caught.value, UpstreamTimeoutError if late else UpstreamUnavailableError)
    assert len(both.fake.asked) == both.counted.calls == requests
    for secret in (KEY, "payload-of-an-error", "visitor"):
        assert secret not in caplog.text + str(caught.value)


async def test_a_stream_that_trickles_after_its_first_word_ends(both: Both) -> None:
    """Bytes keep coming, words do not: the wait for the next word is bounded, and so is the whole."""
    both.fake.chat, both.fake.slow_s = "slow-bytes", 0.02
    both.fake.written = "word " * 500  # takes a minute
    for patience in (
        Patience(first_word_s=30, next_word_s=0.05),
        Patience(first_word_s=30, next_word_s=30, whole_s=5),
    ):
        model = model_of(connected(both.fake.url), patience)
        stream = model.write("", TURNS, GIVEN)
        assert isinstance(await anext(stream), Written)
        with pytest.raises(UpstreamTimeoutError):
            await _read_out(stream)
        await model.close()


async def test_as_many_answers_are_written_at_once_as_are_asked_for(both: Both) -> None:
    """No connection of the client's own is waited for: an answer that got none would do without the model."""
    both.fake.going.clear()
    both.fake.holds_after = 4
    streams = [both.model.write("", TURNS, GIVEN) for _ in range(120)]
    firsts = await asyncio.gather(*(anext(stream) for stream in streams))
    assert {type(first) for first in firsts} == {Written}
    both.fake.going.set()
    await asyncio.gather(*(_read_out(stream) for stream in streams))


async def _read_out(stream: AsyncIterator[object]) -> None:
    async for _ in stream:
        pass


async def test_a_connection_is_used_again(both: Both) -> None:
    """A stream is read to its end, so that the next answer need not connect anew."""
    both.fake.done = False
    for _ in range(3):
        await said(both.model)
    assert len(set(both.fake.clients)) == 1


async def test_what_stays_open_after_its_end_is_left(both: Both) -> None:
    """The answer is whole: nobody waits for the connection's end for long."""
    both.fake.stays_open = True
    assert isinstance((await said(both.model))[-1], Finished)


async def test_one_failure_before_the_first_word_is_tried_again(both: Both) -> None:
    """A server that fails once costs a second request and no answer."""
    both.fake.chat, both.fake.failures = "broken", 1
    assert isinstance((await said(both.model))[-1], Finished)
    assert both.counted.calls == 2


async def test_an_event_of_a_later_version_is_passed_over_in_silence(
    both: Both, caplog: pytest.LogCaptureFixture
) -> None:
    """The SDK would write its payload to the root logger."""
    both.fake.chat = "unknown-event"
    assert isinstance((await said(both.model))[-1], Finished)
    assert "A lamp" not in caplog.text


async def test_rerank(both: Both) -> None:
    """The places come best first, and what is billed is counted."""
    ranked = await both.model.rank("lit lamp", ["about oil", "a lamp is lit", "a lamp"])
    assert ranked == [(1, 1.0), (2, 0.5), (0, 0.0)]
    assert both.counted.totals == {"search": 1}


ONCE: tuple[Failure, ...] = (
    "unauthorized",
    "limited",
    "broken",
    "unavailable",
    "not-json",
    "nonsense",
    "hang-up",
    "slow",
    "slow-bytes",
    "cut",
)


@pytest.mark.parametrize("failure", ONCE)
async def test_rerank_fails_once_and_in_time(
    both: Both, failure: Failure, caplog: pytest.LogCaptureFixture
) -> None:
    """Reranking is not tried again: the fused order is there."""
    both.fake.rerank = failure
    with caplog.at_level(logging.INFO), pytest.raises(CarrelError) as caught:
        await both.model.rank("visitor-secret lamp", ["a lamp"])
    assert both.counted.calls == 1
    for secret in (KEY, "payload-of-an-error", "visitor"):
        assert secret not in caplog.text + str(caught.value)


@pytest.mark.parametrize("thinking", [False, True])
async def test_a_conversation_is_condensed(both: Both, thinking: bool) -> None:
    """The text comes back whole, without thoughts; no document is sent, thinking is off, tokens count."""
    both.fake.rewritten, both.fake.thinking = "How are lamps lit?", thinking
    assert await both.model.rewrite("Condense.", CONVERSATION) == "How are lamps lit?"
    ((path, body),) = both.fake.asked
    assert (path, body["thinking"], "documents" in body) == ("/v2/chat", {"type": "disabled"}, False)
    assert both.counted.totals == {"input": 11, "output": 7}


@pytest.mark.parametrize("failure", [*ONCE, "error-inside"])
async def test_condensing_fails_once_and_in_time(
    both: Both, failure: Failure, caplog: pytest.LogCaptureFixture
) -> None:
    """It is not tried again: the words of the turns before are there."""
    both.fake.condense = failure
    with caplog.at_level(logging.INFO), pytest.raises(CarrelError) as caught:
        await both.model.rewrite("Condense.", CONVERSATION)
    assert both.counted.calls == 1
    for secret in (KEY, "payload-of-an-error", "visitor"):
        assert secret not in caplog.text + str(caught.value)


async def test_nobody_there() -> None:
    """A server that is not there is unavailable, by name of the error only."""
    (port,) = free_ports(1)
    model = model_of(connected(f"http://127.0.0.1:{port}"))
    with pytest.raises(UpstreamUnavailableError, match=r"cannot be reached \(ConnectError\)"):
        await said(model)
    await model.close()
