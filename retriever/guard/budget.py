"""How many paid calls and tokens a month has left, counted durably in the data folder.

Owns the file and the order in which things are given up, so that something is left for what matters more.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from shared.contracts.retriever import UsageReport
from shared.durable import replace_text
from shared.tasks import spawn

Kind = Literal["rerank", "condense", "embed_passages", "chat", "embed_query"]
"""What is paid for."""
PARTS: Mapping[Kind, float] = {
    "rerank": 0.8,
    "condense": 0.8,
    "embed_passages": 0.9,
    "chat": 0.97,
    "embed_query": 1.0,
}
"""Each ends when this part of the month is used: first what only makes answers better, then what can be done
next month, then what the documents' own sentences replace; last that without which an index is not found in.
"""
GATHER_S = 0.05
"""Between a count and its writing: less than a call takes."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Spent:
    """What one month has cost so far."""

    month: str
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    embedding_tokens: int = 0
    search_units: int = 0

    @property
    def tokens(self) -> int:
        """Tokens of every kind."""
        return self.input_tokens + self.output_tokens + self.embedding_tokens


def _today() -> datetime:
    return datetime.now(UTC)


class Budget:
    """Counts calls before they are made. Of either limit, 0 means none."""

    def __init__(
        self,
        path: Path,
        *,
        limit: int,
        token_limit: int = 0,
        now: Callable[[], datetime] = _today,
        gather_s: float = GATHER_S,
    ) -> None:
        self._path, self._limit, self._token_limit, self._now = path, limit, token_limit, now
        self._gather_s = gather_s
        self._spent: Spent | None = None
        self._unwritten = False
        self._settling = asyncio.Event()
        self._writing: asyncio.Task[None] | None = None

    def allows(self, kind: Kind, *, calls: int = 1) -> bool:
        """Return whether there is enough left for ``calls`` more of ``kind``."""
        spent, part = self._current(), PARTS[kind]
        calls_left = not self._limit or spent.calls + calls - 1 < part * self._limit
        return calls_left and (not self._token_limit or spent.tokens < part * self._token_limit)

    def report(self) -> UsageReport:
        """Return what is used and what is left this month."""
        spent = self._current()
        left = max(0, self._limit - spent.calls) if self._limit else None
        return UsageReport(
            **asdict(spent),
            limit=self._limit or None,
            left=left,
            token_limit=self._token_limit or None,
            rerank=self.allows("rerank"),
            condensing=self.allows("condense"),
            document_embedding=self.allows("embed_passages"),
            generation=self.allows("chat"),
            query_embedding=self.allows("embed_query"),
        )

    async def spend(self) -> None:
        """Count one call that is about to be made.

        It is written while the call is under way, which takes longer: no answer waits for a disk, nor for
        the thread that writes.
        """
        old = self._current()
        self._spent = replace(old, calls=old.calls + 1)
        self._save()

    async def used(
        self,
        *,
        input_tokens: int = 0,
        output_tokens: int = 0,
        embedding_tokens: int = 0,
        search_units: int = 0,
    ) -> None:
        """Count what a call came to."""
        old = self._current()
        self._spent = replace(
            old,
            input_tokens=old.input_tokens + input_tokens,
            output_tokens=old.output_tokens + output_tokens,
            embedding_tokens=old.embedding_tokens + embedding_tokens,
            search_units=old.search_units + search_units,
        )
        self._save()

    async def settle(self) -> None:
        """Return when all that was counted is on disk, or cannot be brought there."""
        self._settling.set()
        while self._writing is not None and not self._writing.done():
            await asyncio.wait([self._writing])
        self._settling.clear()

    def _save(self) -> None:
        self._unwritten = True
        if self._writing is None or self._writing.done():
            self._writing = spawn(self._write_all(), name="write-budget")

    async def _write_all(self) -> None:
        """Write what is known, again where more came meanwhile; the calls of an answer share a write."""
        while self._unwritten:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._gather_s):
                    await self._settling.wait()
            self._unwritten = False
            try:
                await asyncio.to_thread(self._write, self._current())
            except OSError as error:
                _log.warning("%s cannot be written: %s", self._path.name, error.strerror)

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

    def _write(self, spent: Spent) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        replace_text(self._path, json.dumps(asdict(spent)))
