import json
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from cli.ask import ask, show
from cli.settings import CliSettings
from shared.errors import InvalidRequestError
from tests.support.cli_server import RUN, Carrel, fake_client, refused, serving, stream

SETTINGS = CliSettings(carrel_url="http://127.0.0.1:9", admin_api_key=SecretStr("k" * 32))


def changed(**ends: Any) -> httpx.Response:
    """The usual run with fields of its last two events changed."""
    fields = {"message-end": {"finish_reason"}, "run-end": {"status", "degraded", "error"}}
    return stream(
        [
            event | {key: value for key, value in ends.items() if key in fields.get(event["type"], ())}
            for event in RUN
        ]
    )


def asked(answer: httpx.Response, *, as_json: bool = False, grow: bool = False) -> int:
    return show("q", client=fake_client(Carrel(answer=answer)), as_json=as_json, grow=grow)


@pytest.mark.parametrize("grow", [True, False])
def test_the_answer_comes_first_then_its_sources(capsys: pytest.CaptureFixture[str], grow: bool) -> None:
    """At once or growing, the answer is printed with its marks, then the numbered sources."""
    assert asked(stream(RUN), grow=grow) == 0
    assert capsys.readouterr().out == (
        "Ownership is a set of rules. [1] It is checked.\n"
        "\n"
        "[1] What Is Ownership? › Rules — https://book.test/ch04.html#rules\n"
        "    “Ownership is a set of rules.”\n"
    )


def test_json_is_the_whole_answer(capsys: pytest.CaptureFixture[str]) -> None:
    """With --json standard output is one object, also on a terminal."""
    assert asked(stream(RUN), as_json=True, grow=True) == 0
    whole = json.loads(capsys.readouterr().out)
    assert whole["answer"] == "Ownership is a set of rules. It is checked."
    assert whole["citations"][0]["sources"][0]["passage_id"] == "p1"


def test_a_refusal_has_its_own_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    """A refused question ends with 3 and says so beside what was answered."""
    answer = stream(
        [
            RUN[0],
            {"type": "content-delta", "delta": {"text": "I could not find it."}},
            {"type": "message-end", "finish_reason": "refused"},
            RUN[-1],
        ]
    )
    assert asked(answer) == 3
    said = capsys.readouterr()
    assert said.out == "I could not find it.\n"
    assert "refused" in said.err


def test_what_was_lacking_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """Degraded parts stand on one line of standard error; the answer counts."""
    assert asked(changed(degraded=["rerank", "generation"])) == 0
    assert capsys.readouterr().err == "carrel: degraded, answered without: rerank, generation\n"


@pytest.mark.parametrize(
    ("error", "reason"),
    [({"code": "internal", "message": "it broke", "retryable": False}, "it broke"), (None, "failed")],
)
def test_a_failed_run_fails(capsys: pytest.CaptureFixture[str], error: Any, reason: str) -> None:
    """A run that did not complete ends with 1 and its reason."""
    assert asked(changed(status="failed", error=error)) == 1
    assert reason in capsys.readouterr().err


def test_a_stream_that_breaks_off_keeps_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    """The complaint about a cut answer begins on a line of its own."""
    assert asked(stream(RUN[:6]), grow=True) == 1
    said = capsys.readouterr()
    assert said.out == "Ownership is a set of rules.\n"
    assert "broke off" in said.err


def test_a_refused_request_fails(capsys: pytest.CaptureFixture[str]) -> None:
    """What the server says instead of an answer is the reason."""
    assert asked(refused(InvalidRequestError("too long"))) == 1
    assert capsys.readouterr().err == "carrel: too long\n"


def test_a_server_that_is_not_there_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a server the command ends with 2 and what to do."""
    assert ask("q", settings=SETTINGS, as_json=False) == 2
    assert "carrel up" in capsys.readouterr().err


def test_the_question_is_asked_with_the_key() -> None:
    """The whole way over a real connection: the key and the question arrive."""
    carrel = Carrel()
    with serving(carrel) as url:
        assert ask("What?", settings=SETTINGS.model_copy(update={"carrel_url": url}), as_json=False) == 0
    request = carrel.requests[-1]
    assert request.headers["x-api-key"] == "k" * 32
    assert json.loads(request.content)["messages"] == [{"role": "user", "content": "What?"}]


def test_a_slow_server_is_still_asked() -> None:
    """A readiness that is no answer of ours does not keep the question back."""
    carrel = Carrel(health=httpx.Response(503))
    with serving(carrel) as url:
        assert ask("What?", settings=SETTINGS.model_copy(update={"carrel_url": url}), as_json=False) == 0
