"""cli.verify.outside: credentials go where they belong, and everything that was told is kept."""

import httpx
import pytest

from cli.verify.outside import Outside, is_local, on_space
from tests.support.cli_server import serving
from tests.support.deployment import Deployment
from tests.support.ports import free_ports


def test_each_credential_has_its_own_header() -> None:
    """The platform's token beside the visitor's or the owner's: a private Space takes Authorization."""
    deployment = Deployment()
    with serving(deployment) as url:
        outside = Outside(url, key="the-key", gate="hf_token")
        outside.ask("GET", "/version")
        outside.ask("GET", "/version", token="visitor")
        outside.ask("GET", "/version", owner=True)
        outside.close()

    sent = [request.headers for request in deployment.requests]
    assert {headers["x-hf-authorization"] for headers in sent} == {"Bearer hf_token"}
    assert [headers.get("authorization") for headers in sent] == [None, "Bearer visitor", None]
    assert [headers.get("x-api-key") for headers in sent] == [None, None, "the-key"]


def test_what_is_told_is_kept_with_its_place() -> None:
    """Headers and body, without the query."""
    answer = httpx.Response(418, text="a body", headers={"x-told": "a header"})
    with serving(lambda _: answer) as url:
        outside = Outside(url)
        seen = outside.ask("GET", "/x?q=1")
        outside.close()

    ((place, text),) = outside.answers
    assert (seen.status, seen.told, place) == (418, {}, "GET /x")
    assert "a body" in text
    assert "a header" in text
    assert seen.ms > 0


def test_nobody_there_is_an_answer_too() -> None:
    """Its status is 0, and why is told."""
    outside = Outside(f"http://127.0.0.1:{free_ports(1)[0]}")
    seen = outside.ask("GET", "/")
    outside.close()

    assert (seen.status, seen.error) == (0, "ConnectError")
    assert outside.answers == []


def test_a_stream_is_read_as_it_comes() -> None:
    """With the visitor's token."""
    deployment = Deployment()
    with serving(deployment) as url:
        outside = Outside(url)
        with outside.stream("POST", "/v1/messages", token="visitor", headers={}, json={}) as response:
            assert b"run-end" in response.read()
        outside.close()

    assert deployment.requests[0].headers["authorization"] == "Bearer visitor"


@pytest.mark.parametrize(
    ("url", "local", "space"),
    [
        ("http://127.0.0.1:7860", True, False),
        ("https://user-name.hf.space", False, True),
        ("https://hf.space.example", False, False),
        ("https://docs.example", False, False),
    ],
)
def test_places_are_known(url: str, local: bool, space: bool) -> None:
    """This machine, and Spaces."""
    assert (is_local(url), on_space(url)) == (local, space)
