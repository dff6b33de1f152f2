"""cli.doctor.verdicts.machine: disk, memory, file handles, ports, clock."""

import pytest

from cli.doctor.verdicts.machine import clock, filesystem, folder, handles, memory, ports, space
from cli.findings import Colour

MB = 1024 * 1024


def test_the_data_folder() -> None:
    """What cannot be done in it is red; else it is told how it is."""
    assert folder("nothing can be written", there=True, in_use=False).colour == "red"
    told = [
        folder("", there=there, in_use=use).found
        for there, use in ((False, False), (True, False), (True, True))
    ]
    assert [text.split(";")[0] for text in told] == [
        "not there yet, can be made",
        "there",
        "in use by a running Carrel",
    ]


@pytest.mark.parametrize(
    ("kind", "colour"),
    [
        ("ext4", "green"),
        ("overlay", "green"),
        ("", "green"),
        ("fuse.hf-mount", "yellow"),
        ("nfs4", "yellow"),
        ("tmpfs", "yellow"),
    ],
)
def test_the_file_system(kind: str, colour: Colour) -> None:
    """A mounted bucket or memory is warned of."""
    assert filesystem(kind).colour == colour


@pytest.mark.parametrize(("free", "colour"), [(9000, "green"), (1000, "yellow"), (100, "red")])
def test_disk_space(free: int, colour: Colour) -> None:
    """Little is warned of; next to nothing is red."""
    assert space(free * MB).colour == colour


@pytest.mark.parametrize(
    ("free", "in_use", "colour"),
    [
        (None, False, "green"),
        (9000 * MB, False, "green"),
        (900 * MB, False, "yellow"),
        (100 * MB, False, "red"),
        (100 * MB, True, "yellow"),
    ],
)
def test_memory(free: int | None, in_use: bool, colour: Colour) -> None:
    """Too little to start is red; while Carrel runs it has what it needs."""
    assert memory(free, in_use=in_use).colour == colour


@pytest.mark.parametrize(("most", "colour"), [(20000, "green"), (4096, "yellow"), (256, "red")])
def test_file_handles(most: int, colour: Colour) -> None:
    """By how many connections they allow."""
    assert handles(most).colour == colour


def test_ports() -> None:
    """Taken by somebody else is red; by Carrel itself is as it should be."""
    assert ports({}, in_use=False).colour == "green"
    assert ports({}, in_use=True).colour == "green"
    taken = ports({"PORT": 7860}, in_use=False)
    assert (taken.colour, "PORT (7860)" in taken.found) == ("red", True)


@pytest.mark.parametrize(
    ("skew", "colour", "said"),
    [
        (None, "green", "not compared"),
        (2.0, "green", "2 s ahead of"),
        (-60.0, "yellow", "60 s behind"),
        (900.0, "red", "900 s ahead of"),
    ],
)
def test_the_clock(skew: float | None, colour: Colour, said: str) -> None:
    """Half a minute is warned of, two minutes are red."""
    found = clock(skew, whose="COHERE_BASE_URL")

    assert (found.colour, said in found.found) == (colour, True)


def test_a_clock_with_nothing_to_compare() -> None:
    """Why it was not compared is said."""
    assert "nothing outside" in clock(None, whose="").found
