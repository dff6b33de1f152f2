"""cli.doctor.verdicts.redis: what a server tells of itself."""

from typing import Any

import pytest

from cli.doctor.verdicts.redis import failed, verdict
from cli.findings import Colour

WELL: dict[str, Any] = {"redis_version": "7.2.4", "redis_mode": "standalone", "maxmemory": 0}


@pytest.mark.parametrize(
    ("told", "ms", "colour"),
    [
        ({}, 1, "green"),
        ({"redis_version": "6.2.14"}, 1, "green"),
        ({"redis_version": "6.0.16"}, 1, "red"),
        ({"redis_mode": "cluster"}, 1, "red"),
        ({"maxmemory": 1000, "maxmemory_policy": "allkeys-lru"}, 1, "yellow"),
        ({"maxmemory": 1000, "maxmemory_policy": "volatile-ttl"}, 1, "green"),
        ({}, 200, "yellow"),
    ],
)
def test_a_server(told: dict[str, Any], ms: float, colour: Colour) -> None:
    """Version, kind, what it throws away, and how far it is."""
    found = verdict(WELL | told, ms=ms)

    assert (found.colour, bool(found.fix)) == (colour, colour != "green")


def test_one_that_does_not_let_us_in() -> None:
    """A refused password and silence have different fixes, and both follow from the network."""
    refused, silent = failed("refused", needs=("reach",)), failed("silent", needs=("reach",))

    assert (refused.colour, silent.colour) == ("red", "red")
    assert refused.fix != silent.fix
    assert refused.needs == ("reach",)
