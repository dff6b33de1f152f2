"""The whole of an index as a stream of lines, while it serves and is written to.

Owns that the stream is the index at one moment: documents are written while others change, what changed is
caught up with, and the last of it is read behind the closed gate. Holds the revisions in memory, no document;
what is read behind the gate waits in a temporary file, so that a slow reader holds nobody up.
"""

import tempfile
from collections.abc import AsyncIterator
from typing import IO

from retriever.documents.catalogue import Catalogue, revisions
from retriever.documents.records import INDEX_KINDS, of_revision, record_point
from retriever.index.lines import Beginning, End, Line, Removed, write
from retriever.opening import OpeningStore
from retriever.ports import NoneOf, Point, Where
from shared.errors import UpstreamUnavailableError

PAGE = 64
LAST = 4
"""With so few documents left, the gate is closed and they are read behind it."""
PASSES = 20
"""After so many the gate is closed, however much is written meanwhile."""
_IN_MEMORY = 4 * 1024 * 1024
_PIECE = 256 * 1024


class Export:
    """Writes one index once."""

    def __init__(self, store: OpeningStore) -> None:
        self._store, self._catalogue = store, Catalogue(store)
        self._identity = store.identity
        self._written: dict[str, int] = {}
        """The revision of each document that counts so far."""
        self._lines = 0
        self._changed = 0

    async def stream(self) -> AsyncIterator[bytes]:
        """Yield the lines; a stream that does not end in ``End`` was cut.

        Raises
        ------
        UpstreamUnavailableError
            If the index is lost, or becomes another, in the middle.
        """
        yield self._line(Beginning(self._identity))
        for _ in range(PASSES):
            async for line in self._pass():
                yield line
            if self._changed <= LAST:
                break
        with tempfile.SpooledTemporaryFile(_IN_MEMORY) as waiting:
            async with self._store.gate.closed():
                await self._behind_the_gate(waiting)
            waiting.seek(0)
            while piece := waiting.read(_PIECE):
                yield piece

    async def _behind_the_gate(self, waiting: IO[bytes]) -> None:
        async for line in self._pass():
            waiting.write(line)
        async for point in self._points(Where((NoneOf("kind", INDEX_KINDS),))):
            waiting.write(self._line(point))
        waiting.write(self._line(End(self._lines, len(self._written))))

    async def _pass(self) -> AsyncIterator[bytes]:
        """Yield what makes the lines hold what the index held at the beginning of the pass."""
        living, self._changed = await revisions(self._store), 0
        for document_id in self._written.keys() - living.keys():
            self._changed += 1
            yield self._forget(document_id)
        for document_id, revision in living.items():
            if self._written.get(document_id) != revision:
                self._changed += 1
                async for line in self._document(document_id):
                    yield line

    async def _document(self, document_id: str) -> AsyncIterator[bytes]:
        if document_id in self._written:
            yield self._forget(document_id)
        record = await self._catalogue.get(document_id)
        if record is None:
            return
        async for point in self._points(of_revision(document_id, record.revision)):
            yield self._line(point)
        # Its parts are removed only after another revision counts: if none does, they were all there.
        now = await self._catalogue.get(document_id)
        if now is not None and now.revision == record.revision:
            self._written[document_id] = record.revision
            yield self._line(record_point(record))
        else:
            yield self._line(Removed(document_id))

    def _forget(self, document_id: str) -> bytes:
        del self._written[document_id]
        return self._line(Removed(document_id))

    async def _points(self, where: Where) -> AsyncIterator[Point]:
        after: str | None = None
        while True:
            page, after = await self._store.read(where, limit=PAGE, after=after)
            if self._store.identity != self._identity:
                raise UpstreamUnavailableError("The index was switched in the middle of its export")
            for point in page:
                yield point
            if after is None:
                return

    def _line(self, line: Line) -> bytes:
        written = write(line)
        self._lines += 1
        return written
