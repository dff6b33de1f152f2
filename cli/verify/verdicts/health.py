"""What health tells of each service and of each thing it needs."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cli.findings import Finding
from cli.verify.verdicts.lines import (
    CHAT,
    COHERE,
    EMBEDDING,
    GATEWAY,
    POSTGRES,
    QDRANT,
    READY,
    REDIS,
    RETRIEVER,
    WHOLE,
    finding,
)

_SERVICES = {"gateway": GATEWAY, "retriever": RETRIEVER, "chat_ws": CHAT}
_LINES_OF = {"postgres": POSTGRES, "qdrant": QDRANT, "cohere": COHERE, "embedding": EMBEDDING, "redis": REDIS}
_WAYS_OF_COHERE = {"generation", "rerank", "condensing"}
_Told = Mapping[str, Any]


def whole(status: int, told: _Told) -> Finding:
    """Return the line of ``GET /health``."""
    state = str(told.get("status", ""))
    if status == 200 and state == "ok":
        return finding(
            WHOLE, "green", f"ok, version {told.get('version')}, up {told.get('uptime_s', 0):.0f} s"
        )
    if status == 200 and state == "degraded":
        return finding(
            WHOLE, "yellow", "degraded: a part is away, the rest works", "see the red and yellow lines"
        )
    told_by = f"HTTP {status}" if status else "no answer"
    return finding(WHOLE, "red", state or told_by, "see the red lines; then the log")


def probes(statuses: Mapping[str, int]) -> Finding:
    """Return the line of the probes that say 200 or 503 alone; ``statuses`` are HTTP's by path."""
    ill = [f"{path} answers {status or 'nothing'}" for path, status in statuses.items() if status != 200]
    if not ill:
        return finding(READY, "green", f"{', '.join(statuses)} answer 200")
    return finding(READY, "red", "; ".join(ill), "see the services: each that is not ready says why")


def services(told: _Told) -> Iterator[Finding]:
    """Yield a line for each service of ``told``, the answer of ``GET /health``."""
    found = told.get("services")
    for name, line in _SERVICES.items():
        health = found.get(name) if isinstance(found, dict) else None
        yield _service(line, health if isinstance(health, dict) else {})


def unanswered(told: _Told) -> bool:
    """Return whether a service of ``told`` was asked for its health and did not answer."""
    found = told.get("services")
    return isinstance(found, dict) and any(
        health.get("status") == "down" and not health.get("checks") for health in found.values()
    )


def _service(line: str, health: _Told) -> Finding:
    state, detail = health.get("status"), str(health.get("detail", ""))
    needs = [f"{name} ({check.get('detail')})" for name, check in _checks(health).items() if _ill(check)]
    if state == "ok":
        return finding(line, "green", f"answers in {health.get('latency_ms', 0):.0f} ms")
    if state == "degraded":
        return finding(line, "yellow", f"works without: {', '.join(needs)}", "see the line of each")
    if state is None:
        return finding(line, "red", "is not told", "see the log of the gateway")
    told = "; ".join(part for part in (detail, *needs) if part) or "down"
    return finding(line, "red", told, "see its lines in the log; the watchdog starts it again where it can")


def needs(told: _Told, *, degraded: Sequence[str]) -> Iterator[Finding]:
    """Yield a line for each thing a service needs; ``degraded`` is what answers said they lacked."""
    found = told.get("services")
    of = {name: _checks(found.get(name)) if isinstance(found, dict) else {} for name in _SERVICES}
    yield _need(POSTGRES, of["chat_ws"].get("postgres"), CHAT, _FIXES[POSTGRES])
    yield _need(QDRANT, of["retriever"].get("qdrant"), RETRIEVER, _FIXES[QDRANT])
    yield _cohere(of["retriever"].get("cohere"), [part for part in degraded if part in _WAYS_OF_COHERE])
    yield _need(EMBEDDING, of["retriever"].get("embedding"), RETRIEVER, _FIXES[EMBEDDING])
    redis = [check for checks in of.values() if (check := checks.get("redis")) is not None]
    if redis:
        yield _need(REDIS, next(filter(_ill, redis), redis[0]), CHAT, _FIXES[REDIS])


def _need(line: str, check: _Told | None, service: str, fix: str) -> Finding:
    if check is None:
        return finding(line, "yellow", f"not known: the {service} does not tell", f"see the line {service}")
    detail = str(check.get("detail", "")) or "ok"
    if not _ill(check):
        return finding(line, "green", detail)
    return finding(line, "red", detail, fix)


def _cohere(check: _Told | None, lacked: Sequence[str]) -> Finding:
    found = _need(COHERE, check, RETRIEVER, _FIXES[COHERE])
    if found.colour == "green" and lacked and not found.found.startswith("not configured"):
        told = f"{found.found}, but an answer was made without: {', '.join(lacked)}"
        return finding(COHERE, "yellow", told, _FIXES[COHERE])
    return found


_FIXES = {
    POSTGRES: "see DATABASE_URL, and that the database runs: `carrel doctor` where Carrel runs tells more",
    QDRANT: "see QDRANT_URL and QDRANT_API_KEY: `carrel doctor` where Carrel runs tells more",
    COHERE: "see COHERE_API_KEY and the month (GET /v1/usage); meanwhile answers are extractive",
    EMBEDDING: "search is by words alone meanwhile: see EMBEDDING_MODEL_DIR, or Cohere",
    REDIS: "see REDIS_URL; meanwhile each replica counts and tells for itself",
}


def _checks(health: Any) -> dict[str, _Told]:
    checks = health.get("checks") if isinstance(health, dict) else None
    return {
        name: check for name, check in (checks or {}).items() if name in _LINES_OF and isinstance(check, dict)
    }


def _ill(check: _Told) -> bool:
    return check.get("status") != "ok"
