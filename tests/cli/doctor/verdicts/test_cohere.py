"""cli.doctor.verdicts.cohere: what Cohere's answers and the month mean."""

import pytest

from cli.doctor.verdicts.cohere import budget, key, models
from cli.findings import Colour

VARIABLES = {"COHERE_CHAT_MODEL": "c", "COHERE_EMBED_MODEL": "e"}


@pytest.mark.parametrize(
    ("statuses", "colour"),
    [
        ((200, 200), "green"),
        ((200, 404), "green"),
        ((401, 401), "red"),
        ((403, 200), "red"),
        ((0, 0), "red"),
        ((200, 429), "yellow"),
        ((503, 0), "yellow"),
    ],
)
def test_the_key(statuses: tuple[int, int], colour: Colour) -> None:
    """Refused is red, busy is yellow: Carrel does without Cohere for a while."""
    found = key(dict(zip(VARIABLES, statuses, strict=True)), needs=("reach",))

    assert found.colour == colour
    assert bool(found.fix) == (colour != "green")


@pytest.mark.parametrize(
    ("statuses", "lists", "colour"),
    [
        ((200, 200), True, "green"),
        ((200, 404), True, "red"),
        ((404, 404), False, "yellow"),
        ((200, 503), True, "yellow"),
        ((401, 401), True, "red"),
    ],
)
def test_the_models(statuses: tuple[int, int], lists: bool, colour: Colour) -> None:
    """One that is not known is named with its variable; an address without a list is not blamed."""
    found = models(dict(zip(VARIABLES, statuses, strict=True)), VARIABLES, lists=lists)

    assert found.colour == colour
    assert ("COHERE_EMBED_MODEL (e)" in found.found) == (404 in statuses and lists)


@pytest.mark.parametrize(
    ("used", "limit", "tokens", "token_limit", "colour", "said"),
    [
        (10, 0, 5, 0, "green", "without a limit"),
        (10, 1000, 5, 0, "green", "99% of COHERE_MONTHLY_CALLS"),
        (900, 1000, 5, 0, "yellow", "10% of COHERE_MONTHLY_CALLS"),
        (2000, 1000, 5, 0, "red", "0% of COHERE_MONTHLY_CALLS"),
        (10, 1000, 95, 100, "yellow", "5% of COHERE_MONTHLY_TOKENS"),
    ],
)
def test_the_month(used: int, limit: int, tokens: int, token_limit: int, colour: Colour, said: str) -> None:
    """Of two limits the nearer one is told; used up is red, since Cohere is not asked any more."""
    found = budget(used=used, limit=limit, tokens=tokens, token_limit=token_limit)

    assert (found.colour, said in found.found) == (colour, True)
