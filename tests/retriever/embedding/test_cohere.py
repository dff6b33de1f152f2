"""Embedding with Cohere: the real SDK over real HTTP, every failure of it, and the waits for documents."""

import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from math import nan
from typing import Any

import pytest

from retriever.cohere.connection import RAW_INT8
from retriever.embedding.cohere import CohereEmbedder, Waits, fixed_size, make_embedder
from retriever.ports import DenseVector, Space
from shared.errors import CarrelError, UpstreamTimeoutError, UpstreamUnavailableError
from tests.support.cohere_room import Counted, connected, model_of
from tests.support.fake_cohere import KEY, Failure, FakeCohere, cohere
from tests.support.ports import free_ports
from tests.support.retriever_app import settings

SIZE = 64
QUICK = Waits(query_s=0.5, batch_s=0.5, attempts=3, most_s=1.0, backoff_s=0.01)


@dataclass
class Both:
    """The fake, the embedder of it, and what was counted."""

    fake: FakeCohere
    embedder: CohereEmbedder
    counted: Counted


@pytest.fixture
async def both() -> AsyncIterator[Both]:
    counted = Counted()
    async with cohere() as fake:
        embedder = CohereEmbedder(
            connected(fake.url, counted), model="embed-v4.0", dimension=SIZE, waits=QUICK
        )
        await embedder.open()
        yield Both(fake, embedder, counted)
        await embedder.close()


def cosine(one: DenseVector, other: DenseVector) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


async def test_texts_that_share_words_are_near(both: Both) -> None:
    """A question is nearest to the passage about it; every vector has length 1."""
    lamp, ship = await both.embedder.passages(["a lamp burns oil", "a ship sails by night"])
    asked = await both.embedder.query("what oil burns a lamp")
    assert cosine(asked, lamp) > cosine(asked, ship) + 0.2
    assert [cosine(vector, vector) for vector in (lamp, ship, asked)] == pytest.approx([1, 1, 1], abs=1e-5)
    assert both.embedder.space == Space("cohere/embed-v4.0", SIZE)


async def test_what_is_asked_of_cohere(both: Both) -> None:
    """Each purpose by its name, in int8, cut at the end, in the dimension of the settings."""
    await both.embedder.passages(["text"])
    await both.embedder.query("text")
    common = {
        "model": "embed-v4.0",
        "texts": ["text"],
        "embedding_types": ["int8"],
        "truncate": "END",
        "output_dimension": SIZE,
    }
    assert [body for _, body in both.fake.asked] == [
        common | {"input_type": "search_document"},
        common | {"input_type": "search_query"},
    ]
    assert both.counted.totals == {"embedding": 4}


async def test_many_texts_go_in_batches_and_come_back_in_order(both: Both) -> None:
    """96 at once, the rest in a last one."""
    texts = [f"text number {at}" for at in range(200)]
    vectors = await both.embedder.passages(texts)
    assert sorted(len(body["texts"]) for _, body in both.fake.asked) == [8, 96, 96]
    for at in (0, 95, 96, 199):
        assert vectors[at] == (await both.embedder.passages([texts[at]]))[0]
    assert await both.embedder.passages([]) == []


async def test_a_question_is_embedded_once(both: Both) -> None:
    """The second time no call is made."""
    assert await both.embedder.query("a lamp") == await both.embedder.query("a lamp")
    assert both.counted.calls == 1


async def test_version_3_has_its_own_size() -> None:
    """Its models take no dimension and are not sent one."""
    async with cohere() as fake:
        embedder = CohereEmbedder(connected(fake.url), model="embed-english-v3.0", dimension=SIZE)
        assert len(await embedder.query("a lamp")) == embedder.space.size == 1024
        assert "output_dimension" not in fake.asked[0][1]
        await embedder.close()


@pytest.mark.parametrize(
    ("model", "size"),
    [
        ("embed-multilingual-v3.0", 1024),
        ("embed-english-light-v3.0", 384),
        ("embed-v4.0", None),
        ("embed-v5.0-pro", None),
    ],
)
def test_which_models_have_a_size_of_their_own(model: str, size: int | None) -> None:
    """Those of version 3."""
    assert fixed_size(model) == size


@pytest.mark.parametrize(
    ("failure", "requests"),
    [
        ("unauthorized", 1),
        ("limited", 1),
        ("broken", 2),
        ("unavailable", 2),
        ("hang-up", 2),
        ("not-json", 2),
        ("nonsense", 2),
        ("cut", 2),
        ("slow", 1),
        ("slow-bytes", 1),
    ],
)
async def test_a_question_does_not_wait(
    both: Both, failure: Failure, requests: int, caplog: pytest.LogCaptureFixture
) -> None:
    """At most a second attempt, within the time; no wait, no payload in the log or the error."""
    both.fake.embed = failure
    with caplog.at_level(logging.INFO), pytest.raises(CarrelError) as caught:
        await both.embedder.query("a visitor-secret lamp")
    assert isinstance(caught.value, UpstreamTimeoutError) == failure.startswith("slow")
    assert both.counted.calls == requests
    for secret in (KEY, "payload-of-an-error", "visitor"):
        assert secret not in caplog.text + str(caught.value)


async def test_a_question_that_failed_once_is_embedded(both: Both) -> None:
    """One failure costs a second request."""
    both.fake.embed, both.fake.failures = "broken", 1
    assert len(await both.embedder.query("a lamp")) == SIZE
    assert both.counted.calls == 2


@pytest.mark.parametrize("failure", ["limited", "broken", "hang-up", "not-json", "cut"])
async def test_documents_are_tried_again(both: Both, failure: Failure) -> None:
    """After the time that Retry-After names, or a short one."""
    both.fake.embed, both.fake.failures, both.fake.retry_after = failure, 2, "0"
    assert len(await both.embedder.passages(["a lamp"])) == 1
    assert both.counted.calls == 3


@pytest.mark.parametrize("failure", ["limited", "broken", "slow", "slow-bytes", "nonsense"])
async def test_documents_are_not_tried_for_ever(
    both: Both, failure: Failure, caplog: pytest.LogCaptureFixture
) -> None:
    """So many attempts, then the error."""
    both.fake.embed, both.fake.retry_after = failure, "0"
    with caplog.at_level(logging.INFO), pytest.raises(CarrelError) as caught:
        await both.embedder.passages(["a secret-document lamp"])
    assert both.counted.calls == QUICK.attempts
    for secret in (KEY, "payload-of-an-error", "secret-document"):
        assert secret not in caplog.text + str(caught.value)


@pytest.mark.parametrize(("failure", "retry_after"), [("unauthorized", ""), ("limited", "3600")])
async def test_what_would_take_too_long_is_not_waited_for(
    both: Both, failure: Failure, retry_after: str
) -> None:
    """A wrong key stays wrong, and an hour is for the caller to wait."""
    both.fake.embed, both.fake.retry_after = failure, retry_after
    with pytest.raises(UpstreamUnavailableError):
        await both.embedder.passages(["a lamp"])
    assert both.counted.calls == 1


async def test_who_is_told_to_wait_waits_for_all(both: Both) -> None:
    """While one batch waits, no other is sent: the limit is on all."""
    both.fake.embed, both.fake.failures, both.fake.retry_after = "limited", 2, "1"
    texts = [f"text {at}" for at in range(96 * 3)]
    assert len(await both.embedder.passages(texts)) == len(texts)
    assert both.counted.calls == 5


@pytest.mark.parametrize(
    "vectors",
    [[[1] * SIZE] * 2, [[1] * (SIZE - 1)], [[nan] * SIZE], [[0] * SIZE], [["1"] * SIZE], [[]], {"a": 1}, 5],
)
async def test_bad_vectors_are_refused(both: Both, vectors: Any) -> None:
    """Another number, another size, no numbers, no direction."""
    both.fake.vectors = vectors
    with pytest.raises(UpstreamUnavailableError):
        await both.embedder.query("a lamp")


async def test_numbers_are_not_modelled_one_by_one(both: Both) -> None:
    """The SDK would take 0.14 s for a batch, on the event loop: it gets to see none of them."""
    client = await both.embedder._connection.client()
    answer = await client.embed(
        model="m", input_type="search_query", texts=["a"], embedding_types=["int8"], output_dimension=SIZE
    )
    assert answer.embeddings.int8 is None
    assert [len(row) for row in (answer.embeddings.model_extra or {})[RAW_INT8]] == [SIZE]


async def test_nobody_there() -> None:
    """A server that is not there is unavailable, by name of the error only."""
    (port,) = free_ports(1)
    embedder = CohereEmbedder(connected(f"http://127.0.0.1:{port}"), model="m", dimension=SIZE, waits=QUICK)
    with pytest.raises(UpstreamUnavailableError, match=r"cannot be reached \(ConnectError\)"):
        await embedder.query("a lamp")
    await embedder.close()


async def test_one_connection_serves_all() -> None:
    """Embedding and writing share one client, and both may close it."""
    async with cohere() as fake:
        shared = connected(fake.url)
        embedder = make_embedder(settings(cohere_embed_dimension=SIZE), shared)
        model = model_of(shared)
        assert len(await embedder.query("a lamp")) == SIZE
        assert await model.rank("lamp", ["a lamp"]) == [(0, 1.0)]
        await embedder.close()
        await model.close()
