"""Writes the frames of this replica's runs to Redis, one stream a run, behind the back of whoever tells them.

What is in memory is the truth: a stream that was lost, or is behind, is written again from what is kept here.
"""

import asyncio
import contextlib
from hashlib import sha1
from importlib import resources
from typing import Any

from redis.exceptions import NoScriptError

from chat_ws.run_logs.link import CHANNEL, Link, key_of
from chat_ws.run_logs.log import RunLog
from chat_ws.run_logs.memory import MemoryRunLogs
from shared.http import dump_json
from shared.tasks import is_cancelled

PAUSE_S = 1.0
"""For so long a lost Redis is left alone before it is tried again."""
GATHER_S = 0.005
"""For so long words are gathered before they are shipped: a way to Redis costs more than a word in it."""
BATCH_BYTES = 512 * 1024
"""Of one run in one command."""
BATCH_RUNS = 64
_RUNNING_S = 300.0
"""A stream is kept for so long after its newest frame, at least, while its run goes on."""


class Shipping:
    """Ships the logs that ``memory`` holds. A stream is kept for ``window_s`` after its run's end."""

    def __init__(
        self, link: Link, memory: MemoryRunLogs, *, window_s: float, pause_s: float = PAUSE_S
    ) -> None:
        self._link, self._memory, self._window_s, self._pause_s = link, memory, window_s, pause_s
        self._script = resources.files(__package__).joinpath("append.lua").read_text("utf-8")
        self._sha = sha1(self._script.encode(), usedforsecurity=False).hexdigest()
        self._shipped: dict[str, int] = {}
        self._behind: dict[str, None] = {}
        self._work = asyncio.Event()

    def ship(self, run_id: str) -> None:
        """Ship what is new of a run, soon."""
        self._behind[run_id] = None
        self._work.set()

    def forget(self, run_id: str) -> None:
        """Ship nothing more of this run."""
        self._shipped.pop(run_id, None)
        self._behind.pop(run_id, None)

    def lose(self, error: Exception) -> None:
        """Take note that Redis was lost: what it holds when it is back is not known."""
        self._link.failed(error)
        self._shipped.clear()
        self._behind = dict.fromkeys(self._memory.run_ids)
        self._work.set()

    async def run(self) -> None:
        """Ship until cancelled."""
        while not is_cancelled():
            await self._work.wait()
            await asyncio.sleep(GATHER_S)
            try:
                await self._trip()
            # Whatever a server that is none of ours makes the client do: the runs go on.
            except Exception as error:
                self.lose(error)
                await asyncio.sleep(self._pause_s)

    async def flush(self) -> None:
        """Ship what is left, within the deadline."""
        with contextlib.suppress(Exception):
            while self._work.is_set() and not self._link.lost:
                await self._trip()

    async def _trip(self) -> None:
        """Ship a part of what is behind; after a loss find out first whether Redis is back."""
        batch = list(self._behind)[:BATCH_RUNS]
        async with asyncio.timeout(self._link.deadline_s):
            if self._link.lost:
                # What the old connections still hold is nobody's answer any more.
                await self._link.redis.connection_pool.disconnect(inuse_connections=False)
                await self._link.redis.script_load(self._script)
            try:
                await self._send(batch)
            except NoScriptError:
                # A server that is new, or was told to forget.
                await self._link.redis.script_load(self._script)
                await self._send(batch)
        self._link.found()
        if not self._behind:
            self._work.clear()

    async def _send(self, batch: list[str]) -> None:
        sent: dict[str, int] = {}
        async with self._link.redis.pipeline(transaction=False) as commands:
            for run_id in batch:
                if (log := self._memory.find(run_id)) is None:
                    self.forget(run_id)
                else:
                    sent[run_id] = self._add(commands, run_id, log)
            answers = await commands.execute()
        for (run_id, last), answer in zip(sent.items(), answers, strict=True):
            if type(answer) is not int or answer < last:
                raise ValueError("not what the script answers")
            self._is_shipped(run_id, last)

    def _add(self, commands: Any, run_id: str, log: RunLog) -> int:
        before = self._shipped.get(run_id, 0)
        frames = log.since(before, max_bytes=BATCH_BYTES)
        kept_s = self._window_s if log.ended else max(self._window_s, _RUNNING_S)
        head = (int(kept_s * 1000), log.first, CHANNEL, f"+{run_id}")
        numbered = [part for frame in frames for part in (frame["sequence_number"], dump_json(frame))]
        commands.evalsha(self._sha, 1, key_of(run_id), *head, *numbered)
        return int(frames[-1]["sequence_number"]) if frames else before

    def _is_shipped(self, run_id: str, last: int) -> None:
        if (log := self._memory.find(run_id)) is not None:
            self._shipped[run_id] = last
            if last >= log.last:
                self._behind.pop(run_id, None)
