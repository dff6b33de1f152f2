"""What the vectors of an index are.

Owns the point that says it. Documents cut or weighed otherwise, or vectors of another space, are another
index: it is built beside the living one, never mixed into it. Pure.
"""

from dataclasses import dataclass

from retriever.documents.records import INDEX_FORMAT, SPARSE_VECTORS, point_id
from retriever.ports import Payload, Point, Schema, Space

IDENTITY_ID = point_id("index")


@dataclass(frozen=True)
class Identity:
    """How documents were cut and weighed, and where their dense vectors lie, if they have any."""

    format: str
    space: Space | None = None

    @property
    def schema(self) -> Schema:
        """What a collection for it holds."""
        return Schema(
            sparse=SPARSE_VECTORS,
            keywords=("kind", "document_id", "url"),
            integers=("created", "revision"),
            dense_size=self.space.size if self.space else None,
        )

    @property
    def words(self) -> str:
        """How health and the log call it."""
        return f"BM25 and {self.space.name}" if self.space else "BM25"

    def covers(self, target: "Identity") -> bool:
        """Return whether an index of this identity does for ``target``.

        Vectors that nobody can make now are kept: who makes them may come back.
        """
        return self.format == target.format and target.space in (None, self.space)


UNTOLD = Identity(format="")
"""Of an index made before indexes said what they are."""


def wanted(space: Space | None) -> Identity:
    """Return the identity that this version builds, with vectors of ``space``."""
    return Identity(INDEX_FORMAT, space)


def identity_point(identity: Identity) -> Point:
    """Return the point that says what an index is."""
    space = identity.space
    said = {"space": space.name, "size": space.size} if space else {"space": "", "size": 0}
    return Point(IDENTITY_ID, {"kind": "index", "format": identity.format, **said})


def to_identity(payload: Payload) -> Identity:
    """Read back an :func:`identity_point`."""
    space = Space(str(payload["space"]), int(payload["size"])) if payload["space"] else None
    return Identity(str(payload["format"]), space)
