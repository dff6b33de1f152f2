"""cli.findings: what follows from what, and the exit code."""

from cli.findings import Colour, Finding, as_json, exit_code, explained, worst


def line(name: str, colour: Colour, *needs: str) -> Finding:
    return Finding("group", name, colour, "found", "fix", needs)


def test_what_follows_is_yellow_and_names_its_cause() -> None:
    """Of a red line and those that need it, only the cause stays red."""
    found = explained([line("a", "red"), line("b", "red", "a"), line("c", "red", "b", "x"), line("d", "red")])

    assert [one.colour for one in found] == ["red", "yellow", "yellow", "red"]
    assert found[1].fix == "follows from: a"
    assert found[2].fix == "follows from: b"


def test_what_is_well_stays_well() -> None:
    """A line that is not red is not touched, whatever it needs."""
    well = [line("a", "red"), line("b", "green", "a"), line("c", "yellow", "a")]

    assert explained(well) == well


def test_nothing_follows_from_itself() -> None:
    """A line that names itself stays red."""
    assert explained([line("a", "red", "a")])[0].colour == "red"


def test_the_worst_decides() -> None:
    """Red ends with 1, yellow does not; nothing at all is green."""
    assert (worst([]), exit_code([])) == ("green", 0)
    assert exit_code([line("a", "yellow"), line("b", "green")]) == 0
    assert worst([line("a", "yellow"), line("b", "green")]) == "yellow"
    assert exit_code([line("a", "green"), line("b", "red")]) == 1


def test_json_has_every_field() -> None:
    """Scripts read the same lines."""
    told = as_json([line("a", "red", "b")])

    assert told["status"] == "red"
    assert told["findings"] == [
        {"group": "group", "name": "a", "colour": "red", "found": "found", "fix": "fix", "needs": ("b",)}
    ]
