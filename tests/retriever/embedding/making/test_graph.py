"""The graph, beside the same encoder written plainly with numpy."""

import math
from typing import Any

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

from retriever.embedding.making.graph import Shape, build_graph
from retriever.embedding.making.weights import Weights
from tests.support.tiny_model import HEADS, LAYERS, SIZE, WORDS, tiny_weights

Array = NDArray[np.float64]
EPSILON = 1e-12


def run(weights: Weights, ids: list[list[int]]) -> NDArray[np.float32]:
    """Return the graph's vectors."""
    model = build_graph(weights, Shape(heads=HEADS, epsilon=EPSILON)).SerializeToString()
    session: Any = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    found: NDArray[np.float32] = session.run(["vectors"], {"ids": np.array(ids, np.int64)})[0]
    return found


def encode(weights: Weights, ids: list[int]) -> Array:
    """Return the vector of one text by the formulas of BERT, in double precision."""

    def dense(name: str, x: Array) -> Array:
        matrix, bias = (weights[f"{name}.{part}"].astype(float) for part in ("weight", "bias"))
        return np.asarray(x @ matrix.T + bias)

    def norm(name: str, x: Array) -> Array:
        centred = x - x.mean(-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + EPSILON)
        return np.asarray(scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"])

    def attention(name: str, x: Array) -> Array:
        query, key, value = (dense(f"{name}.self.{part}", x) for part in ("query", "key", "value"))
        heads, width = [], SIZE // HEADS
        for place in range(0, SIZE, width):
            part = slice(place, place + width)
            scores = np.exp(query[:, part] @ key[:, part].T / math.sqrt(width))
            heads.append(scores / scores.sum(-1, keepdims=True) @ value[:, part])
        return dense(f"{name}.output.dense", np.concatenate(heads, -1))

    words, places, kinds = (
        weights[f"embeddings.{name}_embeddings.weight"] for name in ("word", "position", "token_type")
    )
    x = norm("embeddings.LayerNorm", (words[ids] + places[: len(ids)] + kinds[0]).astype(float))
    gelu = np.vectorize(lambda value: value * (1 + math.erf(value / math.sqrt(2))) / 2)
    for layer in (f"encoder.layer.{number}" for number in range(LAYERS)):
        x = norm(f"{layer}.attention.output.LayerNorm", x + attention(f"{layer}.attention", x))
        wide = gelu(dense(f"{layer}.intermediate.dense", x))
        x = norm(f"{layer}.output.LayerNorm", x + dense(f"{layer}.output.dense", wide))
    mean = x.mean(0)
    return np.asarray(mean / np.linalg.norm(mean))


@pytest.mark.parametrize("tokens", [1, 2, 7, 24])
def test_it_is_the_encoder(tokens: int) -> None:
    """For texts of every length its vectors are those of the formulas."""
    weights = tiny_weights()
    ids = np.random.default_rng(tokens).integers(0, len(WORDS), tokens).tolist()

    np.testing.assert_allclose(run(weights, [ids])[0], encode(weights, ids), atol=1e-5)


def test_texts_of_one_length_run_together() -> None:
    """In floats, a text's vector is the same beside others."""
    weights = tiny_weights()

    both = run(weights, [[2, 5, 3], [2, 6, 3]])

    np.testing.assert_allclose(both, [encode(weights, [2, 5, 3]), encode(weights, [2, 6, 3])], atol=1e-5)


def test_the_output_tells_its_size() -> None:
    """The dimension of the vectors stands in the graph."""
    (output,) = build_graph(tiny_weights(), Shape(heads=HEADS)).graph.output

    assert output.type.tensor_type.shape.dim[1].dim_value == SIZE


def test_a_missing_weight_is_an_error() -> None:
    """No graph is made of half a model."""
    weights = {name: value for name, value in tiny_weights().items() if "self.key" not in name}

    with pytest.raises(KeyError, match=r"self\.key"):
        build_graph(weights, Shape(heads=HEADS))
