from typing import Any

import pytest
from pydantic import ValidationError

from chat_ws.settings import ChatSettings
from shared.settings import describe
from tests.support.chat_service import settings

URL = "postgresql://u:hidden@127.0.0.1:5432/d"


@pytest.mark.parametrize(
    "url",
    [URL, "postgres://h/d", "postgresql://u@/d?host=%2Frun%2Fpg", "postgresql://h1,h2/d?sslmode=require"],
)
def test_any_address_of_postgresql_is_taken(url: str) -> None:
    """TCP or socket, one host or several; the address is a secret."""
    chosen = settings(url)
    assert chosen.database_url.get_secret_value() == url.replace("postgres://", "postgresql://")
    assert "hidden" not in repr(chosen)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"database_url": "mysql://hidden"}, "DATABASE_URL: must begin with postgresql://"),
        ({"database_url": "postgresql://u:hidden%zz@h/d"}, "DATABASE_URL: has a % that escapes nothing"),
        ({"database_url": "postgresql://[hidden/d"}, "DATABASE_URL: is not a PostgreSQL address"),
        (
            {"database_url": "postgresql://h/d?pool_mode=hidden"},
            "DATABASE_URL: is not a PostgreSQL address; the driver knows no parameter pool_mode",
        ),
        ({"database_connections": 0}, "DATABASE_CONNECTIONS: "),
        ({"max_frame_bytes": 2**20}, "MAX_FRAME_BYTES: "),
        ({"heartbeat_interval_s": 0}, "HEARTBEAT_INTERVAL_S: "),
        ({"heartbeat_interval_s": 56}, "HEARTBEAT_INTERVAL_S: "),
        ({"drain_s": 6}, "DRAIN_S: "),
        ({"chat_port": 0}, "CHAT_PORT: "),
        ({"retriever_url": "127.0.0.1:8001"}, "RETRIEVER_URL: must begin with http://"),
        ({"limits": "maybe"}, "LIMITS: "),
    ],
)
def test_a_bad_value_is_named_and_not_shown(changed: dict[str, Any], reason: str) -> None:
    """The reason begins with the variable and holds no part of the value."""
    with pytest.raises(ValidationError) as caught:
        ChatSettings(**{"internal_token": "t" * 16, "database_url": URL} | changed)
    assert describe(caught.value).startswith(reason)
    assert "hidden" not in describe(caught.value)


def test_a_service_needs_its_database_and_its_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both are missing at once, and both are said."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("INTERNAL_TOKEN", raising=False)
    with pytest.raises(ValidationError) as caught:
        ChatSettings()
    assert "INTERNAL_TOKEN: is missing" in describe(caught.value)
    assert "DATABASE_URL: is missing" in describe(caught.value)
