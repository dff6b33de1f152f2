"""Retention: conversations that nobody has used for ``RETENTION_DAYS`` are removed, a few at a time.

With a conversation go its messages, runs, their frames and feedback, and so what insights tell of it. Of all
replicas one removes at a time; a round is bounded, and what is left waits for the next.
"""

import asyncio
import logging
import random
from collections import Counter
from datetime import timedelta
from typing import Any

from chat_ws.database.postgres import Cursor, Database
from chat_ws.database.queries import load
from chat_ws.ports import Clock, RunLogs
from shared.errors import CarrelError

EVERY_S = 3600.0
BATCH = 200
"""Conversations in one transaction."""
MAX_BATCHES = 500
"""In one round."""
_PAUSE_S = 0.05
_LOCK = 0x43415252455400  # "CARRET"; the advisory lock's key
_log = logging.getLogger(__name__)


class Retention:
    """Removes what is older than ``days`` from one database, and the frames of its runs from ``logs``."""

    def __init__(
        self, database: Database, logs: RunLogs, *, days: int, clock: Clock, batch: int = BATCH
    ) -> None:
        self._database, self._logs = database, logs
        self._days, self._clock, self._batch = days, clock, batch
        self._sql = load("retention")
        self.removed: Counter[tuple[str]] = Counter()
        """What was removed here, by kind: ``conversations``, ``messages``, ``feedback``."""
        self.rounds: Counter[tuple[str]] = Counter()
        """Rounds by their end: ``done``, ``bounded``, ``elsewhere`` (another replica's turn), ``failed``."""

    async def run(self, *, every_s: float = EVERY_S) -> None:
        """Go round for ever."""
        while True:
            await self.round()
            # Replicas that started together need not come together.
            await asyncio.sleep(every_s * random.uniform(0.9, 1.1))  # noqa: S311 - spreads load only

    async def round(self, *, max_batches: int = MAX_BATCHES) -> None:
        """Remove what is too old now, in at most ``max_batches`` transactions."""
        before, removed = Counter(self.removed), self.removed
        end = "bounded"
        try:
            for _ in range(max_batches):
                found = await self._database.run(self._remove)
                if found is None:
                    end = "elsewhere"
                    break
                await self._logs.discard(found.pop("run_ids"))
                removed.update({(kind,): count for kind, count in found.items()})
                if found["conversations"] < self._batch:
                    end = "done"
                    break
                await asyncio.sleep(_PAUSE_S)
        except CarrelError:
            end = "failed"  # said by the database already; the next round goes on
        except Exception:
            _log.exception("retention failed")
            end = "failed"
        self.rounds[end,] += 1
        if gone := removed - before:
            told = ", ".join(f"{count} {kind}" for (kind,), count in sorted(gone.items()))
            _log.info("retention (%d days): removed %s; %s", self._days, told, end)

    def _remove(self, cursor: Cursor) -> dict[str, Any] | None:
        cursor.execute(self._sql["try_retention"], {"lock": _LOCK})
        if not cursor.fetchall()[0]["mine"]:
            return None
        values = {"before": self._clock() - timedelta(days=self._days), "limit": self._batch}
        cursor.execute(self._sql["remove_old"], values)
        return dict(cursor.fetchall()[0])
