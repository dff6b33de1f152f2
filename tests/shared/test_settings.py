from pathlib import Path

import pytest
from pydantic import Field

from shared.settings import HttpUrl, Port, ServiceSettings, load, refuse

SECRET = "this-is-the-secret-value"


class Settings(ServiceSettings):
    """As a service has them."""

    some_port: Port = 8001
    some_url: HttpUrl = "http://127.0.0.1:1"
    names: list[str] = Field(default=[])


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The environment of a service that has what it needs and nothing else."""
    for name in ("DATA_DIR", "LOG_LEVEL", "LOG_FORMAT", "SOME_PORT", "SOME_URL", "NAMES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("INTERNAL_TOKEN", SECRET)
    return monkeypatch


def refusal(capsys: pytest.CaptureFixture[str]) -> str:
    """The one line with which the start is refused."""
    with pytest.raises(SystemExit) as ended:
        load(Settings)
    captured = capsys.readouterr()
    assert ended.value.code == 2
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    return captured.err


def test_defaults_hold(environment: pytest.MonkeyPatch) -> None:
    """What is not set has its default; a secret does not show itself."""
    settings = load(Settings)
    assert (settings.data_dir, settings.log_level, settings.some_port) == (Path("data"), "info", 8001)
    assert SECRET not in repr(settings)


def test_settings_stay_as_they_were_read() -> None:
    """Nobody changes a setting while the service runs."""
    with pytest.raises(ValueError, match="frozen"):
        load(Settings).some_port = 1  # type: ignore[misc]  # that it is frozen is what is tested


def test_empty_means_unset(environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """An empty variable is no value: the default holds, and what is needed is missing."""
    environment.setenv("SOME_PORT", "")
    assert load(Settings).some_port == 8001
    environment.setenv("INTERNAL_TOKEN", "")
    assert refusal(capsys) == "carrel: INTERNAL_TOKEN: is missing\n"


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("SOME_PORT", "eighty-eighty", "should be a valid integer"),
        ("SOME_PORT", "65536", "less than or equal to 65535"),
        ("SOME_URL", "ftp://hidden", "must begin with http:// or https://"),
        ("LOG_LEVEL", "hidden", "'debug'"),
        ("INTERNAL_TOKEN", "hidden", "at least 16"),
        ("NAMES", "hidden", "is not JSON"),
    ],
)
def test_a_bad_value_is_named_and_not_shown(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str, reason: str
) -> None:
    """One line names the variable and what would be right, never the value."""
    environment.setenv(name, value)
    line = refusal(capsys)
    assert line.startswith(f"carrel: {name}")
    assert reason in line
    assert value not in line


def test_all_that_is_wrong_is_said_at_once(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two bad values are two names in the same line."""
    environment.setenv("SOME_PORT", "0")
    environment.setenv("LOG_FORMAT", "xml")
    line = refusal(capsys)
    assert "SOME_PORT: " in line
    assert "; " in line
    assert "LOG_FORMAT: " in line


def test_an_address_has_no_slash_at_its_end(environment: pytest.MonkeyPatch) -> None:
    """Paths are appended to it as they are."""
    environment.setenv("SOME_URL", "https://carrel.test/base/")
    assert load(Settings).some_url == "https://carrel.test/base"


def test_a_refusal_is_exit_code_two(capsys: pytest.CaptureFixture[str]) -> None:
    """A supervisor tells a refused start from a crash."""
    with pytest.raises(SystemExit) as ended:
        refuse("because")
    assert (ended.value.code, capsys.readouterr().err) == (2, "carrel: because\n")
