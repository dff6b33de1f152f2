"""The replicas of the chat service in PostgreSQL: who lives, who runs what, and what the gone ones left.

Time is the database's own: the clocks of the replicas need not agree.
"""

from collections.abc import Sequence
from typing import Any

from chat_ws.database.postgres import Cursor, Database
from chat_ws.database.queries import load
from chat_ws.ports import LEASE_S, Clock, RunState
from chat_ws.runs.process import is_gone

_LOCK = 0x43415252454C52  # "CARRELR"; migrations have their own


class PostgresReplicas:
    """The :class:`chat_ws.ports.Replicas` over one database, for ``replica_id``, which is ``process``.

    The database should be nobody else's connection: a beat that waits its turn is late.
    """

    def __init__(
        self, database: Database, *, replica_id: str, process: str, clock: Clock, lease_s: float = LEASE_S
    ) -> None:
        self._database, self._clock, self._process = database, clock, process
        self._own = {"replica_id": replica_id, "process": process, "lease_s": lease_s, "lock": _LOCK}
        self._sql = load()

    async def beat(self, run_ids: Sequence[str]) -> list[RunState]:
        values = self._own | {"run_ids": list(run_ids)}
        rows = await self._database.rows(self._sql["beat"] + self._sql["runs_of_replica"], values)
        return [RunState(row["id"], row["status"], row["stop_requested"]) for row in rows]

    async def end_orphans(self, *, overdue: bool) -> int:
        return await self._database.run(lambda cursor: self._end_orphans(cursor, overdue=overdue))

    def _end_orphans(self, cursor: Cursor, *, overdue: bool) -> int:
        cursor.execute(self._sql["lock_orphans"], self._own)
        taken = cursor.fetchone()
        if taken is None or not taken["taken"]:
            return 0
        cursor.execute(self._sql["list_replicas"], self._own)
        gone = [row["id"] for row in cursor.fetchall() if self._is_gone(row, overdue=overdue)]
        if gone:
            cursor.execute(self._sql["forget_replicas"], {"replica_ids": gone})
        cursor.execute(self._sql["end_orphans"], {"now": self._clock()})
        return cursor.rowcount

    def _is_gone(self, replica: Any, *, overdue: bool) -> bool:
        return (overdue and replica["overdue"]) or is_gone(replica["process"], seen_from=self._process)

    async def end_strays(self, run_ids: Sequence[str]) -> None:
        values = self._own | {"run_ids": list(run_ids), "now": self._clock()}
        await self._database.rows(self._sql["end_strays"], values)

    async def leave(self) -> None:
        values = {"replica_ids": [self._own["replica_id"]]}
        await self._database.rows(self._sql["forget_replicas"], values)
