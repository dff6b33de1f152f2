"""Qdrant over the network.

Translates the port's types and wraps the client's errors; never decides. Owns its timeouts.
"""

from collections.abc import Awaitable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from retriever.ports import (
    AnyOf,
    Between,
    Condition,
    Equals,
    Hit,
    NoneOf,
    Point,
    Schema,
    Signal,
    Stored,
    Where,
)
from retriever.sparse import SparseVector
from shared.errors import CarrelError, InternalError, UpstreamTimeoutError, UpstreamUnavailableError

if TYPE_CHECKING:
    from qdrant_client import AsyncQdrantClient

BATCH = 64
TIMEOUT_S = 10
DEFAULT_HTTP_PORT = 6333
DENSE = "dense"


def connect(url: str, *, api_key: str | None) -> "AsyncQdrantClient":
    """Return a client for ``url``; nothing is sent yet.

    The client's own default would send https addresses without a port to 6333.
    """
    from qdrant_client import AsyncQdrantClient

    return AsyncQdrantClient(
        url=url, port=port_of(url), api_key=api_key, timeout=TIMEOUT_S, check_compatibility=False
    )


def port_of(url: str) -> int:
    """Return the port that ``url`` means."""
    parts = urlsplit(url)
    return parts.port or (443 if parts.scheme == "https" else DEFAULT_HTTP_PORT)


class QdrantStore:
    """A :class:`retriever.ports.VectorStore` over one collection of a Qdrant server."""

    exclusive = False

    def __init__(self, client: "AsyncQdrantClient", *, collection: str) -> None:
        from qdrant_client import models

        self._client, self._collection, self._models = client, collection, models

    async def ensure(self, schema: Schema) -> None:
        if await _wrapped(self._client.collection_exists(self._collection)):
            return
        m = self._models
        dense = {}
        if schema.dense_size is not None:
            dense = {DENSE: m.VectorParams(size=schema.dense_size, distance=m.Distance.COSINE)}
        sparse = {name: m.SparseVectorParams(modifier=m.Modifier.IDF) for name in schema.sparse}
        await self._create(dense, sparse)
        for key in schema.keywords:
            await self._index(key, m.PayloadSchemaType.KEYWORD)
        for key in schema.integers:
            await self._index(key, m.PayloadSchemaType.INTEGER)

    async def ping(self) -> None:
        if not await _wrapped(self._client.collection_exists(self._collection)):
            raise UpstreamUnavailableError("Qdrant no longer has the collection")

    async def upsert(self, points: Sequence[Point]) -> None:
        structs = [self._struct(point) for point in points]
        for first in range(0, len(structs), BATCH):
            batch = structs[first : first + BATCH]
            await _wrapped(self._client.upsert(self._collection, batch, wait=True))

    async def delete(self, where: Where) -> None:
        selector = self._models.FilterSelector(filter=self._filter(where))
        await _wrapped(self._client.delete(self._collection, selector, wait=True))

    async def search(
        self, signals: Sequence[Signal], *, where: Where, keys: Sequence[str] | None = None
    ) -> list[list[Hit]]:
        requests = [self._query(signal, where, keys) for signal in signals]
        answers = await _wrapped(self._client.query_batch_points(self._collection, requests))
        return [[_hit(point) for point in answer.points if point.score > 0] for answer in answers]

    async def retrieve(self, ids: Sequence[str], *, keys: Sequence[str] | None = None) -> list[Stored]:
        if not ids:
            return []
        call = self._client.retrieve(self._collection, list(ids), with_payload=_keys(keys))
        return [_stored(record) for record in await _wrapped(call)]

    async def scroll(
        self, where: Where, *, limit: int, after: str | None = None, keys: Sequence[str] | None = None
    ) -> tuple[list[Stored], str | None]:
        call = self._client.scroll(
            self._collection, self._filter(where), limit=limit, offset=after, with_payload=_keys(keys)
        )
        records, following = await _wrapped(call)
        return [_stored(record) for record in records], None if following is None else str(following)

    async def read(
        self, where: Where, *, limit: int, after: str | None = None
    ) -> tuple[list[Point], str | None]:
        call = self._client.scroll(
            self._collection, self._filter(where), limit=limit, offset=after, with_vectors=True
        )
        records, following = await _wrapped(call)
        return [_point(record) for record in records], None if following is None else str(following)

    async def newest(
        self,
        where: Where,
        *,
        by: str,
        limit: int,
        until: int | None = None,
        keys: Sequence[str] | None = None,
    ) -> list[Stored]:
        m = self._models
        order = m.OrderBy(key=by, direction=m.Direction.DESC, start_from=until)
        call = self._client.scroll(
            self._collection, self._filter(where), limit=limit, order_by=order, with_payload=_keys(keys)
        )
        return [_stored(record) for record in (await _wrapped(call))[0]]

    async def count(self, where: Where) -> int:
        call = self._client.count(self._collection, self._filter(where), exact=True)
        return int((await _wrapped(call)).count)

    async def flush(self) -> None:
        """The server keeps its own log."""

    async def close(self) -> None:
        """The client is shared with the other collection."""

    async def _create(self, dense: Any, sparse: Any) -> None:
        try:
            await _wrapped(
                self._client.create_collection(
                    self._collection, vectors_config=dense, sparse_vectors_config=sparse
                )
            )
        except UpstreamUnavailableError:
            # Two retrievers may make it at once; the later one finds it there.
            if not await _wrapped(self._client.collection_exists(self._collection)):
                raise

    async def _index(self, key: str, kind: Any) -> None:
        await _wrapped(self._client.create_payload_index(self._collection, key, kind, wait=True))

    def _struct(self, point: Point) -> Any:
        m = self._models
        vectors: dict[str, Any] = {
            name: m.SparseVector(indices=list(vector.indices), values=list(vector.values))
            for name, vector in point.sparse.items()
        }
        if point.dense is not None:
            vectors[DENSE] = list(point.dense)
        return m.PointStruct(id=point.id, vector=vectors, payload=dict(point.payload))

    def _query(self, signal: Signal, where: Where, keys: Sequence[str] | None) -> Any:
        m = self._models
        query: Any = list(signal.dense or ())
        if signal.sparse is not None:
            query = m.SparseVector(indices=list(signal.sparse.indices), values=list(signal.sparse.values))
        return m.QueryRequest(
            query=query,
            using=DENSE if signal.sparse is None else signal.using,
            limit=signal.limit,
            filter=self._filter(where),
            with_payload=_keys(keys),
        )

    def _filter(self, where: Where) -> Any:
        return self._models.Filter(must=list(self._conditions(where.must)))

    def _conditions(self, conditions: Sequence[Condition]) -> Iterator[Any]:
        m = self._models
        for condition in conditions:
            match condition:
                case Equals(key, str(value)):
                    yield m.FieldCondition(key=key, match=m.MatchValue(value=value))
                case Equals(key, value):
                    yield m.FieldCondition(key=key, range=m.Range(gte=value, lte=value))
                case AnyOf(key, values) if all(isinstance(value, str) for value in values):
                    yield m.FieldCondition(key=key, match=m.MatchAny(any=list(values)))
                case AnyOf(key, values):
                    yield m.Filter(should=list(self._conditions([Equals(key, value) for value in values])))
                case Between(key, gt, gte, lt, lte):
                    yield m.FieldCondition(key=key, range=m.Range(gt=gt, gte=gte, lt=lt, lte=lte))
                case NoneOf(key, values):
                    yield m.Filter(must_not=list(self._conditions([AnyOf(key, values)])))


class QdrantCollections:
    """A :class:`retriever.ports.Collections` of two collections of a server.

    While there is an alias of the configured name with ``-living`` behind it, it points to the living one.
    """

    def __init__(self, client: "AsyncQdrantClient", *, collection: str) -> None:
        from qdrant_client import models

        self._client, self._models = client, models
        self._names = (collection, f"{collection}-beside")
        self._alias = f"{collection}-living"
        self._opened = ""

    async def exist(self) -> bool:
        return bool(await _wrapped(self._client.collection_exists(await self._living())))

    async def living(self) -> QdrantStore:
        self._opened = await self._living()
        return QdrantStore(self._client, collection=self._opened)

    async def beside(self) -> QdrantStore:
        return QdrantStore(self._client, collection=await self._beside())

    async def switch(self) -> None:
        m = self._models
        name = await self._beside()
        old = [m.DeleteAliasOperation(delete_alias=m.DeleteAlias(alias_name=self._alias))]
        new = m.CreateAliasOperation(create_alias=m.CreateAlias(collection_name=name, alias_name=self._alias))
        changes = [*(old if await self._pointed() else []), new]
        await _wrapped(self._client.update_collection_aliases(changes))
        self._opened = name

    async def moved(self) -> bool:
        return await self._living() != self._opened

    async def clear(self) -> None:
        await _wrapped(self._client.delete_collection(await self._beside()))

    async def close(self) -> None:
        await self._client.close()

    async def _living(self) -> str:
        return await self._pointed() or self._names[0]

    async def _beside(self) -> str:
        living = await self._living()
        return next(name for name in self._names if name != living)

    async def _pointed(self) -> str:
        aliases = (await _wrapped(self._client.get_aliases())).aliases
        return next((a.collection_name for a in aliases if a.alias_name == self._alias), "")


async def _wrapped(call: Awaitable[Any]) -> Any:
    with _translated():
        return await call


@contextmanager
def _translated() -> Iterator[None]:
    """Our errors for the client's; most specific first."""
    import httpx
    from qdrant_client.http.exceptions import ApiException, ResponseHandlingException, UnexpectedResponse

    try:
        yield
    except UnexpectedResponse as error:
        raise _refusal(error.status_code or 500) from error
    except ResponseHandlingException as error:
        if isinstance(error.source, httpx.TimeoutException):
            raise UpstreamTimeoutError("Qdrant did not answer in time") from error
        raise UpstreamUnavailableError("Qdrant cannot be reached") from error
    except (ApiException, httpx.HTTPError) as error:
        raise UpstreamUnavailableError("Qdrant cannot be reached") from error


def _refusal(status: int) -> CarrelError:
    """A request of ours that Qdrant finds wrong is our fault; everything else is its state."""
    if status in (401, 403):
        return UpstreamUnavailableError("Qdrant refuses QDRANT_API_KEY")
    if status in (400, 422):
        return InternalError("Qdrant refused a request")
    return UpstreamUnavailableError(f"Qdrant answered {status}")


def _keys(keys: Sequence[str] | None) -> bool | list[str]:
    return True if keys is None else list(keys)


def _hit(point: Any) -> Hit:
    return Hit(id=str(point.id), score=float(point.score), payload=point.payload or {})


def _stored(record: Any) -> Stored:
    return Stored(id=str(record.id), payload=record.payload or {})


def _point(record: Any) -> Point:
    vectors = dict(record.vector or {})
    dense = vectors.pop(DENSE, None)
    sparse = {
        name: SparseVector(tuple(vector.indices), tuple(vector.values)) for name, vector in vectors.items()
    }
    return Point(str(record.id), record.payload or {}, sparse, dense)
