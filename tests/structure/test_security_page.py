"""docs/security.md names, for each item of its checklist, tests that there are."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
PAGE = (TESTS.parent / "docs" / "security.md").read_text()
ROWS = re.findall(r"^\| ([0-9]*) ?\| (.+) \| (.+) \| (.+) \|$", PAGE, re.MULTILINE)
NAMED = sorted(set(re.findall(r"`([\w/]+\.py)(?:::(\w+))?`", "\n".join(row[3] for row in ROWS))))


def test_every_item_has_its_tests() -> None:
    """Forty items, each once, each with a test."""
    numbers = [int(number) for number, *_ in ROWS if number]
    assert numbers == list(range(1, 41))
    assert all(re.search(r"`[\w/]+\.py(::\w+)?`", held) for *_, held in ROWS)


@pytest.mark.parametrize(("file", "test"), NAMED, ids=["::".join(one) for one in NAMED])
def test_each_named_test_is_there(file: str, test: str) -> None:
    """A test that was renamed or lost is missed here."""
    text = (TESTS / file).read_text()
    assert f"def {test}(" in text if test else "def test_" in text
