"""cli.doctor.verdicts.cohere: what Cohere's answers and the month mean."""

from dataclasses import replace

import pytest

from cli.doctor.verdicts.cohere import Told, budget, key, models
from cli.findings import Colour

VARIABLES = ("COHERE_CHAT_MODEL", "COHERE_EMBED_MODEL")


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


CHAT, EMBED = Told("c", 200, endpoints=frozenset({"chat"})), Told("e", 200)


@pytest.mark.parametrize(
    ("chat", "embed", "colour", "said"),
    [
        (CHAT, EMBED, "green", "c, e"),
        (CHAT, replace(EMBED, status=404), "red", "COHERE_EMBED_MODEL (e) is not known"),
        (CHAT, replace(CHAT, model="e"), "red", "COHERE_EMBED_MODEL (e) cannot embed"),
        (replace(CHAT, deprecated=True), EMBED, "yellow", "deprecated: COHERE_CHAT_MODEL (c)"),
        (Told("c", 404, known=False), Told("e", 404, known=False), "yellow", "tells of no models"),
        (CHAT, replace(EMBED, status=503), "yellow", "not looked up: COHERE_EMBED_MODEL"),
        (Told("c", 401), Told("e", 401), "red", "not looked up"),
    ],
)
def test_the_models(chat: Told, embed: Told, colour: Colour, said: str) -> None:
    """Known, good for their use, not on their way out; an address without a list is not blamed."""
    found = models({"COHERE_CHAT_MODEL": chat, "COHERE_EMBED_MODEL": embed})

    assert (found.colour, said in found.found, bool(found.fix)) == (colour, True, colour != "green")


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
