"""Vectors as a service gives them, made such as a search wants them: checked, and of length 1. Pure."""

from array import array
from collections.abc import Sequence
from math import hypot, isfinite
from typing import Any

from shared.errors import UpstreamUnavailableError


def unit_vectors(rows: Any, *, count: int, size: int) -> "list[array[float]]":
    """Return ``count`` vectors of ``size`` numbers as vectors of length 1.

    Raises
    ------
    UpstreamUnavailableError
        When ``rows`` is anything else: another number of vectors, another size, something that is no number,
        or no direction.
    """
    if not isinstance(rows, Sequence) or len(rows) != count:
        raise UpstreamUnavailableError("The embedding has another number of vectors than was asked for")
    return [_unit(row, size) for row in rows]


def _unit(row: Any, size: int) -> "array[float]":
    if not isinstance(row, Sequence) or len(row) != size:
        raise UpstreamUnavailableError(f"The embedding has vectors of another size than {size}")
    try:
        length = hypot(*row)
    except (TypeError, OverflowError):
        length = 0.0
    if not isfinite(length) or length == 0:
        raise UpstreamUnavailableError("The embedding has a vector that points nowhere")
    return array("f", [value / length for value in row])
