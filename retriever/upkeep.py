"""What the retriever does on its own after the index has opened.

Removes what a killed process left behind, and gives documents the vectors they were left without.
"""

import asyncio
import logging

from retriever.embedding.vectors import Vectors
from retriever.ingest import Ingest
from retriever.opening import OpeningStore
from shared.errors import CarrelError

RETRY_S = 60.0
_log = logging.getLogger(__name__)


async def keep_up(store: OpeningStore, ingest: Ingest, vectors: Vectors, *, retry_s: float = RETRY_S) -> None:
    """Do it once, again later where the index was lost meanwhile, and whenever vectors are owed."""
    await store.opened.wait()
    swept = False
    while True:
        vectors.owed.clear()
        try:
            if not swept:
                _log.info("index tidy: %d leftover revisions removed", await ingest.sweep())
                swept = True
            if renewed := await ingest.refresh():
                _log.info("%d documents renewed", renewed)
        except CarrelError as error:
            _log.warning("upkeep of the index put off: %s", error)
        else:
            await vectors.owed.wait()
        await asyncio.sleep(retry_s)
