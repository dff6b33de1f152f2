"""cli.verify.verdicts.leaks: what is found, and what is not taken for a secret."""

import pytest

from cli.verify.verdicts.leaks import verdict

SECRET = "the-owners-very-own-key"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ2XzEyMyJ9.c2lnbmF0dXJlLXNpZ25hdHVyZQ"


def test_a_known_secret_is_red_and_not_repeated() -> None:
    """It is named, and where it stood."""
    found = verdict([("GET /x", f"a {SECRET} b")], known={"ADMIN_API_KEY": SECRET}, handed_out=[])

    assert (found.colour, "GET /x" in found.found, "ADMIN_API_KEY" in found.found) == ("red", True, True)
    assert SECRET not in f"{found}"


@pytest.mark.parametrize(
    "text",
    [
        "hf_" + "a" * 34,
        "postgresql://carrel:pass-word@db.example/carrel",
        "rediss://:pass-word@r.example:6379/0",
        "-----BEGIN RSA PRIVATE KEY-----",
        TOKEN,
        "aB3" + "x" * 37,
    ],
)
def test_what_looks_like_a_secret_is_yellow(text: str) -> None:
    """It may be an example in a document."""
    assert verdict([("GET /x", f'"{text}"')], known={}, handed_out=[]).colour == "yellow"


@pytest.mark.parametrize(
    "text",
    ["0123456789abcdef0123456789abcdef01234567", "postgresql://host/database", "v_abcdef", "x" * 40],
)
def test_what_is_none_is_green(text: str) -> None:
    """A commit, an address without a password, an id."""
    assert verdict([("GET /x", text)], known={"SHORT": "x" * 7}, handed_out=[]).colour == "green"


def test_a_token_that_was_asked_for_is_none() -> None:
    """It was handed out to us."""
    found = verdict([("POST /v1/sessions", TOKEN)], known={"A": SECRET}, handed_out=[TOKEN])

    assert (found.colour, "of A" in found.found) == ("green", True)
