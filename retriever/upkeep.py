"""What the retriever does on its own after the index has opened.

Removes what a killed process left behind, and makes documents anew that an older version cut.
"""

import asyncio
import logging

from retriever.ingest import Ingest
from retriever.opening import OpeningStore
from shared.errors import CarrelError

RETRY_S = 60.0
_log = logging.getLogger(__name__)


async def keep_up(store: OpeningStore, ingest: Ingest, *, retry_s: float = RETRY_S) -> None:
    """Do it once, again later where the index was lost meanwhile."""
    await store.opened.wait()
    while True:
        try:
            swept, renewed = await ingest.sweep(), await ingest.refresh()
        except CarrelError as error:
            _log.warning("upkeep of the index put off: %s", error)
            await asyncio.sleep(retry_s)
        else:
            _log.info("index tidy: %d leftover revisions removed, %d documents renewed", swept, renewed)
            return
