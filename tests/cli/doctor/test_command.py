"""cli.doctor.command: everything together, before the first start and with all that can be wrong."""

import json
from pathlib import Path

import pytest

from cli.doctor.command import doctor, examine
from tests.support.ports import free_ports


@pytest.fixture(autouse=True)
def _direct(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


def environment(tmp_path: Path, **variables: str) -> dict[str, str]:
    ports = dict(zip(("PORT", "RETRIEVER_PORT", "CHAT_PORT"), map(str, free_ports(3)), strict=True))
    return {"DATA_DIR": str(tmp_path / "data"), **ports, **variables}


def test_before_the_first_start_nothing_is_red(tmp_path: Path) -> None:
    """On a machine with nothing configured; and nothing is made."""
    found = examine(environment(tmp_path))

    assert [one for one in found if one.colour == "red"] == []
    assert {"settings", "Postgres", "Qdrant", "Cohere", "Redis", "disk", "machine", "local model"} == {
        one.group for one in found
    }
    assert list(tmp_path.iterdir()) == []


def test_what_is_away_is_red_where_it_is_the_cause(tmp_path: Path) -> None:
    """Three closed ports are three red lines of the network; what follows names them. No secret is told."""
    one, two, three = (f"127.0.0.1:{port}" for port in free_ports(3))
    found = examine(
        environment(
            tmp_path,
            DATABASE_URL=f"postgresql://u:a-secret@{one}/d",
            QDRANT_URL=f"http://{two}",
            QDRANT_API_KEY="a-secret-of-qdrant",
            COHERE_API_KEY="a-secret-of-cohere",
            COHERE_BASE_URL=f"http://{three}",
        )
    )

    assert {one.name for one in found if one.colour == "red"} == {
        "reach of DATABASE_URL",
        "reach of QDRANT_URL",
        "reach of COHERE_BASE_URL",
    }
    assert "a-secret" not in f"{found}"
    login = next(one for one in found if one.name == "Postgres login")
    assert login.fix == "follows from: reach of DATABASE_URL"


def test_a_wrong_setting_leaves_the_other_checks_running(tmp_path: Path) -> None:
    """The service that would not start is one line; the rest is looked at."""
    found = examine(environment(tmp_path, QDRANT_URL="no address"))

    assert [one.name for one in found if one.colour == "red"] == ["QDRANT_URL (retriever)"]
    assert "disk space" in {one.name for one in found}


@pytest.mark.parametrize(("value", "code"), [("8100", 0), ("none", 1)])
def test_the_exit_code_tells_red(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], value: str, code: int
) -> None:
    """With --json standard output is one object."""
    for name, told in environment(tmp_path, HEALTH_TIMEOUT_S="1" if code == 0 else value).items():
        monkeypatch.setenv(name, told)

    assert doctor(as_json=True) == code
    assert json.loads(capsys.readouterr().out)["status"] in (("green", "yellow") if code == 0 else ("red",))
