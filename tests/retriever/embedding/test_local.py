"""The local model: its vectors, its thread, its end; with a tiny model, and with the real one."""

import asyncio
import json
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from retriever.embedding.folder import MODEL, read_manifest, sha256, write_manifest
from retriever.embedding.local import REMEMBERED_QUERIES, Absent, LocalEmbedder, find
from retriever.ports import Embedder
from retriever.settings import RetrieverSettings
from shared.errors import UpstreamUnavailableError

TEXTS = ["the lamp", "a keeper", "", "the watch? " * 40, "the lamp", "kept \ud800 half"]


def settings(folder: Path) -> RetrieverSettings:
    """The retriever's settings with the model in ``folder``."""
    return RetrieverSettings(internal_token=SecretStr("t" * 16), embedding_model_dir=folder)


def opened(folder: Path) -> LocalEmbedder:
    """An embedder on the model in ``folder``."""
    found = find(settings(folder))
    assert isinstance(found, LocalEmbedder)
    return found


def dot(one: Sequence[float], other: Sequence[float]) -> float:
    """How near two vectors of length 1 are."""
    return sum(a * b for a, b in zip(one, other, strict=True))


@pytest.fixture
async def tiny(tiny_folder: Path) -> AsyncIterator[LocalEmbedder]:
    """An embedder on the tiny model."""
    embedder = opened(tiny_folder)
    yield embedder
    await embedder.close()


async def test_it_fulfils_the_port(tiny: LocalEmbedder) -> None:
    """Each text has a vector of the space's size and of length 1, a list of floats, in their order."""
    embedder: Embedder = tiny
    await embedder.open()

    vectors = await embedder.passages(TEXTS)

    assert [len(vector) for vector in vectors] == [embedder.space.size] * len(TEXTS)
    assert all(type(vector) is list and type(vector[0]) is float for vector in vectors)
    assert [dot(vector, vector) for vector in vectors] == pytest.approx([1.0] * len(TEXTS), abs=1e-5)
    assert await embedder.passages([]) == []


async def test_a_text_has_one_vector_whatever_is_beside_it(tiny: LocalEmbedder) -> None:
    """A text's vector is the same alone, among others and as a question."""
    together = await tiny.passages(TEXTS)

    assert together == [(await tiny.passages([text]))[0] for text in TEXTS]
    assert together == [await tiny.query(text) for text in TEXTS]


async def test_what_is_behind_the_last_token_is_not_looked_at(tiny: LocalEmbedder) -> None:
    """The tokenizer's own bounds are replaced by the manifest's: 16 tokens, two of them marks."""
    short, whole, longer = await tiny.passages(["the " * 13, "the " * 14, "the " * 15])

    assert whole == longer
    assert short != whole


async def test_questions_are_let_in_between(tiny: LocalEmbedder) -> None:
    """A question that comes while documents are taken in does not wait for their ends."""
    documents = [asyncio.ensure_future(tiny.passages(["the watch"] * 300)) for _ in range(4)]
    await asyncio.sleep(0)

    await tiny.query("a keeper")

    assert not any(document.done() for document in documents)
    assert await asyncio.gather(*documents) == [await tiny.passages(["the watch"]) * 300] * 4


async def test_a_caller_that_leaves_costs_the_others_nothing(tiny: LocalEmbedder) -> None:
    """After a document was given up in the middle, the next one is taken in."""
    given_up = asyncio.ensure_future(tiny.passages(["the watch"] * 300))
    await tiny.query("a keeper")
    given_up.cancel()

    assert len(await tiny.passages(["the lamp"])) == 1
    assert given_up.cancelled()


async def test_the_last_questions_are_remembered(tiny: LocalEmbedder) -> None:
    """A question's vector is kept until so many others were asked after it was asked last."""
    kept, lost = await tiny.query("kept"), await tiny.query("lost")
    for number in range(REMEMBERED_QUERIES - 1):
        await tiny.query(f"other {number}")
        assert await tiny.query("kept") is kept

    again = await tiny.query("lost")
    assert again == lost
    assert again is not lost


async def test_closing_ends_what_waits(tiny_folder: Path) -> None:
    """What is not begun when the model is closed fails as retryable; closing twice does nothing."""
    embedder = opened(tiny_folder)
    waiting = asyncio.ensure_future(embedder.passages(["the watch"] * 300))
    await embedder.query("a keeper")
    await asyncio.gather(embedder.close(), embedder.close())

    with pytest.raises(UpstreamUnavailableError, match="closed"):
        await waiting
    with pytest.raises(UpstreamUnavailableError, match="closed"):
        await embedder.query("a keeper, later")


async def test_a_changed_file_is_not_loaded(tiny_folder: Path, tmp_path: Path) -> None:
    """The error says what to do and names no path; once the file is right, the next call loads it."""
    folder = shutil.copytree(tiny_folder, tmp_path / "copy")
    whole = (folder / MODEL).read_bytes()
    (folder / MODEL).write_bytes(whole[:-1])
    embedder = opened(folder)

    with pytest.raises(
        UpstreamUnavailableError, match=r"model\.onnx is not the file .* `make model`"
    ) as raised:
        await embedder.open()
    assert str(tmp_path) not in raised.value.detail
    (folder / MODEL).write_bytes(whole)
    await embedder.open()
    await embedder.close()


async def test_a_model_that_cannot_run_is_an_error_of_ours(tiny_folder: Path, tmp_path: Path) -> None:
    """What the library says goes to the log, not to the client."""
    folder = shutil.copytree(tiny_folder, tmp_path / "copy")
    (folder / MODEL).write_bytes(b"no model")
    manifest = read_manifest(folder)
    write_manifest(folder, replace(manifest, files={**manifest.files, MODEL: sha256(b"no model")}))
    embedder = opened(folder)

    with pytest.raises(UpstreamUnavailableError, match="the log says why"):
        await embedder.query("a keeper")
    await embedder.close()


def test_no_model_is_told_with_what_to_do(tmp_path: Path) -> None:
    """Where there is no model, the reason names the setting and the command."""
    found = find(settings(tmp_path / "none"))

    assert isinstance(found, Absent)
    assert found.reason == (
        "search by words alone: there is no model in EMBEDDING_MODEL_DIR; make it with `make model`"
    )


def test_finding_a_model_imports_no_library(tiny_folder: Path) -> None:
    """The libraries take long: neither importing this module nor finding the model imports them."""
    program = (
        "import json, sys; from pathlib import Path; from tests.retriever.embedding.test_local import opened;"
        f"opened(Path({str(tiny_folder)!r})); print(json.dumps(sorted(sys.modules)))"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout

    assert not {"onnxruntime", "tokenizers", "numpy", "onnx"} & set(json.loads(told))


@pytest.fixture
async def real(real_folder: Path) -> AsyncIterator[LocalEmbedder]:
    """An embedder on the real model."""
    embedder = opened(real_folder)
    yield embedder
    await embedder.close()


@pytest.mark.integration
async def test_the_real_model_is_the_published_one(real: LocalEmbedder) -> None:
    """The vector begins as the published model's own page shows it, as near as integers come."""
    vector = await real.query("This is an example sentence")

    assert real.space.name == "local/all-MiniLM-L6-v2@53aa5117/int8/256"
    assert len(vector) == real.space.size == 384
    assert vector[:3] == pytest.approx([0.0677, 0.0635, 0.0487], abs=0.01)


@pytest.mark.integration
async def test_the_real_model_tells_what_belongs_together(real: LocalEmbedder) -> None:
    """A question is nearest to the passage that answers it, though they share no word."""
    questions = ["When can I borrow books?", "How do I change my password?", "What does it cost?"]
    passages = [
        "The library lends from nine in the morning until six in the evening.",
        "Credentials are renewed under Account, Security.",
        "The price is ten euros a month for every seat.",
    ]
    found = await real.passages(passages)

    for place, question in enumerate(questions):
        asked = await real.query(question)
        nearness = [dot(asked, vector) for vector in found]
        assert max(nearness) == nearness[place]


@pytest.mark.integration
async def test_the_real_model_is_independent_of_neighbours(real: LocalEmbedder) -> None:
    """Long and short texts together have the vectors they have alone."""
    texts = ["carrel", "A carrel is a small desk in a library. " * 40, "Where is it?"]

    assert await real.passages(texts) == [(await real.passages([text]))[0] for text in texts]
