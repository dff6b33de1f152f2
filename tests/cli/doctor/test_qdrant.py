"""cli.doctor.qdrant: a server that answers as Qdrant does, one that does not, and the embedded engine."""

from pathlib import Path

import httpx
import pytest

from cli.doctor.qdrant import check, facts, vector_size
from cli.findings import Finding
from cli.supervision.layout import Layout
from retriever.embedded.store import EmbeddedStore
from retriever.ports import Schema
from retriever.settings import RetrieverSettings
from tests.support.cli_server import serving
from tests.support.ports import free_ports

KEY = "the-key-of-qdrant"


class Qdrant:
    """Holds ``collections``, name and size of their vectors, for who has the key."""

    def __init__(self, **collections: int) -> None:
        self.collections = collections

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.headers.get("api-key") != KEY:
            return httpx.Response(401, text="Unauthorized")
        if request.url.path == "/":
            return httpx.Response(200, json={"title": "qdrant - vector search engine", "version": "1.15.1"})
        size = self.collections.get(request.url.path.removeprefix("/collections/").replace("-", "_"))
        if size is None:
            return httpx.Response(404, json={"status": {"error": "Not found"}})
        vectors = {"dense": {"size": size, "distance": "Cosine"}}
        result = {"points_count": 7, "config": {"params": {"vectors": vectors}}}
        return httpx.Response(200, json={"result": result})


def settings(url: str = "", key: str = KEY) -> RetrieverSettings:
    return RetrieverSettings.model_validate(
        {"internal_token": "t" * 32, "qdrant_url": url or None, "qdrant_api_key": key, "cohere_api_key": "k"}
    )


def checked(url: str, tmp_path: Path, key: str = KEY) -> list[Finding]:
    return check(settings(url, key), Layout(tmp_path), in_use=False)


def test_a_server_with_a_collection_that_suits(tmp_path: Path) -> None:
    """Version and size are read over HTTP."""
    with serving(Qdrant(carrel=1024)) as url:
        server, collection = checked(url, tmp_path)

    assert (server.colour, collection.colour) == ("green", "green")
    assert "7 points" in collection.found


def test_the_living_collection_is_the_one_of_the_alias() -> None:
    """After a switch the alias leads to the living one."""
    with serving(Qdrant(carrel=384, carrel_living=1024)) as url:
        assert facts(url, key=KEY, collection="carrel").size == 1024


def test_another_dimension_is_yellow(tmp_path: Path) -> None:
    """Carrel builds anew by itself, so it is no failure."""
    with serving(Qdrant(carrel=384)) as url:
        assert checked(url, tmp_path)[1].colour == "yellow"


def test_a_wrong_key_is_red(tmp_path: Path) -> None:
    """One line, which names the variable and no value."""
    with serving(Qdrant()) as url:
        (finding,) = checked(url, tmp_path, key="another-key")

    assert (finding.colour, "QDRANT_API_KEY" in finding.found) == ("red", True)
    assert "another-key" not in f"{finding}"


def test_nobody_there_follows_from_the_network(tmp_path: Path) -> None:
    """Red, and it needs the line of the network."""
    (finding,) = checked(f"http://127.0.0.1:{free_ports(1)[0]}", tmp_path)

    assert (finding.colour, finding.needs) == ("red", ("reach of QDRANT_URL",))


@pytest.mark.parametrize("body", [b"<html>", b"[1]", b'{"title": 1}'])
def test_what_is_not_qdrant_is_red(tmp_path: Path, body: bytes) -> None:
    """A proxy's page, a list, an object without a version."""
    with serving(lambda _: httpx.Response(200, content=body)) as url:
        assert [one.colour for one in checked(url, tmp_path)] == ["red"]


def test_the_embedded_engine_is_left_alone(tmp_path: Path) -> None:
    """Whether it is there and in use is told; its files are not opened."""
    layout = Layout(tmp_path)
    before = check(settings(), layout, in_use=False)[0].found
    (tmp_path / "qdrant").mkdir()

    assert "first start" in before
    assert "at rest" in check(settings(), layout, in_use=False)[0].found
    assert "in use by a running Carrel" in check(settings(), layout, in_use=True)[0].found
    assert list((tmp_path / "qdrant").iterdir()) == []


@pytest.mark.integration
async def test_the_embedded_index_tells_its_size(tmp_path: Path) -> None:
    """Also while it is open in another process: its own configuration says it."""
    store = EmbeddedStore(tmp_path / "qdrant")
    await store.ensure(Schema(sparse=("text",), keywords=(), integers=(), dense_size=384))
    try:
        server, collection = check(settings(), Layout(tmp_path), in_use=True)
    finally:
        await store.close()

    assert (server.colour, collection.colour) == ("green", "yellow")
    assert "vectors of 384 numbers; the embedding model makes vectors of 1024" in collection.found


def test_the_size_is_the_embedding_models(tmp_path: Path) -> None:
    """Cohere's as it is set, or a local model's, or none."""
    assert vector_size(settings()) == 1024
    without = RetrieverSettings.model_validate({"internal_token": "t" * 32, "embedding_model_dir": tmp_path})
    assert vector_size(without) is None
