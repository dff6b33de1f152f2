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
        (answers([299 - place for place in range(12)]), "green"),
        (answers([299] * 12), "red"),
        ([*answers([299] * 11), (429, {})], "green"),
        ([(200, {})] * 12, "yellow"),
        (answers([1999] * 12, '"x";q=2000;w=1'), "yellow"),
        (answers([299] * 12, '"x";q=300;w=0'), "yellow"),
        ([(0, {})] * 12, "yellow"),
    ],
)
def test_invented_addresses(found: list[Answer], colour: Colour) -> None:
    """Who believes them has as many callers as addresses, each with all its rate left."""
    assert verdict(found).colour == colour


def test_each_is_another_one() -> None:
    """Twice the same would be counted together in any case."""
    assert len(set(INVENTED)) == len(INVENTED)
