"""What the gateway itself answers: sessions, version, the health of the whole."""

from typing import Literal

from shared.contracts.wire import Answer, Check, Instant


class Session(Answer):
    """Answer of ``POST /v1/sessions``: a visitor's token and until when it is good."""

    token: str
    visitor_id: str
    expires_at: Instant


class Version(Answer):
    """Answer of ``GET /version``."""

    version: str
    commit: str
    protocol: int


class ServiceHealth(Answer):
    """One service as the gateway sees it."""

    status: Literal["ok", "degraded", "down"]
    latency_ms: float
    checks: dict[str, Check] = {}
    detail: str = ""


class OverallHealth(Answer):
    """Answer of ``GET /health``."""

    status: Literal["ok", "degraded", "down"]
    version: str
    uptime_s: float
    services: dict[str, ServiceHealth]
