"""cli.verify.verdicts.address: counted together or each alone."""

import pytest

from cli.findings import Colour
from cli.verify.verdicts.address import INVENTED, verdict

Answer = tuple[int, dict[str, str]]


def answers(left: list[int], policy: str = '"session-address";q=300;w=60') -> list[Answer]:
    return [(200, {"ratelimit-policy": policy, "ratelimit": f'"session-address";r={r};t=1'}) for r in left]


@pytest.mark.parametrize(
    ("found", "colour"),
    [
        (answers([299 - place for place in range(24)]), "green"),
        (answers([299] * 24), "red"),
        ([*answers([299] * 23), (429, {})], "green"),
        ([(200, {})] * 24, "yellow"),
        (answers([1999] * 24, '"x";q=2000;w=1'), "yellow"),
        (answers([299] * 24, '"x";q=300;w=0'), "yellow"),
        ([(0, {})] * 24, "yellow"),
    ],
)
def test_invented_addresses(found: list[Answer], colour: Colour) -> None:
    """Who believes them has as many callers as addresses, each with all its rate left."""
    assert verdict(found, seconds=0.2).colour == colour


@pytest.mark.parametrize(("least", "colour"), [(299, "yellow"), (297, "green")])
def test_answers_that_came_slowly(least: int, colour: Colour) -> None:
    """A bucket that is filled meanwhile tells nothing; one that is not full all the same tells all."""
    assert verdict(answers([least] + [299] * 23), seconds=10).colour == colour


def test_each_is_another_one() -> None:
    """Twice the same would be counted together in any case."""
    assert len(set(INVENTED)) == len(INVENTED)
