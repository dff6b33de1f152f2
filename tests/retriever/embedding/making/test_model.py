"""A model's folder is made whole or not at all."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest

from retriever.embedding.folder import MANIFEST, MODEL, TOKENIZER, read_checked, read_manifest, sha256
from retriever.embedding.making.graph import Shape, build_graph
from retriever.embedding.making.model import UnfaithfulError, make, quantise, vectors
from retriever.embedding.making.sources import WEIGHTS
from tests.support.tiny_model import HEADS, RECIPE, SIZE, make_tiny, tiny_files, tiny_weights

IDS = [[2, 4, 5, 3], [2, 6, 3], list(range(24))]


def test_what_is_made_can_be_checked(tmp_path: Path) -> None:
    """The folder holds the two files and a manifest that tells them and what they were made from."""
    folder = make_tiny(tmp_path / "below" / "tiny")
    manifest = read_manifest(folder)

    assert sorted(path.name for path in folder.iterdir()) == sorted([MANIFEST, MODEL, TOKENIZER])
    assert list(folder.parent.iterdir()) == [folder]
    assert (manifest.name, manifest.size, manifest.max_tokens) == ("tiny", SIZE, 16)
    assert manifest.source_sha256 == sha256(tiny_files()[WEIGHTS])
    assert read_checked(folder, manifest, TOKENIZER) == tiny_files()[TOKENIZER]
    assert manifest.versions["onnx"] == onnx.__version__


def test_the_same_is_made_again(tmp_path: Path) -> None:
    """Two folders from the same files with the same libraries are the same, byte by byte."""
    one, other = (make_tiny(tmp_path / name) for name in ("one", "other"))

    for name in (MODEL, TOKENIZER, MANIFEST):
        assert (one / name).read_bytes() == (other / name).read_bytes()


def test_quantised_it_is_near_and_small(tmp_path: Path) -> None:
    """The matrices are integers, and the vectors nearly those of the floats."""
    published, made = tmp_path / "published.onnx", tmp_path / "made.onnx"
    onnx.save(build_graph(tiny_weights(), Shape(heads=HEADS)), published)
    quantise(published, made)

    assert "MatMulInteger" in {node.op_type for node in onnx.load(made).graph.node}
    assert made.stat().st_size < published.stat().st_size
    near = (vectors(published, IDS) * vectors(made, IDS)).sum(axis=1)
    assert 0.98 < near.min() < near.max() <= 1 + 1e-6


def test_seven_bits_are_used(tmp_path: Path) -> None:
    """No entry of a matrix is so large that two products overflow 16 bits on a processor without VNNI."""
    published, made = tmp_path / "published.onnx", tmp_path / "made.onnx"
    onnx.save(build_graph(tiny_weights(), Shape(heads=HEADS)), published)
    quantise(published, made)
    tensors = {
        tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in onnx.load(made).graph.initializer
    }
    matrices = [tensor for name, tensor in tensors.items() if name.endswith("matrix_quantized")]

    assert matrices
    assert max(np.abs(matrix.astype(int)).max() for matrix in matrices) <= 64


def test_what_is_there_is_replaced(tmp_path: Path) -> None:
    """A folder is replaced as a whole, with whatever was in it."""
    folder = make_tiny(tmp_path / "tiny")
    before = read_manifest(folder)
    (folder / "other").touch()

    make(tiny_files(seed=2), weights=WEIGHTS, recipe=RECIPE, folder=folder)

    assert not (folder / "other").exists()
    assert read_manifest(folder).files[MODEL] != before.files[MODEL]


def test_an_unfaithful_model_is_not_put_in_its_place(tmp_path: Path) -> None:
    """If integers change the vectors too much, the old folder stays, and nothing is left beside it."""
    folder = make_tiny(tmp_path / "tiny")
    before = read_manifest(folder)

    with pytest.raises(UnfaithfulError, match="under 1"):
        make(tiny_files(seed=2), weights=WEIGHTS, recipe=replace(RECIPE, least_cosine=1.0), folder=folder)

    assert read_manifest(folder) == before
    assert list(tmp_path.iterdir()) == [folder]
