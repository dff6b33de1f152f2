"""cli.supervision.services: what a service will read is known before it is started."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from chat_ws.settings import ChatSettings
from cli.supervision.layout import Layout
from cli.supervision.services import settings_of


def test_the_embedded_database_stands_in(tmp_path: Path) -> None:
    """Without DATABASE_URL it is the embedded one's address; other programs' secrets are not seen."""
    env = {"INTERNAL_TOKEN": "t" * 32, "COHERE_API_KEY": "k", "CHAT_PORT": "9002"}

    settings = settings_of(ChatSettings, "chat_ws", env, Layout(tmp_path))

    assert settings.chat_port == 9002
    assert settings.database_url.get_secret_value() == Layout(tmp_path).database_url


def test_what_the_service_would_refuse_is_raised(tmp_path: Path) -> None:
    """A wrong value is the same error as at the start."""
    env = {"INTERNAL_TOKEN": "t" * 32, "CHAT_PORT": "none"}

    with pytest.raises(ValidationError):
        settings_of(ChatSettings, "chat_ws", env, Layout(tmp_path))
