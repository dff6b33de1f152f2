"""The adapter to Cohere: the real SDK over real HTTP, with every trap of it sprung."""

import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from retriever.cohere import Cohere
from retriever.ports import Finished, Material, Referred, Written
from shared.errors import CarrelError, UpstreamTimeoutError, UpstreamUnavailableError
from tests.support.fake_cohere import KEY, Failure, FakeCohere, cohere
from tests.support.ports import free_ports

GIVEN = [Material("c1", "Lamps", "A lamp is lit at dusk. It burns oil.")]
TURNS = [("user", "When is a lamp lit, dear visitor-secret?")]


@dataclass
class Both:
    """The fake, the adapter to it, and how many requests were counted."""

    fake: FakeCohere
    model: Cohere
    counted: int = 0


@pytest.fixture
async def both() -> AsyncIterator[Both]:
    async with cohere() as fake:
        model = adapter(fake.url)
        found = Both(fake, model)

        async def count() -> None:
            found.counted += 1

        model._spend = count
        yield found
        await model.close()


def adapter(url: str) -> Cohere:
    async def free() -> None:
        pass

    return Cohere(
        KEY,
        base_url=url,
        chat_model="chat",
        rerank_model="rank",
        spend=free,
        first_word_s=0.5,
        rerank_s=0.5,
    )


async def said(model: Cohere) -> list[Written | Referred | Finished]:
    return [part async for part in model.write("Be exact.", TURNS, GIVEN)]


@pytest.mark.parametrize("mode", ["ACCURATE", "FAST"])
@pytest.mark.parametrize("thinking", [False, True])
async def test_a_stream_becomes_text_citations_and_an_end(both: Both, mode: str, thinking: bool) -> None:
    """Text in order, citations wherever they come, tokens at the end; thinking is not told."""
    both.fake.mode, both.fake.thinking = mode, thinking  # type: ignore[assignment]
    parts = await said(both.model)
    text = "".join(part.text for part in parts if isinstance(part, Written))
    assert text == "A lamp is lit at dusk. \U0001f600 That is all."
    assert Referred(0, 22, "A lamp is lit at dusk.", ("c1",)) in parts
    assert parts[-1] == Finished(complete=True, input_tokens=11, output_tokens=7)


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
        ("not-json", 2),
        ("slow", 1),
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
    assert isinstance(caught.value, UpstreamTimeoutError if failure == "slow" else UpstreamUnavailableError)
    assert len(both.fake.asked) == both.counted == requests
    for secret in (KEY, "payload-of-an-error", "visitor"):
        assert secret not in caplog.text + str(caught.value)


async def test_one_failure_before_the_first_word_is_tried_again(both: Both) -> None:
    """A server that fails once costs a second request and no answer."""
    both.fake.chat, both.fake.failures = "broken", 1
    assert isinstance((await said(both.model))[-1], Finished)
    assert both.counted == 2


async def test_an_event_of_a_later_version_is_passed_over_in_silence(
    both: Both, caplog: pytest.LogCaptureFixture
) -> None:
    """The SDK would write its payload to the root logger."""
    both.fake.chat = "unknown-event"
    assert isinstance((await said(both.model))[-1], Finished)
    assert "A lamp" not in caplog.text


async def test_rerank(both: Both) -> None:
    """The places come best first."""
    ranked = await both.model.rank("lit lamp", ["about oil", "a lamp is lit", "a lamp"])
    assert ranked == [(1, 1.0), (2, 0.5), (0, 0.0)]


@pytest.mark.parametrize("failure", ["unauthorized", "limited", "broken", "not-json", "slow"])
async def test_rerank_fails_once_and_in_time(both: Both, failure: Failure) -> None:
    """Reranking is not tried again: the fused order is there."""
    both.fake.rerank = failure
    with pytest.raises(CarrelError):
        await both.model.rank("lamp", ["a lamp"])
    assert both.counted == 1


async def test_nobody_there() -> None:
    """A server that is not there is unavailable, by name of the error only."""
    (port,) = free_ports(1)
    model = adapter(f"http://127.0.0.1:{port}")
    with pytest.raises(UpstreamUnavailableError, match=r"cannot be reached \(ConnectError\)"):
        await said(model)
    await model.close()
