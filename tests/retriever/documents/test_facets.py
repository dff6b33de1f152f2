"""Metadata and filters mean the same on every engine."""

import pytest

from retriever.documents.facets import MAX_KEYS, checked, conditions, facets, kept
from retriever.ports import AnyOf, Between, Equals
from shared.contracts.retriever import Filters, Range
from shared.errors import InvalidRequestError

GOOD = {"lang": "en", "n": 3, "f": 1.5, "on": True, "tags": ["a", 1, False]}


def test_scalars_and_lists_of_them_are_metadata() -> None:
    """What is allowed is returned as it is."""
    assert checked(GOOD) == GOOD


@pytest.mark.parametrize(
    "value",
    [
        None,
        {"deep": 1},
        [["a"]],
        float("nan"),
        float("inf"),
        2**53,
        10**400,
        "x" * 2001,
        "nul\0",
        "\ud800",
        ["a"] * 101,
    ],
)
def test_other_values_are_refused_by_key(value: object) -> None:
    """Every other value is refused, naming its key; front matter that holds one goes without it."""
    with pytest.raises(InvalidRequestError, match=r"metadata\.key"):
        checked({"key": value})
    assert kept({"key": value, "ok": 1}) == {"ok": 1}


def test_a_refused_key_can_be_told() -> None:
    """JSON's escapes can hold what no answer can: the key is named without it."""
    with pytest.raises(InvalidRequestError) as caught:
        checked({"a\ud800": 1})
    assert caught.value.param == "metadata.a?"


@pytest.mark.parametrize("key", ["", 'a"b', "a[0]", "back\\slash", "x" * 65])
def test_other_keys_are_refused(key: str) -> None:
    """A key that could not be asked for in a filter is refused there and here."""
    with pytest.raises(InvalidRequestError, match="key"):
        checked({key: 1})
    with pytest.raises(InvalidRequestError, match="key"):
        conditions({key: 1})


def test_the_number_of_keys_is_bounded() -> None:
    """More keys than allowed are refused, and left out of front matter."""
    many = {f"k{number}": 1 for number in range(MAX_KEYS + 1)}
    with pytest.raises(InvalidRequestError, match="at most"):
        checked(many)
    assert len(kept(many)) == MAX_KEYS


def test_filters_become_conditions_on_what_is_stored() -> None:
    """A filter's condition names the stored form; the document's own fields stand on their own."""
    stored = facets(GOOD)
    assert stored["lang"] == "en"
    assert stored["tags"][:2] == ["a", 1]
    asked: Filters = {"on": True, "tags": ["a", False], "n": Range(gte=1, lt=5), "document_id": "d", "f": 1.5}
    assert conditions(asked) == (
        Equals('facets."on"', stored["on"]),
        AnyOf('facets."tags"', ("a", stored["tags"][2])),
        Between('facets."n"', gte=1, lt=5),
        Equals("document_id", "d"),
        Equals('facets."f"', 1.5),
    )


def test_a_boolean_is_not_the_text_of_one() -> None:
    """A filter for the text "true" does not find what is true."""
    assert facets({"on": True})["on"] != "true"
    assert facets({"on": True}) != facets({"on": False})
