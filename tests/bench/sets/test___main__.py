"""Every set that can be made here is made."""

from pathlib import Path

from bench.sets.__main__ import sets


def test_sets_of_this_python_and_a_book(tmp_path: Path) -> None:
    """The library of this Python makes three sets whose judgements name documents that are there."""
    (tmp_path / "a.md").write_text("# The Fox Den\n\n" + "word " * 100)
    made = sets(tmp_path, None, [])
    assert list(made) == ["code-purpose", "code-names", "docstrings", "book-headings"]
    for documents, queries in made.values():
        ids = {document.id for document in documents}
        assert queries
        assert all(ids.issuperset(query.right) for query in queries)
