"""cli.verify.verdicts.lines: names, groups, needs, order."""

from cli.verify.verdicts.lines import API, COHERE, DEPLOYED, HEAD, PAGE, QUESTION, SECRETS, finding, in_order


def test_a_line_has_its_group_and_needs() -> None:
    """So that what follows from another line is known."""
    line = finding(QUESTION, "red", "found", "fix")

    assert (line.group, line.found, line.fix) == ("WebSocket", "found", "fix")
    assert PAGE in line.needs


def test_the_table_is_in_the_order_of_the_criteria() -> None:
    """Whatever the order was in which they were found."""
    lines = [finding(name, "green", "") for name in (SECRETS, COHERE, "documents", HEAD, PAGE)]

    assert [line.group for line in in_order(lines)] == [DEPLOYED, DEPLOYED, API, COHERE, "keys are safe"]
    assert [line.name for line in in_order(lines)][:2] == [PAGE, HEAD]


def test_every_need_is_a_line_of_its_own() -> None:
    """A need that is misspelt would explain nothing."""
    from cli.verify.verdicts import lines

    names = set(lines._LINES)
    assert all(set(needs) <= names for _, needs in lines._LINES.values())
