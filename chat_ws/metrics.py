"""What the chat service tells Prometheus, read from what its parts know; counts nothing itself."""

from chat_ws.database.postgres import Database
from chat_ws.database.retention import Retention
from chat_ws.runs.live import Runs
from chat_ws.service import Service
from shared.counting import Requests
from shared.metrics import Metrics


def told(
    requests: Requests, *, service: Service, runs: Runs, database: Database, retention: Retention | None
) -> Metrics:
    """Return what the chat service tells."""
    metrics = Metrics("chat_ws", requests)
    metrics.gauge("requests_in_progress", "Requests being served.", lambda: requests.in_progress)
    metrics.gauge("connections_open", "Open WebSockets.", lambda: service.connections)
    stored = service.conversations.stored
    metrics.counter(
        "messages_stored", "Questions committed, then acknowledged.", lambda: stored, labels=("kind",)
    )
    metrics.gauge("runs_running", "Runs being answered or stored.", lambda: runs.running)
    metrics.gauge("runs_queued", "Runs that wait for their turn.", lambda: runs.queued)
    metrics.gauge("runs_window", "Runs that may begin to be answered at once.", lambda: runs.window)
    metrics.counter("questions_refused", "Questions not taken: too much to do.", lambda: runs.refused)
    metrics.counter("runs_ended", "Runs by how they ended.", lambda: runs.ended, labels=("status",))
    metrics.gauge("run_log_bytes", "Kept frames of runs, about.", lambda: runs.logs.bytes)
    metrics.gauge("redis_lost", "Whether Redis is set and lost.", lambda: runs.logs.check().status != "ok")
    _tell_database(metrics, database)
    if retention is not None:
        removed, rounds = retention.removed, retention.rounds
        metrics.counter("retention_removed", "What was too old.", lambda: removed, labels=("kind",))
        metrics.counter("retention_rounds", "Rounds by their end.", lambda: rounds, labels=("end",))
    return metrics


def _tell_database(metrics: Metrics, database: Database) -> None:
    metrics.gauge("database_connections_max", "Connections there may be.", lambda: database.connections)
    metrics.gauge("database_connections_in_use", "Connections at work.", lambda: database.in_use)
    metrics.gauge("database_waiting", "Requests that wait for a connection.", lambda: database.waiting)
    metrics.counter(
        "database_refused", "Work that was not done, by why.", lambda: database.refused, labels=("reason",)
    )
    metrics.counter("database_given_up", "Connections silent at their deadline.", lambda: database.given_up)
