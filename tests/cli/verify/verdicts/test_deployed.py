"""cli.verify.verdicts.deployed: the page, HEAD, the certificate, the version."""

import pytest

from cli.findings import Colour
from cli.verify.verdicts.deployed import head, page, read_object, same_commit, tls, version

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("status", "kind", "gated", "colour", "said"),
    [
        (200, "text/html; charset=utf-8", False, "green", ""),
        (200, "application/json", False, "red", "app_port"),
        (0, "", False, "red", "address"),
        (404, "text/html", False, "red", "--hf-token"),
        (404, "text/html", True, "red", "app_port"),
        (503, "", False, "red", "app_port"),
        (308, "", False, "red", "leads to"),
    ],
)
def test_the_page(status: int, kind: str, gated: bool, colour: Colour, said: str) -> None:
    """What else answers is no chat page; a private Space says 404 to strangers."""
    found = page(status, kind, gated=gated)

    assert (found.colour, said in found.fix) == (colour, True)


@pytest.mark.parametrize(
    ("status", "size", "colour"), [(200, 0, "green"), (200, 5, "red"), (405, 0, "red"), (0, 0, "red")]
)
def test_head(status: int, size: int, colour: Colour) -> None:
    """It is what a platform asks first."""
    assert head(status, size).colour == colour


@pytest.mark.parametrize(
    ("days", "problem", "local", "encrypted", "colour"),
    [
        (80.0, "", False, True, "green"),
        (5.0, "", False, True, "yellow"),
        (None, "expired", False, True, "red"),
        (None, "", False, True, "red"),
        (None, "", True, False, "green"),
        (None, "", False, False, "yellow"),
    ],
)
def test_the_certificate(
    days: float | None, problem: str, local: bool, encrypted: bool, colour: Colour
) -> None:
    """Soon over is warned of; none is right on this machine alone."""
    assert tls(days, problem, local=local, encrypted=encrypted).colour == colour


@pytest.mark.parametrize(
    ("status", "running", "commit", "colour"),
    [
        (200, COMMIT, "", "green"),
        (200, "", "", "green"),
        (200, COMMIT, COMMIT[:7], "green"),
        (200, "unknown", COMMIT, "red"),
        (200, COMMIT, "f" * 40, "red"),
        (503, COMMIT, "", "red"),
        (0, COMMIT, "", "red"),
    ],
)
def test_the_version(status: int, running: str, commit: str, colour: Colour) -> None:
    """Only the wanted revision will do, where one is wanted."""
    told = {"version": "0.1.0", "commit": running, "protocol": 1}

    assert version(status, told, commit=commit).colour == colour


def test_what_tells_no_version_is_no_carrel() -> None:
    """Whatever its status is."""
    assert version(200, {}, commit="").colour == "red"


def test_a_revision_is_known_by_its_beginning() -> None:
    """By seven digits at least, in either writing."""
    assert same_commit(COMMIT.upper(), COMMIT[:12])
    assert not same_commit(COMMIT[:6], COMMIT)
    assert not same_commit("", COMMIT)


def test_an_object_or_nothing() -> None:
    """What is no JSON object is an empty one."""
    assert read_object(b'{"a": 1}') == {"a": 1}
    assert read_object(b"[1]") == read_object(b"<html>") == read_object(b"\xff") == {}
