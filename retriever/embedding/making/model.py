"""From published weights to a folder the retriever can load: written, quantised, compared, put in its place.

Owns how the model is quantised and how near the result must be to what was published.
"""

import logging
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import tokenizers
from numpy.typing import NDArray
from onnxruntime.quantization import QuantType, quantize_dynamic

from retriever.embedding.folder import MODEL, TOKENIZER, Manifest, sha256, write_manifest
from retriever.embedding.making.graph import Shape, build_graph
from retriever.embedding.making.weights import read_weights

QUANTISATION = "int8"
SENTENCES = (
    "The reading room opens at nine in the morning and closes at six in the evening.",
    "How do I rotate an API key?",
    "def read(path: Path) -> bytes: return path.read_bytes()",
    "Réservez un carrel auprès de la bibliothèque, deux jours à l'avance.",
    "Error 503: the service cannot take this now; try again after the time in the Retry-After header.",
    "| setting | default |\n|---|---|\n| PORT | 7860 |",
    "A borrowed value cannot outlive its owner, which the compiler checks before the program runs. " * 8,
)
"""What both models are compared on: a question, prose, code, a table, another language, a long text."""


class UnfaithfulError(Exception):
    """The quantised model differs too much from the published one."""


@dataclass(frozen=True)
class Recipe:
    """What the files themselves do not tell."""

    name: str
    heads: int
    max_tokens: int
    least_cosine: float


MINILM_RECIPE = Recipe(name="all-MiniLM-L6-v2", heads=12, max_tokens=256, least_cosine=0.97)


def make(files: dict[str, bytes], *, weights: str, recipe: Recipe, folder: Path) -> float:
    """Make ``folder`` from ``files``; return the least cosine between the published model and the one made.

    ``weights`` is the name of the file of weights; the other one is the tokenizer. A folder that is there is
    replaced, at the end and as a whole.

    Raises
    ------
    UnfaithfulError
        If the least cosine is under the recipe's; nothing is replaced.
    """
    building = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    try:
        model = build_graph(read_weights(files[weights]), Shape(heads=recipe.heads))
        published = building / "published.onnx"
        onnx.save(model, published)
        quantise(published, building / MODEL)
        (building / TOKENIZER).write_bytes(files[TOKENIZER])
        cosine = _least_cosine(published, building / MODEL, files[TOKENIZER].decode(), recipe)
        published.unlink()
        write_manifest(building, _manifest(building, sha256(files[weights]), model, recipe))
        _replace(building, folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return cosine


def quantise(source: Path, target: Path) -> None:
    """Write the model ``source`` with its matrices as integers.

    Each column has its own scale; one for the whole matrix costs nine times the error. Seven bits, not eight:
    where a processor has no VNNI, two products are added in 16 bits, and with eight bits the sum can be cut
    off there. So vectors are the same on every machine.
    """
    logging.disable(logging.WARNING)  # it recommends what this graph does not need
    try:
        quantize_dynamic(source, target, per_channel=True, reduce_range=True, weight_type=QuantType.QInt8)
    finally:
        logging.disable(logging.NOTSET)


def _least_cosine(published: Path, made: Path, tokenizer: str, recipe: Recipe) -> float:
    reader = tokenizers.Tokenizer.from_str(tokenizer)
    reader.no_padding()
    reader.enable_truncation(recipe.max_tokens)
    texts = [reader.encode(text).ids for text in SENTENCES]
    least = float((vectors(published, texts) * vectors(made, texts)).sum(axis=1).min())
    if not least >= recipe.least_cosine:
        raise UnfaithfulError(
            f"the least cosine to the published model is {least:.4f}, under {recipe.least_cosine}"
        )
    return least


def vectors(model: Path, texts: Sequence[Sequence[int]]) -> NDArray[np.float32]:
    """Return the vector of each of ``texts``, which are token ids, as ``model`` gives it: (texts, size)."""
    session: Any = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return np.concatenate([session.run(None, {"ids": np.array([ids], np.int64)})[0] for ids in texts])


def _manifest(folder: Path, source_sha256: str, model: onnx.ModelProto, recipe: Recipe) -> Manifest:
    return Manifest(
        name=recipe.name,
        quantisation=QUANTISATION,
        size=model.graph.output[0].type.tensor_type.shape.dim[1].dim_value,
        max_tokens=recipe.max_tokens,
        source_sha256=source_sha256,
        files={name: sha256((folder / name).read_bytes()) for name in (MODEL, TOKENIZER)},
        versions={"onnx": onnx.__version__, "onnxruntime": onnxruntime.__version__},
    )


def _replace(building: Path, folder: Path) -> None:
    """Move ``building`` to ``folder``: a kill in between leaves no folder, never half of one."""
    shutil.rmtree(folder, ignore_errors=True)
    building.rename(folder)
