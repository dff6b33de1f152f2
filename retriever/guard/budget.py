"""How many paid calls a month has left, counted durably in the data folder.

Owns the file and the order in which things are given up: reranking first, then generation.
"""

import asyncio
import json
import logging
import os
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from shared.contracts.retriever import UsageReport

RERANK_PART = 0.8
"""Reranking ends when this part of the month's calls is used."""
GENERATION_PART = 0.97
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Spent:
    """What one month has cost so far."""

    month: str
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0


def _today() -> datetime:
    return datetime.now(UTC)


class Budget:
    """Counts calls before they are made. ``limit`` 0 means no limit."""

    def __init__(self, path: Path, *, limit: int, now: Callable[[], datetime] = _today) -> None:
        self._path, self._limit, self._now = path, limit, now
        self._spent: Spent | None = None
        self._lock = asyncio.Lock()
        self._writing = threading.Lock()

    def allows_rerank(self) -> bool:
        """Return whether there is enough left to rerank."""
        return self._within(RERANK_PART)

    def allows_generation(self) -> bool:
        """Return whether there is enough left to generate."""
        return self._within(GENERATION_PART)

    def report(self) -> UsageReport:
        """Return what is used and what is left this month."""
        spent = self._current()
        left = max(0, self._limit - spent.calls) if self._limit else None
        return UsageReport(
            **asdict(spent),
            limit=self._limit or None,
            left=left,
            rerank=self.allows_rerank(),
            generation=self.allows_generation(),
        )

    async def spend(self) -> None:
        """Count one call that is about to be made; it is on disk when this returns."""
        await self._add(calls=1)

    async def used(self, *, input_tokens: int, output_tokens: int) -> None:
        """Count the tokens of a call that was made."""
        await self._add(input_tokens=input_tokens, output_tokens=output_tokens)

    async def _add(self, *, calls: int = 0, input_tokens: int = 0, output_tokens: int = 0) -> None:
        async with self._lock:
            old = self._current()
            self._spent = replace(
                old,
                calls=old.calls + calls,
                input_tokens=old.input_tokens + input_tokens,
                output_tokens=old.output_tokens + output_tokens,
            )
            await asyncio.to_thread(self._write)

    def _within(self, part: float) -> bool:
        return not self._limit or self._current().calls < part * self._limit

    def _current(self) -> Spent:
        month = self._now().strftime("%Y-%m")
        if self._spent is None:
            self._spent = self._read() or Spent(month)
        if self._spent.month != month:
            self._spent = Spent(month)
        return self._spent

    def _read(self) -> Spent | None:
        try:
            return Spent(**json.loads(self._path.read_text()))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError):
            _log.warning("%s cannot be read: the month's calls are counted anew", self._path.name)
            return None

    def _write(self) -> None:
        """Write what is known now: a caller that has gone leaves its thread behind, beside the next one's."""
        with self._writing:
            spent = self._current()
            self._path.parent.mkdir(parents=True, exist_ok=True)
            beside = self._path.with_suffix(".new")
            with beside.open("w") as file:
                json.dump(asdict(spent), file)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self._path)
