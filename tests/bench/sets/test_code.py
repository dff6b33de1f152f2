"""Functions are asked by what they do, without what tells it in their documents."""

from pathlib import Path

import pytest

from bench.sets.code import by_name, by_purpose, by_summary, described, restyled

SOURCE = '''"""The module."""


class Den:
    """Keep foxes. Warm."""

    def fox_count(self):
        """Count the foxes that live here.

        More words.
        """
        total = 0
        for fox in self.foxes:
            total += 1
        return total


def bare():
    return 1
'''


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "den.py").write_text(SOURCE)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_den.py").write_text(SOURCE)
    (tmp_path / "broken.py").write_text("def (")
    return tmp_path


def test_what_is_described(root: Path) -> None:
    """Modules, classes and functions with docstrings are found; tests and what does not parse are not."""
    found = {one.id: one for one in described(root)}
    assert list(found) == ["pack.den:0", "pack.den.Den:4", "pack.den.Den.fox_count:7"]
    function = found["pack.den.Den.fox_count:7"]
    assert (function.summary, function.rest) == ("Count the foxes that live here.", "More words.")
    assert function.source.startswith("    def fox_count(self):\n        total = 0\n")
    assert found["pack.den.Den:4"].source == ""


def test_sets_of_code(root: Path) -> None:
    """A query by purpose is the first sentence, one by name the name; the document holds no docstring."""
    found = list(described(root))
    documents, queries = by_purpose(found)
    assert [document.title for document in documents] == ["pack.den"]
    assert [(query.text, query.right) for query in queries] == [
        ("Count the foxes that live here.", ("pack.den.Den.fox_count:7",))
    ]
    assert "live here" not in documents[0].text
    assert by_name(found)[1][0].text == restyled("fox_count")
    assert by_summary(found) == ([], [])


def test_a_name_is_restyled_alike_each_time() -> None:
    """Every style keeps the letters of the name."""
    names = [f"get_{word}_of_item" for word in ("fox", "den", "cub", "tail", "paw", "fur", "ear", "eye")]
    styled = [restyled(name) for name in names]
    assert styled == [restyled(name) for name in names]
    assert len({style.replace("x", "") != style for style in styled}) == 2
    letters = ["".join(filter(str.isalpha, style)).lower() for style in styled]
    assert letters == [name.replace("_", "") for name in names]
