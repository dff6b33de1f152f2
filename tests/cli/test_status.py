import json

import httpx
import pytest

from cli.settings import CliSettings
from cli.status import rows, show, status
from shared.contracts.gateway import OverallHealth
from tests.support.cli_server import HEALTH, Carrel, fake_client, health, serving

SETTINGS = CliSettings(carrel_url="http://127.0.0.1:9")


def shown(answer: httpx.Response, *, as_json: bool = False) -> int:
    return show(fake_client(Carrel(health=answer)), settings=SETTINGS, as_json=as_json)


@pytest.mark.parametrize(("state", "code"), [("ok", 0), ("degraded", 1), ("down", 2)])
def test_the_exit_code_tells_the_state(state: str, code: int) -> None:
    """A script sees how the whole is."""
    assert shown(health(state)) == code


def test_services_and_their_needs_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """Every service and check has its line, and what a service says is not taken for markup."""
    shown(health("ok"))
    said = capsys.readouterr().out
    assert "http://127.0.0.1:9: ok, version 0.1.0, up 1 h 2 min 5 s" in said
    assert "2.3 ms" in said
    assert "  postgres" in said
    assert "[bold]18.1" in said


def test_rows_follow_the_health() -> None:
    """A check stands, indented, under its service."""
    made = list(rows(OverallHealth.model_validate(HEALTH)))
    assert [row[0] for row in made] == ["gateway", "chat_ws", "  postgres"]
    assert made[1][2] == "2.3 ms"


def test_json_is_the_health(capsys: pytest.CaptureFixture[str]) -> None:
    """With --json standard output is the health as one object."""
    assert shown(health("degraded"), as_json=True) == 1
    assert json.loads(capsys.readouterr().out)["status"] == "degraded"


@pytest.mark.parametrize("as_json", [True, False])
def test_a_server_that_is_not_there_is_said(capsys: pytest.CaptureFixture[str], as_json: bool) -> None:
    """Out of reach ends with 2; with --json there is an object for that too."""
    assert status(settings=SETTINGS, as_json=as_json) == 2
    said = capsys.readouterr()
    assert "carrel up" in said.err
    assert not as_json or json.loads(said.out)["status"] == "unreachable"


def test_it_works_over_a_real_connection() -> None:
    """The whole way, without any key."""
    carrel = Carrel()
    with serving(carrel) as url:
        assert status(settings=CliSettings(carrel_url=url), as_json=True) == 0
    assert "x-api-key" not in carrel.requests[0].headers
