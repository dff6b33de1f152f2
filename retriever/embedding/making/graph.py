"""A BERT sentence encoder as an ONNX graph, written node by node from its weights.

Owns the names the weights have (``BertModel`` of the published checkpoints) and what is folded into them:
the token type, which is always the first, lies in the positions; query, key and value are one product; the
scale of the scores lies in the query. The mean over the tokens and the division by the length are part of
the graph. It has no mask: texts of one run have the same number of tokens. Pure.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from retriever.embedding.making.weights import Weights

OPSET = 20
IR_VERSION = 10

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Shape:
    """What the weights do not tell by themselves."""

    heads: int
    epsilon: float = 1e-12
    """Added to a variance before its root is taken."""


def build_graph(weights: Weights, shape: Shape) -> onnx.ModelProto:
    """Return the encoder.

    Its input ``ids`` is int64 of (texts, tokens), its output ``vectors`` float32 of (texts, size), each of
    length 1.

    Raises
    ------
    KeyError
        If a weight is missing.
    """
    return _Graph(weights, shape).whole()


@dataclass
class _Graph:
    weights: Weights
    shape: Shape
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: dict[str, onnx.TensorProto] = field(default_factory=dict)

    def whole(self) -> onnx.ModelProto:
        hidden, size = self._embedded(), self.weights["embeddings.word_embeddings.weight"].shape[1]
        layer = 0
        while f"encoder.layer.{layer}.output.dense.weight" in self.weights:
            hidden = self._layer(f"encoder.layer.{layer}.", hidden, size)
            layer += 1
        mean = self._node("ReduceMean", [hidden, self._integers("over_tokens", [1])], "mean", keepdims=0)
        self._node("LpNormalization", [mean], "vectors", axis=-1, p=2)
        ids = helper.make_tensor_value_info("ids", TensorProto.INT64, ["texts", "tokens"])
        vectors = helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["texts", size])
        graph = helper.make_graph(self.nodes, "encoder", [ids], [vectors], list(self.constants.values()))
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
        model.ir_version = IR_VERSION
        onnx.checker.check_model(model)
        return model

    def _embedded(self) -> str:
        places = self.weights["embeddings.position_embeddings.weight"]
        kind = self.weights["embeddings.token_type_embeddings.weight"][0]
        self._node("Gather", [self._weight("embeddings.word_embeddings.weight"), "ids"], "words")
        self._node("Shape", ["ids"], "tokens", start=1, end=2)
        table = self._constant("places", places + kind)
        bounds = [self._integers("first", [0]), "tokens", self._integers("rows", [0])]
        self._node("Slice", [table, *bounds], "placed")
        return self._normalized("embeddings.LayerNorm", self._node("Add", ["words", "placed"], "embedded"))

    def _layer(self, name: str, hidden: str, size: int) -> str:
        attended = self._attention(f"{name}attention.self.", hidden, size)
        attended = self._dense(f"{name}attention.output.dense", attended)
        attended = self._node("Add", [attended, hidden], f"{name}attended")
        attended = self._normalized(f"{name}attention.output.LayerNorm", attended)
        wide = self._node("Gelu", [self._dense(f"{name}intermediate.dense", attended)], f"{name}wide")
        output = self._node("Add", [self._dense(f"{name}output.dense", wide), attended], f"{name}both")
        return self._normalized(f"{name}output.LayerNorm", output)

    def _attention(self, name: str, hidden: str, size: int) -> str:
        scale = math.sqrt(size // self.shape.heads)
        parts = [self._linear(f"{name}{part}") for part in ("query", "key", "value")]
        parts[0] = (parts[0][0] / np.float32(scale), parts[0][1] / np.float32(scale))
        joined = self._product(
            f"{name}joined",
            hidden,
            np.concatenate([p[0] for p in parts], 1),
            np.concatenate([p[1] for p in parts]),
        )
        split = [f"{name}{part}s" for part in ("query", "key", "value")]
        self.nodes.append(helper.make_node("Split", [joined], split, axis=-1, num_outputs=3))
        query, key, value = (
            self._headed(place, size, [0, 2, 3, 1] if place.endswith("keys") else [0, 2, 1, 3])
            for place in split
        )
        scores = self._node("MatMul", [query, key], f"{name}scores")
        shares = self._node("Softmax", [scores], f"{name}shares", axis=-1)
        mixed = self._node("MatMul", [shares, value], f"{name}mixed")
        mixed = self._node("Transpose", [mixed], f"{name}turned", perm=[0, 2, 1, 3])
        return self._node("Reshape", [mixed, self._integers("flat", [0, 0, size])], f"{name}context")

    def _headed(self, name: str, size: int, order: Sequence[int]) -> str:
        """Split the last axis into heads and bring them to the front."""
        heads = self.shape.heads
        headed = self._integers("headed", [0, 0, heads, size // heads])
        return self._node(
            "Transpose",
            [self._node("Reshape", [name, headed], f"{name}.apart")],
            f"{name}.headed",
            perm=order,
        )

    def _dense(self, name: str, hidden: str) -> str:
        return self._product(name, hidden, *self._linear(name))

    def _linear(self, name: str) -> tuple[Array, Array]:
        """Return a layer's matrix, turned for a product from the left, and its bias."""
        return self.weights[f"{name}.weight"].T, self.weights[f"{name}.bias"]

    def _product(self, name: str, hidden: str, matrix: Array, bias: Array) -> str:
        product = self._node("MatMul", [hidden, self._constant(f"{name}.matrix", matrix)], f"{name}.product")
        return self._node("Add", [product, self._constant(f"{name}.bias", bias)], f"{name}.out")

    def _normalized(self, name: str, hidden: str) -> str:
        given = [hidden, self._weight(f"{name}.weight"), self._weight(f"{name}.bias")]
        return self._node("LayerNormalization", given, f"{name}.out", axis=-1, epsilon=self.shape.epsilon)

    def _weight(self, name: str) -> str:
        return self._constant(name, self.weights[name])

    def _integers(self, name: str, values: Sequence[int]) -> str:
        return self._constant(name, np.array(values, dtype=np.int64))

    def _constant(self, name: str, value: NDArray[np.generic] | np.generic) -> str:
        if name not in self.constants:
            self.constants[name] = numpy_helper.from_array(
                np.ascontiguousarray(value).reshape(np.shape(value)), name
            )
        return name

    def _node(self, kind: str, given: Sequence[str], name: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, list(given), [name], name=name, **attributes))
        return name
