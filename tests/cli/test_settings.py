import pytest

from cli.settings import CliSettings
from shared.settings import load


def test_without_anything_this_machine_is_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    """Empty variables count as unset, and the server is this machine's on the usual port."""
    for name in ("CARREL_URL", "PORT", "ADMIN_API_KEY", "DATA_DIR"):
        monkeypatch.setenv(name, "")
    found = load(CliSettings)
    assert found.server == "http://127.0.0.1:7860"
    assert found.admin_api_key is None


def test_the_port_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    """PORT moves the server that is meant; CARREL_URL replaces it."""
    monkeypatch.setenv("CARREL_URL", "")
    monkeypatch.setenv("PORT", "7000")
    assert load(CliSettings).server == "http://127.0.0.1:7000"
    monkeypatch.setenv("CARREL_URL", "https://carrel.test/")
    assert load(CliSettings).server == "https://carrel.test"


@pytest.mark.parametrize(("name", "value"), [("CARREL_URL", "carrel.test"), ("PORT", "0")])
def test_a_bad_value_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str
) -> None:
    """A wrong variable is named on one line, without its value."""
    monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as ended:
        load(CliSettings)
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith(f"carrel: {name}: ")
    assert said.count("\n") == 1
    assert "carrel.test" not in said
