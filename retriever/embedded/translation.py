"""Our types as the engine's, and back. ``q`` is the engine's module, which is imported when it is needed.

Translates; never decides.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from retriever.ports import AnyOf, Between, Condition, Equals, NoneOf, Point, Signal, Stored, Where
from retriever.sparse import SparseVector

DENSE = "dense"


def vectors_of(q: Any, point: Point) -> dict[str, Any]:
    """Return the vectors of a point by their names."""
    vectors = {
        name: q.SparseVector(list(vector.indices), list(vector.values))
        for name, vector in point.sparse.items()
    }
    return vectors if point.dense is None else vectors | {DENSE: list(point.dense)}


def query_of(q: Any, signal: Signal, where: Any) -> Any:
    """Return the request for what is nearest to a signal among what the engine's filter lets in."""
    if signal.sparse is not None:
        query = q.SparseVector(list(signal.sparse.indices), list(signal.sparse.values))
        nearest = q.Query.Nearest(query, signal.using)
    else:
        nearest = q.Query.Nearest(list(signal.dense or ()), DENSE)
    return q.QueryRequest(limit=signal.limit, query=nearest, filter=where, with_payload=False)


def filter_of(q: Any, where: Where) -> Any:
    """Return the filter for which all conditions hold."""
    return q.Filter(must=list(_conditions(q, where.must)))


def _conditions(q: Any, conditions: Sequence[Condition]) -> Iterator[Any]:
    for condition in conditions:
        match condition:
            case Equals(key, str(value)):
                yield q.FieldCondition(key, match=q.MatchValue(value))
            case Equals(key, value):
                yield q.FieldCondition(key, range=q.RangeFloat(gte=value, lte=value))
            case AnyOf(key, values) if all(isinstance(value, str) for value in values):
                yield q.FieldCondition(key, match=q.MatchAny(list(values)))
            case AnyOf(key, values):
                yield q.Filter(should=list(_conditions(q, [Equals(key, value) for value in values])))
            case Between(key, gt, gte, lt, lte):
                yield q.FieldCondition(key, range=q.RangeFloat(gt=gt, gte=gte, lt=lt, lte=lte))
            case NoneOf(key, values):
                yield q.Filter(must_not=list(_conditions(q, [AnyOf(key, values)])))


def payload_keys(keys: Sequence[str] | None) -> bool | list[str]:
    """Return what of payloads is to be read; None is all of it."""
    return True if keys is None else list(keys)


def stored_of(record: Any) -> Stored:
    """Return a record without its vectors."""
    return Stored(id=str(record.id), payload=record.payload or {})


def point_of(record: Any) -> Point:
    """Return a record with its vectors."""
    vectors = dict(record.vector or {})
    dense = vectors.pop(DENSE, None)
    sparse = {
        name: SparseVector(tuple(vector.indices), tuple(vector.values)) for name, vector in vectors.items()
    }
    return Point(str(record.id), record.payload or {}, sparse, dense)
