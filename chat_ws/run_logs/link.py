"""The connection of this replica to Redis: whether it is there, and what is said when it goes and comes.

Nothing Redis says is logged: a server may repeat the password of a command it does not understand.
"""

import logging

from redis.asyncio import Redis

from shared.contracts.wire import Check
from shared.redis import pool

COMMAND_S = 1.0
CONNECTIONS = 16
CHANNEL = "carrel:runs"
_log = logging.getLogger(__name__)


class Link:
    """One Redis server at ``url``. ``deadline_s`` is how long any answer of it may take."""

    def __init__(self, url: str, *, deadline_s: float = COMMAND_S) -> None:
        self.deadline_s = deadline_s
        self.redis = Redis(connection_pool=pool(url, connections=CONNECTIONS, deadline_s=deadline_s))
        self.lost = False

    def failed(self, error: Exception) -> None:
        """Take note that Redis did not do what it was asked to."""
        if not self.lost:
            self.lost = True
            _log.warning(
                "Redis is lost (%s): runs are followed where they run until it is back", type(error).__name__
            )

    def found(self) -> None:
        """Take note that it does again."""
        if self.lost:
            self.lost = False
            _log.info("Redis is back: runs are followed everywhere")

    def check(self) -> Check:
        """Return how Redis was when it was asked last."""
        if self.lost:
            return Check(status="degraded", detail="lost: runs are followed where they run")
        return Check(status="ok", detail="runs are followed everywhere")


def key_of(run_id: str) -> str:
    """Return the key of a run's stream."""
    return f"carrel:run:{run_id}"
