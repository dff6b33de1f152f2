"""Makes an exported index the living one.

Owns that it is all or nothing: the lines go into the collection beside the living one, and only a whole and
sound export is switched to. Nobody writes to the living index meanwhile.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from retriever.documents.records import CONTENT, DOCUMENT_KINDS, INDEX_KINDS, meta_point, of_kind
from retriever.index.lines import (
    MAX_LINE_BYTES,
    Beginning,
    BrokenLinesError,
    End,
    Line,
    Removed,
    check,
    read,
)
from retriever.opening import OpeningStore
from retriever.ports import AnyOf, Equals, NoneOf, Point, VectorStore, Where
from shared.errors import CarrelError, InvalidRequestError, NotEmptyError, OverloadedError

BATCH = 64
SILENCE_S = 60.0
"""How long the sender may say nothing: the gate is closed meanwhile."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Imported:
    """What there is now."""

    documents: int
    chunks: int


class Importing:
    """Imports into one index, one export at a time.

    ``tick`` gives the revision of a change, ``switched`` is called when the index has become another.
    """

    def __init__(
        self,
        store: OpeningStore,
        *,
        tick: Callable[[], int],
        switched: Callable[[], object] = lambda: None,
        silence_s: float = SILENCE_S,
    ) -> None:
        self._store, self._tick, self._switched, self._silence_s = store, tick, switched, silence_s

    async def take(self, pieces: AsyncIterator[bytes], *, replace: bool) -> Imported:
        """Make the index that ``pieces`` are the lines of the living one.

        Raises
        ------
        NotEmptyError
            If there are documents or data sources already, and ``replace`` is not said.
        InvalidRequestError
            If the lines are not a whole, sound export of a version that is known; nothing has changed then.
        OverloadedError
            If another index is being built at the moment.
        """
        if self._store.building.locked():
            raise OverloadedError("The index is being built anew: wait for its end", retry_after_ms=5000)
        async with self._store.building, self._store.gate.closed():
            if not replace:
                await self._require_empty()
            try:
                imported = await self._imported(pieces)
            except BrokenLinesError as error:
                raise InvalidRequestError(f"This cannot be imported: {error}") from None
            except TimeoutError:
                raise InvalidRequestError("The export did not come to its end in time") from None
        self._switched()
        _log.info("an export is the index now: %d documents, %d chunks", imported.documents, imported.chunks)
        return imported

    async def _require_empty(self) -> None:
        kept = await self._store.count(of_kind("record"))
        others = await self._store.count(Where((NoneOf("kind", INDEX_KINDS),)))
        if kept or others:
            raise NotEmptyError("The index is not empty: it is replaced only where that is asked for")

    async def _imported(self, pieces: AsyncIterator[bytes]) -> Imported:
        lines = _lines(pieces, silence_s=self._silence_s)
        beginning = await anext(lines, None)
        if not isinstance(beginning, Beginning):
            raise BrokenLinesError("it is not the export of an index")
        built = await self._store.afresh(beginning.identity)
        try:
            imported = await _fill(built, lines, beginning)
            await built.upsert([meta_point(self._tick())])
            await built.flush()
            await self._store.switch(built, beginning.identity)
        except BaseException:
            await built.close()
            await _drop(self._store)
            raise
        return imported


async def _drop(store: OpeningStore) -> None:
    try:
        await store.clear()
    except CarrelError as error:
        _log.warning("what was imported stays beside the index: %s", error.detail)


async def _fill(built: VectorStore, lines: AsyncIterator[Line], beginning: Beginning) -> Imported:
    """Write the points into ``built``, and hold what is there against the last line."""
    batch: list[Point] = []
    count, end = 1, None
    async for line in lines:
        if end is not None:
            raise BrokenLinesError("it goes on behind its end")
        if isinstance(line, End):
            end = line
        elif isinstance(line, Removed):
            await built.upsert(batch)
            batch = []
            own = Equals("document_id", line.document_id)
            await built.delete(Where((AnyOf("kind", DOCUMENT_KINDS), own)))
        elif isinstance(line, Point):
            check(line, beginning.identity)
            batch.append(line)
            if len(batch) == BATCH:
                await built.upsert(batch)
                batch = []
        else:
            raise BrokenLinesError("it begins twice")
        count += 1
    await built.upsert(batch)
    documents = await built.count(of_kind("record"))
    if end is None or (end.lines, end.documents) != (count - 1, documents):
        raise BrokenLinesError("it is not whole")
    return Imported(documents, await built.count(of_kind(CONTENT[0])))


async def _lines(pieces: AsyncIterator[bytes], *, silence_s: float) -> AsyncIterator[Line]:
    rest = bytearray()
    while True:
        async with asyncio.timeout(silence_s):
            piece = await anext(pieces, None)
        if piece is None:
            break
        rest += piece
        if b"\n" in piece:
            *whole, rest = rest.split(b"\n")
            for line in whole:
                yield read(bytes(line))
        if len(rest) > MAX_LINE_BYTES:
            raise BrokenLinesError("it holds a line that is longer than any of an index")
    if rest:
        raise BrokenLinesError("it is not whole")
