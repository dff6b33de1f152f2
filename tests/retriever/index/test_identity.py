"""An index says what its vectors are."""

import pytest

from retriever.documents.records import INDEX_FORMAT
from retriever.index.identity import UNTOLD, Identity, identity_point, to_identity, wanted
from retriever.ports import Space

SMALL, LARGE = Space("small", 3), Space("large", 8)


@pytest.mark.parametrize("identity", [wanted(None), wanted(SMALL), Identity("0", LARGE)])
def test_an_identity_is_read_back(identity: Identity) -> None:
    """What is written into the index is what is read from it."""
    assert to_identity(identity_point(identity).payload) == identity


def test_what_is_wanted_is_of_this_version() -> None:
    """This version's format; a collection for it has room for the vectors, or none."""
    assert wanted(SMALL).format == INDEX_FORMAT
    assert wanted(SMALL).schema.dense_size == 3
    assert wanted(None).schema.dense_size is None
    assert wanted(SMALL).words == "BM25 and small"
    assert wanted(None).words == "BM25"


def test_when_an_index_does() -> None:
    """Another space or format is another index; vectors nobody makes now are kept."""
    assert wanted(SMALL).covers(wanted(SMALL))
    assert wanted(SMALL).covers(wanted(None))
    assert not wanted(SMALL).covers(wanted(LARGE))
    assert not wanted(None).covers(wanted(SMALL))
    assert not UNTOLD.covers(wanted(None))
