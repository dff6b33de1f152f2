"""Qdrant over the network: its address, its errors. What it stores is the contract suite's."""

import json
from typing import Any

import httpx
import pytest
from qdrant_client import AsyncQdrantClient
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from retriever.ports import Equals, Schema, Where
from retriever.qdrant import QdrantStore, connect
from shared.errors import InternalError, UpstreamTimeoutError, UpstreamUnavailableError

SCHEMA = Schema(sparse=("text",), keywords=("kind",), integers=("n",), dense_size=3)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://q.example", "https://q.example:443"),
        ("https://q.example:6333", "https://q.example:6333"),
        ("http://q.example", "http://q.example:6333"),
        ("http://127.0.0.1:7000/prefix", "http://127.0.0.1:7000/prefix"),
    ],
)
async def test_the_port_of_the_address_is_kept(url: str, expected: str) -> None:
    """An https address without a port is on 443, an http one on Qdrant's own."""
    client = connect(url, api_key=None)
    assert client._client.rest_uri == expected  # type: ignore[attr-defined]  # no public name tells it
    await client.close()


class Answering:
    """A client whose every method raises ``error`` or returns the next of ``answers``."""

    def __init__(self, error: Exception | None = None, **answers: Any) -> None:
        self._error, self._answers = error, answers
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Any:
        async def call(*_args: Any, **_kwargs: Any) -> Any:
            self.calls.append(name)
            answer = self._answers.get(name, self._error)
            if isinstance(answer, list):
                answer = answer.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call


def store(client: Any) -> QdrantStore:
    return QdrantStore(client, collection="test")


def unexpected(status: int) -> UnexpectedResponse:
    return UnexpectedResponse(status, "reason", b"secret detail", httpx.Headers())


@pytest.mark.parametrize(
    ("error", "ours", "said"),
    [
        (unexpected(401), UpstreamUnavailableError, "QDRANT_API_KEY"),
        (unexpected(403), UpstreamUnavailableError, "QDRANT_API_KEY"),
        (unexpected(400), InternalError, "refused a request"),
        (unexpected(404), UpstreamUnavailableError, "404"),
        (unexpected(502), UpstreamUnavailableError, "502"),
        (ResponseHandlingException(httpx.ReadTimeout("")), UpstreamTimeoutError, "in time"),
        (ResponseHandlingException(httpx.ConnectError("")), UpstreamUnavailableError, "cannot be reached"),
        (
            ResponseHandlingException(json.JSONDecodeError("", "", 0)),
            UpstreamUnavailableError,
            "cannot be reached",
        ),
        (httpx.RemoteProtocolError(""), UpstreamUnavailableError, "cannot be reached"),
    ],
)
async def test_errors_of_the_client_become_ours(error: Exception, ours: type[Exception], said: str) -> None:
    """Every error of the client is one of ours, with a detail that is safe to tell."""
    with pytest.raises(ours, match=said) as caught:
        await store(Answering(error)).count(Where((Equals("kind", "x"),)))
    assert "secret" not in str(caught.value)


async def test_a_collection_made_meanwhile_by_another_is_used() -> None:
    """Two retrievers that make the collection at once both open it."""
    client = Answering(
        collection_exists=[False, True], create_collection=unexpected(409), create_payload_index=None
    )
    await store(client).ensure(SCHEMA)
    assert client.calls.count("create_payload_index") == 2


async def test_a_collection_that_cannot_be_made_is_an_error() -> None:
    """Where there is none after the attempt either, opening fails."""
    client = Answering(collection_exists=[False, False], create_collection=unexpected(507))
    with pytest.raises(UpstreamUnavailableError, match="507"):
        await store(client).ensure(SCHEMA)


async def test_a_collection_that_is_there_is_opened_as_it_is() -> None:
    """Nothing is created where there is one."""
    client = Answering(collection_exists=[True])
    await store(client).ensure(SCHEMA)
    assert client.calls == ["collection_exists"]


async def test_a_collection_that_is_gone_is_noticed() -> None:
    """A ping finds out that somebody removed the collection."""
    with pytest.raises(UpstreamUnavailableError, match="no longer"):
        await store(Answering(collection_exists=[False])).ping()
    await store(Answering(collection_exists=[True])).ping()


async def test_dense_vectors_are_asked_for_by_name() -> None:
    """A dense signal searches the dense vector of the collection."""
    from retriever.ports import Point, Signal

    remote = store(AsyncQdrantClient(":memory:"))
    await remote.ensure(Schema(sparse=("text",), dense_size=2))
    ids = ["5f0f7a5e-0d4c-4d0c-9f51-3d6d0a3c9b11", "5f0f7a5e-0d4c-4d0c-9f51-3d6d0a3c9b12"]
    await remote.upsert([Point(ids[0], {}, dense=(1.0, 0.0)), Point(ids[1], {}, dense=(0.0, 1.0))])
    (hits,) = await remote.search([Signal(1, dense=(0.1, 0.9))], where=Where())
    assert [hit.id for hit in hits] == ids[1:]
    await remote.close()
