"""cli.verify.api: a session, and a description that is asked for until it is whole."""

from typing import Any

import httpx

from cli.verify.api import describe, open_session
from cli.verify.outside import Outside
from tests.support.cli_server import Handler, serving
from tests.support.deployment import TOKEN, Deployment

PART = httpx.Response(200, json={"openapi": "3.1.0", "paths": {"/v1/sessions": {}}})


def described(handler: Handler) -> tuple[str, list[float]]:
    pauses: list[float] = []
    with serving(handler) as url:
        outside = Outside(url)
        found: Any = describe(outside, pause=pauses.append)
        outside.close()
    return found.colour, pauses


def test_a_whole_description_is_asked_for_once() -> None:
    """Green at once."""
    assert described(Deployment()) == ("green", [])


def test_a_part_that_comes_later_is_waited_for() -> None:
    """A service that is asked for the first time may be slow."""
    answers, deployment = [PART], Deployment()

    def answer(request: httpx.Request) -> httpx.Response:
        return answers.pop() if answers else deployment(request)

    assert described(answer) == ("green", [1.0])


def test_a_part_that_does_not_come_is_red() -> None:
    """After a bounded time."""
    colour, pauses = described(Deployment({"GET /openapi.json": PART}))

    assert (colour, len(pauses)) == ("red", 3)


def test_a_session() -> None:
    """Its token is known as one that was handed out; without one the line is red."""
    with serving(Deployment()) as url:
        outside = Outside(url)
        token, line = open_session(outside)
        outside.close()
    assert (token, line.colour, outside.tokens) == (TOKEN, "green", [TOKEN])

    with serving(Deployment({"POST /v1/sessions": httpx.Response(503)})) as url:
        outside = Outside(url)
        token, line = open_session(outside)
        outside.close()
    assert (token, line.colour, outside.tokens) == ("", "red", [])
