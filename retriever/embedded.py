"""The Qdrant engine in this process, its files in one folder.

Owns the engine's one thread: the engine never releases the interpreter lock and one shard has one owner,
so every call goes through a single worker, in small batches. Translates the port's types; never decides.
Never calls ``optimize()``, which stops the whole process for tens of seconds.
"""

import asyncio
import logging
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from retriever.embedded_folders import CONFIGURATION, DENSE, folders, living_folder, switch_to
from retriever.lru import Lru
from retriever.ports import (
    AnyOf,
    Between,
    Condition,
    Equals,
    Hit,
    NoneOf,
    Payload,
    Point,
    Schema,
    Signal,
    Stored,
    Where,
)
from retriever.sparse import SparseVector
from shared.errors import UpstreamUnavailableError
from shared.tasks import cancel, spawn

BATCH = 64
FLUSH_AFTER_UPDATES = 3000
FLUSH_AFTER_IDLE_S = 30.0
REMEMBERED = 50_000
"""Payloads of chunks that were found, without their text: some 20 MB."""

_T = TypeVar("_T")
_log = logging.getLogger(__name__)


class EmbeddedStore:
    """A :class:`retriever.ports.VectorStore` over the files in ``folder``."""

    exclusive = True

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="qdrant")
        self._shard: Any = None
        self._unflushed = 0
        self._idle: asyncio.Task[None] | None = None
        self._quiet = True
        self._closed = False
        # Used on the engine's thread alone.
        self._read_before: Lru[tuple[str, tuple[str, ...]], Payload] = Lru(entries=REMEMBERED)
        self._keys: set[tuple[str, ...]] = set()

    async def ensure(self, schema: Schema) -> None:
        await self._call(lambda: self._open(schema), logged=False)
        if self._idle is None:
            self._idle = spawn(self._flush_when_idle(), name="qdrant-flush")

    async def ping(self) -> None:
        if self._shard is None:
            raise UpstreamUnavailableError("The embedded index is not open")

    async def upsert(self, points: Sequence[Point]) -> None:
        for first in range(0, len(points), BATCH):
            batch = points[first : first + BATCH]
            await self._update(len(batch), partial(self._upsert, points=batch))

    async def delete(self, where: Where) -> None:
        await self._update(1, lambda q: q.UpdateOperation.delete_points_by_filter(_filter(q, where)))

    async def search(
        self, signals: Sequence[Signal], *, where: Where, keys: Sequence[str] | None = None
    ) -> list[list[Hit]]:
        wanted = None if keys is None else tuple(keys)

        def run(q: Any) -> list[list[Hit]]:
            found = _filter(q, where)
            batch = q.QueryBatchRequest([_query(q, signal, found) for signal in signals])
            lists = [
                [(str(p.id), float(p.score)) for p in points] for points in self._shard.query_batch(batch)
            ]
            payloads = self._payloads({id for points in lists for id, _ in points}, wanted)
            return [[Hit(id, score, payloads[id]) for id, score in points] for points in lists]

        return await self._read(run)

    async def retrieve(self, ids: Sequence[str], *, keys: Sequence[str] | None = None) -> list[Stored]:
        return await self._read(
            lambda _: [_stored(record) for record in self._shard.retrieve(list(ids), _keys(keys), False)]
        )

    async def scroll(
        self, where: Where, *, limit: int, after: str | None = None, keys: Sequence[str] | None = None
    ) -> tuple[list[Stored], str | None]:
        def run(q: Any) -> tuple[list[Stored], str | None]:
            request = q.ScrollRequest(
                offset=after,
                limit=limit,
                filter=_filter(q, where),
                with_payload=_keys(keys),
                with_vector=False,
            )
            records, following = self._shard.scroll(request)
            return [_stored(record) for record in records], None if following is None else str(following)

        return await self._read(run)

    async def read(
        self, where: Where, *, limit: int, after: str | None = None
    ) -> tuple[list[Point], str | None]:
        def run(q: Any) -> tuple[list[Point], str | None]:
            request = q.ScrollRequest(
                offset=after, limit=limit, filter=_filter(q, where), with_payload=True, with_vector=True
            )
            records, following = self._shard.scroll(request)
            return [_point(record) for record in records], None if following is None else str(following)

        return await self._read(run)

    async def newest(
        self,
        where: Where,
        *,
        by: str,
        limit: int,
        until: int | None = None,
        keys: Sequence[str] | None = None,
    ) -> list[Stored]:
        def run(q: Any) -> list[Stored]:
            order = q.OrderBy(by, q.Direction.Desc, until)
            request = q.ScrollRequest(
                limit=limit,
                filter=_filter(q, where),
                with_payload=_keys(keys),
                with_vector=False,
                order_by=order,
            )
            return [_stored(record) for record in self._shard.scroll(request)[0]]

        return await self._read(run)

    async def count(self, where: Where) -> int:
        return await self._read(
            lambda q: int(self._shard.count(q.CountRequest(exact=True, filter=_filter(q, where))))
        )

    async def flush(self) -> None:
        await self._read(lambda _: self._flush())

    async def close(self) -> None:
        await cancel(self._idle)
        self._idle = None
        if self._closed:
            return
        self._closed = True
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown(wait=False)

    def _payloads(self, ids: set[str], keys: tuple[str, ...] | None) -> dict[str, Payload]:
        """What points say of ``keys``; reading takes longer than finding, so it is remembered."""
        if keys is None:
            return {str(r.id): r.payload or {} for r in self._shard.retrieve(list(ids), True, False)}
        kept = {id: self._read_before.get((id, keys)) for id in ids}
        missing = [id for id, payload in kept.items() if payload is None]
        for record in self._shard.retrieve(missing, list(keys), False) if missing else ():
            payload: Payload = record.payload or {}
            kept[str(record.id)] = payload
            self._read_before.put((str(record.id), keys), payload)
            self._keys.add(keys)
        return {id: payload or {} for id, payload in kept.items()}

    async def _update(self, changes: int, operation: Callable[[Any], Any]) -> None:
        def run(q: Any) -> None:
            self._shard.update(operation(q))
            self._unflushed += changes
            self._quiet = False
            if self._unflushed >= FLUSH_AFTER_UPDATES:
                self._flush()

        await self._read(run)

    async def _read(self, run: Callable[[Any], _T]) -> _T:
        def guarded() -> _T:
            if self._shard is None:
                raise UpstreamUnavailableError("The embedded index is not open")
            return run(_engine())

        return await self._call(guarded)

    async def _call(self, run: Callable[[], _T], *, logged: bool = True) -> _T:
        """Run on the engine's thread; a started call is finished even if its caller goes away."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, lambda: _translated(run, logged=logged))

    async def _flush_when_idle(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_AFTER_IDLE_S)
            quiet, self._quiet = self._quiet, True
            if quiet and self._unflushed:
                await self.flush()

    def _open(self, schema: Schema) -> None:
        if self._shard is not None:
            return
        q = _engine()
        if not (self._folder / CONFIGURATION).exists():
            _create(q, self._folder, schema)
        self._shard = q.EdgeShard.load(str(self._folder))

    def _upsert(self, q: Any, points: Sequence[Point]) -> Any:
        for point in points:
            for keys in self._keys:
                self._read_before.drop((point.id, keys))
        return q.UpdateOperation.upsert_points(
            [q.Point(point.id, _vectors(q, point), dict(point.payload)) for point in points]
        )

    def _flush(self) -> None:
        self._shard.flush()
        self._unflushed = 0

    def _close(self) -> None:
        if self._shard is not None:
            shard, self._shard = self._shard, None
            shard.close()


class EmbeddedCollections:
    """A :class:`retriever.ports.Collections` of two folders; a file beside them names the living one."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._folders = folder, folders(folder)

    async def exist(self) -> bool:
        return (living_folder(self._folder) / CONFIGURATION).exists()

    async def living(self) -> EmbeddedStore:
        return EmbeddedStore(living_folder(self._folder))

    async def beside(self) -> EmbeddedStore:
        return EmbeddedStore(self._beside())

    async def switch(self) -> None:
        name = self._beside().name
        await asyncio.to_thread(_translated, lambda: switch_to(self._folder, name), logged=True)

    async def moved(self) -> bool:
        return False

    async def clear(self) -> None:
        await asyncio.to_thread(shutil.rmtree, self._beside(), ignore_errors=True)

    async def close(self) -> None:
        """There is nothing but the stores."""

    def _beside(self) -> Path:
        living = living_folder(self._folder)
        return next(folder for folder in self._folders if folder != living)


def _engine() -> Any:
    import qdrant_edge

    return qdrant_edge


def _create(q: Any, folder: Path, schema: Schema) -> None:
    """Make the index beside its place and move it there whole, so that a kill leaves no half of one."""
    building = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(building, ignore_errors=True)
    building.parent.mkdir(parents=True, exist_ok=True)
    sparse = {name: q.EdgeSparseVectorParams(modifier=q.Modifier.Idf) for name in schema.sparse}
    dense = {}
    if schema.dense_size is not None:
        dense = {DENSE: q.EdgeVectorParams(size=schema.dense_size, distance=q.Distance.Cosine)}
    shard = q.EdgeShard.create(str(building), q.EdgeConfig(vectors=dense, sparse_vectors=sparse))
    for key in schema.keywords:
        shard.update(q.UpdateOperation.create_field_index(key, q.PayloadSchemaType.Keyword))
    for key in schema.integers:
        shard.update(q.UpdateOperation.create_field_index(key, q.PayloadSchemaType.Integer))
    shard.close()
    building.rename(folder)


def _translated(run: Callable[[], _T], *, logged: bool) -> _T:
    try:
        return run()
    except (UpstreamUnavailableError, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic of the engine is a BaseException
        if "WouldBlock" in str(error):
            raise UpstreamUnavailableError(
                "The embedded index is in use by another process: only one retriever can own it; "
                "set QDRANT_URL to share an index"
            ) from error
        if logged:
            _log.error("the embedded engine failed", exc_info=error)
        raise UpstreamUnavailableError("The embedded index failed; the log says why") from error


def _vectors(q: Any, point: Point) -> dict[str, Any]:
    vectors = {
        name: q.SparseVector(list(vector.indices), list(vector.values))
        for name, vector in point.sparse.items()
    }
    return vectors if point.dense is None else vectors | {DENSE: list(point.dense)}


def _query(q: Any, signal: Signal, where: Any) -> Any:
    if signal.sparse is not None:
        query = q.SparseVector(list(signal.sparse.indices), list(signal.sparse.values))
        nearest = q.Query.Nearest(query, signal.using)
    else:
        nearest = q.Query.Nearest(list(signal.dense or ()), DENSE)
    return q.QueryRequest(limit=signal.limit, query=nearest, filter=where, with_payload=False)


def _filter(q: Any, where: Where) -> Any:
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


def _keys(keys: Sequence[str] | None) -> bool | list[str]:
    return True if keys is None else list(keys)


def _stored(record: Any) -> Stored:
    return Stored(id=str(record.id), payload=record.payload or {})


def _point(record: Any) -> Point:
    vectors = dict(record.vector or {})
    dense = vectors.pop(DENSE, None)
    sparse = {
        name: SparseVector(tuple(vector.indices), tuple(vector.values)) for name, vector in vectors.items()
    }
    return Point(str(record.id), record.payload or {}, sparse, dense)
