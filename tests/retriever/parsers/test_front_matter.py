"""The block before a Markdown document is read as far as documentation uses it."""

from retriever.parsers.front_matter import split
from retriever.parsers.structure import MetadataValue


def read(block: str) -> dict[str, MetadataValue]:
    values, rest = split(f"---\n{block}\n---\nbody")
    assert rest == "body"
    return values


def test_yaml_scalars() -> None:
    """Text, quoted text, numbers and booleans are read as what they are, comments left out."""
    values = read(
        "title: \"A: title\"\nurl: https://x.org/a#b\nn: 3\nf: 1.5\non: true\noff: False # no\nq: ''"
    )
    assert values == {
        "title": "A: title",
        "url": "https://x.org/a#b",
        "n": 3,
        "f": 1.5,
        "on": True,
        "off": False,
    }


def test_yaml_lists() -> None:
    """Lists in brackets and in lines are read; an empty one is left out."""
    values = read("tags: [a, 2, 'c d']\nalso:\n  - x\n\n  - y\nnone: []\nopen:\nlast: z")
    assert values == {"tags": ["a", 2, "c d"], "also": ["x", "y"], "last": "z"}


def test_yaml_that_is_deeper_is_passed_over() -> None:
    """A nested mapping and a line that is none end a list and are not read."""
    values = read("a:\n  - 1\n  deep: 2\n  - 3\nb: 4")
    assert values == {"a": [1], "b": 4}


def test_toml() -> None:
    """Scalars, lists of scalars and dates of a TOML block are read, tables are not."""
    text = '+++\ntitle = "T"\ntags = ["a", "b"]\nmixed = [[1]]\nday = 2024-05-01\n[deep]\nx = 1\n+++\nbody'
    assert split(text) == ({"title": "T", "tags": ["a", "b"], "day": "2024-05-01"}, "body")


def test_what_is_none_stays_in_the_text() -> None:
    """A rule, a block that holds nothing or is broken, and one without an end are text."""
    for text in ("no block", "---\nfree text only\n---\nbody", "+++\nbroken = = 1\n+++\nbody", "---\na: 1\n"):
        assert split(text) == ({}, text)
