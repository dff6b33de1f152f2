"""The format of the weights."""

import json

import numpy as np
import pytest

from retriever.embedding.making.weights import read_weights, write_weights

WEIGHTS = {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b.c": np.array([0.5], dtype=np.float32)}


def test_what_is_written_is_read() -> None:
    """Every tensor comes back with its name, shape and values."""
    found = read_weights(write_weights(WEIGHTS))

    assert found.keys() == WEIGHTS.keys()
    for name, tensor in WEIGHTS.items():
        np.testing.assert_array_equal(found[name], tensor)


def test_other_types_and_metadata_are_left_out() -> None:
    """Only 32-bit floats are weights."""
    header = json.dumps(
        {
            "__metadata__": {"format": "pt"},
            "places": {"dtype": "I64", "shape": [1], "data_offsets": [0, 8]},
            "x": {"dtype": "F32", "shape": [1], "data_offsets": [8, 12]},
        }
    ).encode()
    data = (7).to_bytes(8, "little") + np.array([1.5], "<f4").tobytes()

    found = read_weights(len(header).to_bytes(8, "little") + header + data)

    assert list(found) == ["x"]
    assert found["x"].tolist() == [1.5]


@pytest.mark.parametrize("kept", [0, 4, 20, -1])
def test_a_file_that_is_cut_off_is_refused(kept: int) -> None:
    """No part of a file passes for the whole."""
    with pytest.raises(ValueError, match="cut off"):
        read_weights(write_weights(WEIGHTS)[:kept])
