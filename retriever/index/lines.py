"""An index as lines of JSON: what a backup holds, read back by any version that knows the format.

Owns the format. The first line says what the index is, the last how many lines there were; between them are
points with their vectors, each document's record behind its parts, and words that a document written earlier
does not count. Pure.
"""

import json
import sys
from array import array
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from retriever.documents.records import SPARSE_VECTORS
from retriever.index.identity import Identity, identity_point, to_identity
from retriever.ports import Point
from retriever.sparse import SparseVector

FORMAT = 1
MAX_LINE_BYTES = 16 * 1024 * 1024
"""Ten times what the largest part of a document takes."""


@dataclass(frozen=True)
class Beginning:
    """The first line: what the vectors are."""

    identity: Identity


@dataclass(frozen=True)
class Removed:
    """What came before of this document does not count."""

    document_id: str


@dataclass(frozen=True)
class End:
    """The last line; without it the lines were cut."""

    lines: int
    """All lines before this one."""
    documents: int


Line = Beginning | Point | Removed | End


class BrokenLinesError(ValueError):
    """These lines are no export, or not a whole one; the text says why, and holds nothing of them."""


def write(line: Line) -> bytes:
    """Return ``line`` with its line break."""
    text = json.dumps(_said(line), ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass") + b"\n"


def read(line: bytes) -> Line:
    """Read back what :func:`write` wrote.

    Raises
    ------
    BrokenLinesError
        If it is anything else.
    """
    try:
        said = json.loads(line.decode("utf-8", "surrogatepass"))
        if "id" in said:
            return _point(said)
        if "removed" in said:
            return Removed(str(said["removed"]))
        if "end" in said:
            return End(int(said["end"]["lines"]), int(said["end"]["documents"]))
        if said["carrel"] == "index":
            return _beginning(said)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        if isinstance(error, BrokenLinesError):
            raise
        raise BrokenLinesError("it holds a line that is none of an index") from None
    raise BrokenLinesError("it is not the export of an index")


def check(point: Point, identity: Identity) -> None:
    """Raise :class:`BrokenLinesError` unless an index of ``identity`` can hold ``point``."""
    size = identity.space.size if identity.space else None
    if point.dense is not None and len(point.dense) != size:
        raise BrokenLinesError("it holds a vector of another size than its first line says")
    if not point.sparse.keys() <= set(SPARSE_VECTORS):
        raise BrokenLinesError("it holds a vector of a kind that this version does not know")


def _said(line: Line) -> Mapping[str, Any]:
    if isinstance(line, Beginning):
        return {"carrel": "index", "format": FORMAT, "identity": identity_point(line.identity).payload}
    if isinstance(line, Removed):
        return {"removed": line.document_id}
    if isinstance(line, End):
        return {"end": {"lines": line.lines, "documents": line.documents}}
    vectors = {name: [_packed("I", v.indices), _packed("f", v.values)] for name, v in line.sparse.items()}
    held: dict[str, Any] = {"sparse": vectors} if vectors else {}
    held |= {} if line.dense is None else {"dense": _packed("f", line.dense)}
    return {"id": line.id, "payload": line.payload, **held}


def _beginning(said: Mapping[str, Any]) -> Beginning:
    if said["format"] != FORMAT:
        raise BrokenLinesError(f"it has format {int(said['format'])}, this version of Carrel reads {FORMAT}")
    return Beginning(to_identity(said["identity"]))


def _point(said: Mapping[str, Any]) -> Point:
    sparse = {
        str(name): SparseVector(tuple(_unpacked("I", indices)), tuple(_unpacked("f", values)))
        for name, (indices, values) in said.get("sparse", {}).items()
    }
    dense = list(_unpacked("f", said["dense"])) if "dense" in said else None
    return Point(str(UUID(said["id"])), dict(said["payload"]), sparse, dense)


def _packed(kind: str, values: Sequence[float]) -> str:
    return b64encode(_little(array(kind, values))).decode("ascii")


def _unpacked(kind: str, text: str) -> "array[Any]":
    values = array(kind)
    values.frombytes(b64decode(text, validate=True))
    return _little(values)


def _little(values: "array[Any]") -> "array[Any]":
    if sys.byteorder == "big":  # pragma: no cover
        values.byteswap()
    return values
