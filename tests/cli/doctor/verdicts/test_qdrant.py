"""cli.doctor.verdicts.qdrant: what a server's answers mean."""

from dataclasses import replace

import pytest

from cli.doctor.verdicts.qdrant import Facts, embedded, verdicts
from cli.findings import Colour, Finding

WELL = Facts(200, "1.15.1", 4.0, collection=200, size=384, points=12)


def lines(facts: Facts, wanted: int | None = 384) -> list[Finding]:
    return list(verdicts(facts, wanted=wanted, needs=("reach",)))


def test_a_good_server_is_green() -> None:
    """Version and collection are told."""
    server, collection = lines(WELL)

    assert (server.colour, collection.colour) == ("green", "green")
    assert "1.15.1" in server.found
    assert "12 points, vectors of 384 numbers" in collection.found


@pytest.mark.parametrize(
    ("facts", "colours"),
    [
        (Facts(0), ["red"]),
        (Facts(401), ["red"]),
        (Facts(403), ["red"]),
        (Facts(404), ["red"]),
        (Facts(200, ""), ["red"]),
        (replace(WELL, version="1.9.2"), ["red", "green"]),
        (replace(WELL, version="1.12.0"), ["green", "green"]),
        (replace(WELL, ms=300), ["yellow", "green"]),
        (replace(WELL, collection=404), ["green", "green"]),
        (replace(WELL, collection=403), ["green", "red"]),
        (replace(WELL, collection=500), ["green", "red"]),
        (replace(WELL, size=1024), ["green", "yellow"]),
        (replace(WELL, size=None), ["green", "yellow"]),
    ],
)
def test_each_flaw_has_its_colour(facts: Facts, colours: list[Colour]) -> None:
    """What is not green says what mends it."""
    found = lines(facts)

    assert [one.colour for one in found] == colours
    assert all(one.fix for one in found if one.colour != "green")


@pytest.mark.parametrize(("wanted", "colour"), [(384, "green"), (1024, "yellow"), (None, "yellow")])
def test_the_embedded_index(wanted: int | None, colour: Colour) -> None:
    """It is held against the model as a server's is."""
    assert embedded(384, wanted=wanted).colour == colour


def test_an_index_without_vectors_suits_no_model() -> None:
    """Search by words alone is a state, not a flaw."""
    assert lines(replace(WELL, size=None), wanted=None)[1].colour == "green"
