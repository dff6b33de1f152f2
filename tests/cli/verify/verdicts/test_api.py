"""cli.verify.verdicts.api: the description of the API, and sessions."""

from typing import Any

import pytest

from cli.findings import Colour
from cli.verify.verdicts.api import openapi, session

PATHS: dict[str, Any] = {"/v1/sessions": {}, "/v1/search": {}, "/v1/conversations": {}}


@pytest.mark.parametrize(
    ("status", "document", "colour"),
    [
        (200, {"openapi": "3.1.0", "paths": PATHS}, "green"),
        (200, {"openapi": "3.1.0", "paths": {"/v1/sessions": {}, "/v1/conversations": {}}}, "red"),
        (200, {}, "red"),
        (503, {"paths": PATHS}, "red"),
        (0, {}, "red"),
    ],
)
def test_the_description(status: int, document: dict[str, Any], colour: Colour) -> None:
    """It is whole when all three services have told their part."""
    assert openapi(status, document).colour == colour


def test_a_missing_part_is_named() -> None:
    """By its service."""
    found = openapi(200, {"paths": {"/v1/sessions": {}, "/v1/conversations": {}}})

    assert found.found == "without the part of: retriever"


@pytest.mark.parametrize(
    ("status", "token", "colour"), [(200, "t", "green"), (200, "", "red"), (0, "", "red")]
)
def test_a_session(status: int, token: str, colour: Colour) -> None:
    """Without a token nobody asks anything."""
    assert session(status, token).colour == colour
