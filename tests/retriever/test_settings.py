"""Settings come from the environment and are refused by name."""

import pytest

from retriever.settings import RetrieverSettings
from shared.settings import load

TOKEN = "t" * 16


def test_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    """With nothing but the internal token set, the embedded engine on the local address is used."""
    for name in ("QDRANT_URL", "COHERE_API_KEY", "RETRIEVER_PORT"):
        monkeypatch.delenv(name, raising=False)
    settings = load(RetrieverSettings, internal_token=TOKEN)
    assert (settings.retriever_port, settings.bind_host, settings.qdrant_url) == (8001, "127.0.0.1", None)
    assert settings.qdrant_collection == "carrel"
    assert settings.max_document_bytes == 10 * 1024 * 1024


def test_the_environment_is_read_and_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each name is read from the environment; keys never stand in a representation."""
    monkeypatch.setenv("QDRANT_URL", "https://q.example/")
    monkeypatch.setenv("QDRANT_API_KEY", "hush")
    settings = load(RetrieverSettings, internal_token=TOKEN)
    assert settings.qdrant_url == "https://q.example"
    assert "hush" not in repr(settings)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RETRIEVER_PORT", "0"),
        ("QDRANT_URL", "qdrant:6333"),
        ("QDRANT_COLLECTION", "a/b"),
        ("MAX_DOCUMENT_BYTES", "1"),
    ],
)
def test_a_bad_value_ends_the_start_naming_it(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A wrong value is one line that names its variable, and no start."""
    monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit):
        load(RetrieverSettings, internal_token=TOKEN)
    assert name in capsys.readouterr().err
