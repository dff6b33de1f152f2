"""The safetensors format, as far as it is needed: 32-bit floats by name.

Source: the format's own description. Eight bytes of length, little endian; so many of JSON, which gives each
tensor its type, shape and place; then the data. Pure.
"""

import json
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Weights = Mapping[str, NDArray[np.float32]]

_LENGTH = 8


def read_weights(content: bytes) -> Weights:
    """Return every 32-bit float tensor in ``content``, as views of it; other types are left out.

    Raises
    ------
    ValueError
        If ``content`` is not a whole file of this format.
    """
    begin = _LENGTH + int.from_bytes(content[:_LENGTH], "little")
    if len(content) < max(begin, _LENGTH):
        raise ValueError("the file of weights is cut off")
    header = json.loads(content[_LENGTH:begin])
    return {
        name: _tensor(content, begin, told)
        for name, told in header.items()
        if name != "__metadata__" and told["dtype"] == "F32"
    }


def write_weights(weights: Weights) -> bytes:
    """Return ``weights`` as a file of this format."""
    header, data = {}, bytearray()
    for name, tensor in weights.items():
        raw = tensor.astype("<f4").tobytes()
        offsets = [len(data), len(data) + len(raw)]
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": offsets}
        data += raw
    told = json.dumps(header).encode()
    return len(told).to_bytes(_LENGTH, "little") + told + bytes(data)


def _tensor(content: bytes, begin: int, told: Mapping[str, list[int]]) -> NDArray[np.float32]:
    first, last = told["data_offsets"]
    raw = content[begin + first : begin + last]
    if len(raw) != last - first:
        raise ValueError("the file of weights is cut off")
    return np.frombuffer(raw, dtype="<f4").reshape(told["shape"])
