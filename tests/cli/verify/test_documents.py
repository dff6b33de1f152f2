"""cli.verify.documents: put there, found, and gone again whatever happens."""

import httpx
import pytest

from cli.findings import Finding
from cli.verify.documents import FOLDER, Probe
from cli.verify.outside import Outside
from tests.support.cli_server import serving
from tests.support.deployment import KEY, Deployment


def probed(deployment: Deployment, key: str = KEY) -> Finding:
    with serving(deployment) as url:
        outside = Outside(url, key=key)
        probe = Probe(outside, id=f"{FOLDER}/1.md")
        if key:
            probe.begin()
        finding = probe.end()
        outside.close()
    return finding


def test_a_good_deployment() -> None:
    """Nothing is left there."""
    deployment = Deployment()

    assert probed(deployment).colour == "green"
    assert deployment.documents == {}
    assert [request.method for request in deployment.requests] == ["PUT", "GET", "POST", "DELETE", "GET"]


@pytest.mark.parametrize(
    ("place", "answer", "said"),
    [
        (
            f"PUT /v1/documents/{FOLDER}/1.md",
            httpx.Response(503, json={"code": "overloaded"}),
            "PUT answers HTTP 503",
        ),
        (f"GET /v1/documents/{FOLDER}/1.md", httpx.Response(404, json={}), "GET answers HTTP 404"),
        ("POST /v1/search", httpx.Response(200, json={"passages": []}), "not found by a search"),
        ("POST /v1/search", httpx.Response(500, text="?"), "not found by a search"),
        (f"DELETE /v1/documents/{FOLDER}/1.md", httpx.Response(500, json={}), "DELETE answers HTTP 500"),
    ],
)
def test_each_step_that_fails_is_told(place: str, answer: httpx.Response, said: str) -> None:
    """Red, with the step and how it was answered."""
    found = probed(Deployment({place: answer}))

    assert (found.colour, said in found.found) == ("red", True)


def test_what_was_put_there_is_removed_though_it_was_not_found() -> None:
    """A failure leaves nothing behind."""
    deployment = Deployment({"POST /v1/search": httpx.Response(500)})

    assert probed(deployment).colour == "red"
    assert deployment.documents == {}


def test_a_key_of_another_deployment_is_told() -> None:
    """The fix names the key."""
    found = probed(Deployment(), key="another-key-altogether")

    assert (found.colour, "ADMIN_API_KEY" in found.fix) == ("red", True)
    assert found.needs == ()


def test_without_a_key_nothing_is_tried() -> None:
    """Yellow, and nobody is asked."""
    deployment = Deployment()

    assert probed(deployment, key="").colour == "yellow"
    assert deployment.requests == []


def test_each_verification_has_its_own() -> None:
    """Two at the same time do not take each other's away."""
    outside = Outside("http://127.0.0.1:1")
    assert Probe(outside).id != Probe(outside).id
    outside.close()
