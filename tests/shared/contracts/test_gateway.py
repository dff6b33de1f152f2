from datetime import UTC, datetime

from shared.contracts.gateway import OverallHealth, ServiceHealth, Session, Version


def test_a_session_says_until_when() -> None:
    """Its end is an instant in UTC."""
    session = Session(token="t", visitor_id="v", expires_at=datetime(2026, 1, 1, tzinfo=UTC))
    assert session.model_dump(mode="json")["expires_at"] == "2026-01-01T00:00:00.000Z"


def test_health_of_an_older_service_is_read() -> None:
    """Checks and detail may be missing, unknown fields may be there."""
    health = OverallHealth.model_validate(
        {
            "status": "degraded",
            "version": "1",
            "uptime_s": 1,
            "services": {"retriever": {"status": "down", "latency_ms": 1, "mood": "bad"}},
        }
    )
    assert health.services["retriever"] == ServiceHealth(status="down", latency_ms=1)


def test_the_version_names_the_protocol() -> None:
    """A client can tell whether it speaks the same protocol."""
    assert Version(version="1", commit="abc", protocol=1).model_dump()["protocol"] == 1
