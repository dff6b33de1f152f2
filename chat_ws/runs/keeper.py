"""Keeps this replica known to the others, its runs in step with the store, and ends what gone replicas left.

A beat a second while the process lives. Decides nothing about a run: see :class:`chat_ws.runs.live.Runs`.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable

from chat_ws.ports import LEASE_S, Replicas
from chat_ws.runs.live import Runs
from shared.errors import CarrelError

BEAT_S = 1.0
_log = logging.getLogger(__name__)


class Keeper:
    """Beats for ``runs``. ``clock`` counts seconds, also those in which the process was stopped."""

    def __init__(
        self,
        replicas: Replicas,
        runs: Runs,
        *,
        beat_s: float = BEAT_S,
        lease_s: float = LEASE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._replicas, self._runs, self._clock = replicas, runs, clock
        self._beat_s, self._lease_s = beat_s, lease_s
        self._known = False
        self._steady_since: float | None = None
        self._last = 0.0
        self._strays: dict[str, float] = {}
        self._soon = asyncio.Event()

    async def run(self) -> None:
        """Beat until cancelled; a database that is away is waited for."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._beat_s):
                    await self._soon.wait()
            self._soon.clear()
            try:
                await self.beat()
            except CarrelError:
                continue
            except Exception:
                _log.exception("this replica cannot say that it lives")

    def hurry(self) -> None:
        """Beat now: something was asked of this replica."""
        self._soon.set()

    async def beat(self) -> None:
        """Say that this replica lives, do what is asked of its runs, and end orphans.

        Raises
        ------
        CarrelError
            While the store is away; what gone replicas left waits then, too.
        """
        asked = self._runs.unended
        try:
            states = await self._replicas.beat(asked)
        except BaseException:
            self._steady_since = None
            raise
        self._known = True
        self._runs.attend(asked, states)
        await self._end_strays({state.run_id for state in states if state.status == "running"})
        if ended := await self._replicas.end_orphans(overdue=self._is_steady()):
            _log.info("ended %d runs that a gone replica left", ended)

    async def leave(self) -> None:
        """Say that this replica is gone, if it was heard of; a database that is away finds out by itself."""
        if not self._known:
            return
        try:
            await self._replicas.leave()
        except CarrelError:
            return
        except Exception:
            _log.exception("this replica cannot say that it is gone")

    def _is_steady(self) -> bool:
        """Say whether this replica was heard of for a whole lease: only then others had their chance, too.

        After the database was away, or this process was stopped, everybody is overdue.
        """
        now = self._clock()
        if self._steady_since is None or now - self._last > self._lease_s / 2:
            self._steady_since = now
        self._last = now
        return now - self._steady_since >= self._lease_s

    async def _end_strays(self, stored: set[str]) -> None:
        """End runs that are stored as running here and do not: their question's commit was never confirmed.

        Not at once: whoever resends such a question within the lease is answered.
        """
        now = self._clock()
        unknown = stored - set(self._runs.unended)
        self._strays = {run_id: self._strays.get(run_id, now) for run_id in unknown}
        late = [run_id for run_id, since in self._strays.items() if now - since >= self._lease_s]
        if late:
            await self._replicas.end_strays(late)
