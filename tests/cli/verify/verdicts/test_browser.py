"""cli.verify.verdicts.browser: preflights and framing."""

import pytest

from cli.findings import Colour
from cli.verify.verdicts.browser import FOREIGN, cors, frames

DOCS = "https://docs.example"
HEADERS = "authorization, content-type"
NO = (403, {"vary": "Origin"})


def yes(origin: str, headers: str = HEADERS) -> tuple[int, dict[str, str]]:
    return 204, {"access-control-allow-origin": origin, "access-control-allow-headers": headers}


@pytest.mark.parametrize(
    ("origin", "preflight", "foreign", "colour"),
    [
        (DOCS, yes(DOCS), NO, "green"),
        (DOCS, yes("*"), yes("*"), "yellow"),
        (DOCS, NO, NO, "red"),
        (DOCS, (204, {}), NO, "red"),
        (DOCS, (500, yes(DOCS)[1]), NO, "red"),
        (DOCS, yes(DOCS, "content-type"), NO, "red"),
        ("", (0, {}), NO, "green"),
        ("", (0, {}), yes(FOREIGN), "yellow"),
    ],
)
def test_cors(
    origin: str, preflight: tuple[int, dict[str, str]], foreign: tuple[int, dict[str, str]], colour: Colour
) -> None:
    """The page that is to call may, with its token; a stranger's may not."""
    assert cors(origin, preflight, foreign).colour == colour


GOOD = "default-src 'none'; Frame-Ancestors 'self' https://huggingface.co https://*.hf.space"


@pytest.mark.parametrize(
    ("headers", "on_space", "colour"),
    [
        ({"content-security-policy": GOOD}, True, "green"),
        ({"content-security-policy": "frame-ancestors *"}, True, "green"),
        ({"content-security-policy": "frame-ancestors 'self'"}, True, "red"),
        ({"content-security-policy": "frame-ancestors 'self'"}, False, "yellow"),
        ({"content-security-policy": GOOD, "x-frame-options": "SAMEORIGIN"}, False, "red"),
        ({"content-security-policy": "default-src 'self';"}, True, "yellow"),
        ({}, False, "yellow"),
    ],
)
def test_framing(headers: dict[str, str], on_space: bool, colour: Colour) -> None:
    """A Space shows the page in a frame of its own; X-Frame-Options would blank it."""
    assert frames(headers, on_space=on_space).colour == colour
