"""A vector store in a dictionary, slow enough to reason about and able to fail on demand."""

import math
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from retriever.ports import (
    AnyOf,
    Between,
    Condition,
    DenseVector,
    Equals,
    Hit,
    NoneOf,
    Point,
    Schema,
    Signal,
    Stored,
    Where,
)
from shared.errors import CarrelError


class MemoryStore:
    """Fulfils ``retriever.ports.VectorStore``; ``before`` is called with each call's name and may raise."""

    exclusive = True

    def __init__(self, before: Callable[[str], None] | None = None) -> None:
        self.points: dict[str, Point] = {}
        self.calls: list[str] = []
        self.closed = False
        self.before: Callable[[str], None] = before or (lambda _: None)

    def _begin(self, name: str) -> None:
        self.calls.append(name)
        self.before(name)

    async def ensure(self, schema: Schema) -> None:
        self._begin("ensure")

    async def ping(self) -> None:
        self._begin("ping")

    async def upsert(self, points: Sequence[Point]) -> None:
        self._begin("upsert")
        self.points |= {point.id: point for point in points}

    async def delete(self, where: Where) -> None:
        self._begin("delete")
        for point in self._matching(where):
            del self.points[point.id]

    async def search(
        self, signals: Sequence[Signal], *, where: Where, keys: Sequence[str] | None = None
    ) -> list[list[Hit]]:
        self._begin("search")
        return [self._hits(signal, where, keys) for signal in signals]

    async def retrieve(self, ids: Sequence[str], *, keys: Sequence[str] | None = None) -> list[Stored]:
        self._begin("retrieve")
        return [_stored(self.points[id], keys) for id in dict.fromkeys(ids) if id in self.points]

    async def scroll(
        self, where: Where, *, limit: int, after: str | None = None, keys: Sequence[str] | None = None
    ) -> tuple[list[Stored], str | None]:
        self._begin("scroll")
        points = sorted(self._matching(where), key=lambda point: point.id)
        points = [point for point in points if after is None or point.id >= after]
        following = points[limit].id if len(points) > limit else None
        return [_stored(point, keys) for point in points[:limit]], following

    async def read(
        self, where: Where, *, limit: int, after: str | None = None
    ) -> tuple[list[Point], str | None]:
        page, following = await self.scroll(where, limit=limit, after=after)
        return [self.points[stored.id] for stored in page], following

    async def newest(
        self,
        where: Where,
        *,
        by: str,
        limit: int,
        until: int | None = None,
        keys: Sequence[str] | None = None,
    ) -> list[Stored]:
        self._begin("newest")
        points = [p for p in self._matching(where) if until is None or p.payload[by] <= until]
        points.sort(key=lambda point: -int(point.payload[by]))
        return [_stored(point, keys) for point in points[:limit]]

    async def count(self, where: Where) -> int:
        self._begin("count")
        return len(self._matching(where))

    async def flush(self) -> None:
        self._begin("flush")

    async def close(self) -> None:
        self.closed = True

    def _matching(self, where: Where) -> list[Point]:
        return [
            point
            for point in self.points.values()
            if all(_holds(condition, point.payload) for condition in where.must)
        ]

    def _hits(self, signal: Signal, where: Where, keys: Sequence[str] | None) -> list[Hit]:
        if signal.dense is not None:
            return self._nearest(signal.dense, signal.limit, where, keys)
        assert signal.sparse is not None
        holding = [
            point.sparse[signal.using] for point in self.points.values() if signal.using in point.sparse
        ]
        weights = {}
        for index, value in zip(signal.sparse.indices, signal.sparse.values, strict=True):
            count = sum(index in vector.indices for vector in holding)
            weights[index] = value * math.log(1 + (len(holding) - count + 0.5) / (count + 0.5))
        hits = [
            Hit(point.id, score, _stored(point, keys).payload)
            for point in self._matching(where)
            if (score := _score(point, signal.using, weights)) > 0
        ]
        return sorted(hits, key=lambda hit: -hit.score)[: signal.limit]

    def _nearest(
        self, vector: DenseVector, limit: int, where: Where, keys: Sequence[str] | None
    ) -> list[Hit]:
        hits = [
            Hit(point.id, _cosine(point.dense, vector), _stored(point, keys).payload)
            for point in self._matching(where)
            if point.dense is not None
        ]
        return sorted(hits, key=lambda hit: -hit.score)[:limit]


class MemoryCollections:
    """Fulfils ``retriever.ports.Collections``; what is cleared is empty when it is asked for again."""

    def __init__(self, living: MemoryStore | None = None, *, elsewhere: bool = False) -> None:
        self.stores = [living or MemoryStore(), MemoryStore()]
        self.elsewhere = elsewhere
        """Whether another process has switched."""
        self.closed = False
        self.before: Callable[[str], None] = lambda _: None

    async def exist(self) -> bool:
        return bool(self.stores[0].points)

    async def living(self) -> MemoryStore:
        self.elsewhere = False
        return self.stores[0]

    async def beside(self) -> MemoryStore:
        self.stores[1].closed = False
        return self.stores[1]

    async def switch(self) -> None:
        self.before("switch")
        self.stores.reverse()

    async def moved(self) -> bool:
        return self.elsewhere

    async def clear(self) -> None:
        self.before("clear")
        self.stores[1] = MemoryStore()

    async def close(self) -> None:
        self.closed = True


def making(store: MemoryStore | MemoryCollections) -> Callable[[], Awaitable[MemoryCollections]]:
    """Return what makes the collections, ``store`` the living one."""
    collections = store if isinstance(store, MemoryCollections) else MemoryCollections(store)

    async def make() -> MemoryCollections:
        return collections

    return make


def failing(error: CarrelError, *names: str, after: int = 0) -> Callable[[str], None]:
    """Return a ``before`` that raises ``error`` on calls of ``names``, after letting ``after`` through."""
    left = after

    def before(name: str) -> None:
        nonlocal left
        if name in names:
            if left == 0:
                raise error
            left -= 1

    return before


def _score(point: Point, using: str, weights: Mapping[int, float]) -> float:
    vector = point.sparse.get(using)
    if vector is None:
        return 0.0
    return sum(weights.get(i, 0.0) * v for i, v in zip(vector.indices, vector.values, strict=True))


def _cosine(one: DenseVector, other: DenseVector) -> float:
    length = math.sqrt(sum(x * x for x in one) * sum(x * x for x in other))
    return sum(x * y for x, y in zip(one, other, strict=True)) / length if length else 0.0


def _stored(point: Point, keys: Sequence[str] | None) -> Stored:
    return Stored(point.id, {k: v for k, v in point.payload.items() if keys is None or k in keys})


def _holds(condition: Condition, payload: Mapping[str, Any]) -> bool:
    values = _values(payload, condition.key)
    match condition:
        case Equals(value=value):
            return value in values
        case AnyOf(values=wanted):
            return any(value in values for value in wanted)
        case NoneOf(values=unwanted):
            return not any(value in values for value in unwanted)
        case Between():
            return any(isinstance(value, int | float) and _within(condition, value) for value in values)


def _within(between: Between, value: float) -> bool:
    return (
        (between.gt is None or value > between.gt)
        and (between.gte is None or value >= between.gte)
        and (between.lt is None or value < between.lt)
        and (between.lte is None or value <= between.lte)
    )


def _values(payload: Mapping[str, Any], path: str) -> list[Any]:
    found: Any = payload
    for name in (quoted or plain for quoted, plain in re.findall(r'"([^"]*)"|([^."]+)', path)):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found if isinstance(found, list) else [found]
