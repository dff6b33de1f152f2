"""cli.verify.browser: preflights as a browser sends them."""

from cli.verify.browser import check
from cli.verify.outside import Outside
from tests.support.cli_server import serving
from tests.support.deployment import Deployment

DOCS = "https://docs.example"


def colours(deployment: Deployment, origin: str) -> list[str]:
    with serving(deployment) as url:
        outside = Outside(url)
        found: list[str] = [finding.colour for finding in check(outside, origin=origin)]
        outside.close()
    return found


def test_a_page_that_may_call() -> None:
    """It asks for its token's header, and a stranger is asked for, too."""
    deployment = Deployment(origin=DOCS)

    assert colours(deployment, DOCS) == ["green", "green"]
    asked = [request.headers for request in deployment.requests if request.method == "OPTIONS"]
    assert [headers["origin"] for headers in asked] == [DOCS, "https://carrel-verify.invalid"]
    assert "authorization" in asked[0]["access-control-request-headers"]


def test_a_page_that_may_not() -> None:
    """Only that line is red."""
    assert colours(Deployment(), DOCS) == ["red", "green"]


def test_without_a_page_only_strangers_are_tried() -> None:
    """Nothing was asked for that could be wrong."""
    assert colours(Deployment(), "") == ["green", "green"]
