"""cli.verify.command: the order, what is left behind, tokens, the wait. The whole: tests/system."""

import json
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from cli.settings import CliSettings
from cli.verify.command import Wanted, examine, verify, wait
from cli.verify.outside import Outside
from tests.support.cli_server import serving
from tests.support.deployment import COMMIT, HEALTH, KEY, TOKEN, Deployment


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ADMIN_API_KEY", "HF_TOKEN", "CARREL_URL", "COHERE_API_KEY", "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)


def verified(url: str, wanted: Wanted, folder: Path) -> int:
    settings = CliSettings(carrel_url=url, admin_api_key=SecretStr(KEY), data_dir=folder)
    return verify(wanted, settings=settings, as_json=True)


def test_every_line_is_told_once_and_in_order(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Here there is no WebSocket, so its question is red, and what follows from it is not."""
    deployment = Deployment(origin="https://docs.example")
    with serving(deployment) as url:
        code = verified(url, Wanted(commit=COMMIT, origin="https://docs.example"), tmp_path)

    lines = json.loads(capsys.readouterr().out)["findings"]
    assert code == 1
    assert [line["name"] for line in lines if line["colour"] == "red"] == ["question"]
    assert len({line["name"] for line in lines}) == len(lines)
    assert lines[0]["group"] == "image, deployment"
    assert lines[-1]["group"] == "response times"
    # Nothing is left behind: neither the document nor what was asked.
    assert deployment.documents == {}
    assert ("DELETE", "/v1/me", f"Bearer {TOKEN}") in [
        (one.method, one.url.path, one.headers.get("authorization")) for one in deployment.requests
    ]


def test_health_is_asked_for_after_the_questions() -> None:
    """A key that Cohere refuses is known once it was used."""
    deployment = Deployment()
    with serving(deployment) as url:
        outside = Outside(url, key=KEY)
        examine(outside, Wanted(), known={})
        outside.close()

    places = [f"{request.method} {request.url.path}" for request in deployment.requests]
    assert places.index("GET /health") > places.index("POST /v1/messages")


def test_a_known_secret_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The owner's key in an answer is red."""
    told = HEALTH | {"note": KEY}
    deployment = Deployment({"GET /health": httpx.Response(200, json=told)})
    with serving(deployment) as url:
        outside = Outside(url)
        found = {line.name: line for line in examine(outside, Wanted(), known={"ADMIN_API_KEY": KEY})}
        outside.close()

    assert (found["secrets"].colour, "GET /health" in found["secrets"].found) == ("red", True)
    assert KEY not in f"{found}"


def test_the_platforms_token_of_the_environment_goes_to_spaces_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is given for this address goes there."""
    monkeypatch.setenv("HF_TOKEN", "hf_of_the_environment")
    deployment = Deployment()
    with serving(deployment) as url:
        verified(url, Wanted(), tmp_path)
        before = {request.headers.get("x-hf-authorization") for request in deployment.requests}
        deployment.requests.clear()
        verified(url, Wanted(hf_token="hf_given"), tmp_path)

    assert before == {None}
    assert {request.headers.get("x-hf-authorization") for request in deployment.requests} == {
        "Bearer hf_given"
    }


def test_the_platforms_token_is_not_sent_in_the_clear(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Over plain HTTP to another machine nothing is tried."""
    assert verified("http://carrel.invalid", Wanted(hf_token="hf_given"), tmp_path) == 2
    assert "https only" in capsys.readouterr().err


def test_it_waits_for_the_right_commit() -> None:
    """An old deployment answers until the new one is there."""
    old = httpx.Response(200, json={"version": "0", "commit": "f" * 40})
    deployment = Deployment({"GET /version": old})
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            deployment.answers.clear()

    with serving(deployment) as url:
        outside = Outside(url)
        came = wait(outside, Wanted(commit=COMMIT[:12], wait_s=600), pause=pause)
        never = wait(outside, Wanted(commit="e" * 40, wait_s=1), pause=pauses.append)
        outside.close()

    assert (came, never, len(pauses)) == (True, False, 2)
