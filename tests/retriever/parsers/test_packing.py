"""A parsed document is packed and unpacked without a difference, and nonsense is told apart."""

import json

import pytest

from retriever.parsers.markdown import parse
from retriever.parsers.packing import pack, unpack
from retriever.parsers.structure import Builder

SOURCE = (
    "---\nurl: /x\ntags: [a, 2, true]\n---\n# A\n\nText \U0001f600.\n\n- i\n\n"
    "```\nc\n```\n\n| a |\n|---|\n| b |\n"
)


def test_nothing_is_lost() -> None:
    """Every part of a document is the same after the way, down to the type of a metadata value."""
    document = parse(SOURCE, title="T")
    assert unpack(pack(document)) == document
    assert unpack(pack(document).encode()) == document
    assert unpack(pack(Builder().build(title=""))) == Builder().build(title="")


@pytest.mark.parametrize(
    "change",
    [
        {"title": 3},
        {"text": None},
        {"sections": 7},
        {"sections": [[["a"], "x", 0]]},
        {"sections": [[[1], "x", 0, 1]]},
        {"blocks": [[0, 1, 9]]},
        {"blocks": [[0, -1, 0]]},
        {"blocks": [["0", 1, 0]]},
        {"blocks": [[0, 1, 0], [0, 2, 0]]},
        {"blocks": [[2, 2, 0]]},
        {"blocks": [[0, 10_000, 0]]},
        {"blocks": []},
        {"sections": []},
        {"sections": [[[], "", 2, 3]], "blocks": [[0, 1, 0]]},
        {"sections": [[[], "", 0, 2]], "blocks": [[0, 3, 0]]},
        {"sections": [[[], "", 0, 1], [[], "", 1, 3]], "blocks": [[0, 1, 0], [2, 3, 0]]},
        {"metadata": []},
        {"url": {}},
    ],
)
def test_nonsense_is_refused(change: dict[str, object]) -> None:
    """What is no packed document is a ValueError: it may come from a process that was taken over."""
    packed = json.loads(pack(parse(SOURCE)))
    with pytest.raises(ValueError):  # noqa: PT011 - whichever part finds it
        unpack(json.dumps(packed | change))


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", "[" * 100_000, b"\xff"])
def test_other_json_is_refused(text: str | bytes) -> None:
    """Other JSON, and what is none, is a ValueError as well."""
    with pytest.raises(ValueError):  # noqa: PT011 - whichever part finds it
        unpack(text)
