"""cli.verify.secrets: what is known here, by name."""

from pathlib import Path

import pytest

from cli.verify.secrets import KnownSecrets, kept


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in KnownSecrets.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def test_each_secret_is_known_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several of one variable apart, passwords without their address."""
    monkeypatch.setenv("ADMIN_API_KEY", "the-first-key, the-second-key")
    monkeypatch.setenv("DATABASE_URL", "postgresql://carrel:pass%2Fword@db.example/carrel")
    monkeypatch.setenv("REDIS_URL", "redis://host/0")
    monkeypatch.setenv("COHERE_API_KEY", "")

    assert KnownSecrets().by_name() == {
        "ADMIN_API_KEY": "the-first-key",
        "ADMIN_API_KEY (2)": "the-second-key",
        "the password of DATABASE_URL": "pass/word",
    }


def test_an_address_that_is_none_has_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the doctor's to say what is wrong with it."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://[broken")

    assert KnownSecrets().by_name() == {}


def test_what_was_made_is_known(tmp_path: Path) -> None:
    """As far as it is there and can be read."""
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "session_secret").write_text("made-at-the-first-start\n")
    (tmp_path / "secrets" / "internal_token").mkdir()

    assert kept(tmp_path) == {"SESSION_SECRET of the data folder": "made-at-the-first-start"}
