"""What is served tells its revision; the Hub's token goes to Spaces and nowhere else."""

import httpx
import pytest

from cli.deploy.served import Served
from cli.deploy.waiting import Seen

SECRET = "hf_secret"


def serving(
    answers: dict[str, httpx.Response], address: str = "http://127.0.0.1:1"
) -> tuple[Served, list[httpx.Request]]:
    asked: list[httpx.Request] = []

    def server(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return answers.get(request.url.path) or httpx.Response(503, text="a platform's page")

    return Served(address, token=SECRET, transport=httpx.MockTransport(server)), asked


def test_what_is_seen() -> None:
    """Revision and readiness; nothing of a page that is not ours."""
    version = httpx.Response(200, json={"commit": "abc"})
    served, _ = serving({"/version": version, "/health/ready": httpx.Response(200)})
    assert served.seen("RUNNING") == Seen("RUNNING", "abc", ready=True)
    served, _ = serving({"/version": version})
    assert served.seen("RUNNING") == Seen("RUNNING", "abc", ready=False)
    served, asked = serving({})
    assert served.seen("SLEEPING") == Seen("SLEEPING")
    served.visit()
    assert asked
    served.close()


@pytest.mark.parametrize("answer", [httpx.Response(200, text="<html>"), httpx.Response(200, json=["x"])])
def test_another_page_is_nothing(answer: httpx.Response) -> None:
    """Such as the platform's own while it starts."""
    served, _ = serving({"/version": answer})
    assert served.seen("APP_STARTING") == Seen("APP_STARTING")


def test_nobody_there() -> None:
    """Is nothing seen, no error."""
    served = Served("http://127.0.0.1:9", token=SECRET)
    assert served.seen("BUILDING") == Seen("BUILDING")
    served.close()


@pytest.mark.parametrize(
    ("address", "given"),
    [
        ("https://keeper-lamps.hf.space", True),
        ("http://127.0.0.1:7860", True),
        ("http://keeper-lamps.hf.space", False),
        ("https://lamps.example", False),
        ("https://hf.space.example", False),
    ],
)
def test_who_is_given_the_token(address: str, given: bool) -> None:
    """A Space's own address over https, and this machine."""
    served, asked = serving({}, address)
    served.seen("RUNNING")
    assert ("authorization" in asked[0].headers) == given
