"""Sets are read as they are written."""

import json
from pathlib import Path

from bench.served import documents, judgements


def test_judgements_are_read_by_query() -> None:
    """A line is a query, a document and how right it is; what is not right at all is left out."""
    table = "query-id\tcorpus-id\tscore\nq1\ta\t1\nq1\tb\t0\nq2\tc\t2\n"
    assert judgements(table) == {"q1": {"a": 1.0}, "q2": {"c": 2.0}}


def test_the_documents_of_each_kind_of_set(tmp_path: Path) -> None:
    """A corpus is told by place, documents by name, a book by path."""
    corpus, docs, book = (tmp_path / name for name in ("corpus", "docs", "book"))
    corpus.mkdir()
    (corpus / "corpus.jsonl").write_text(json.dumps({"id": "a/b", "title": "T", "text": "words"}) + "\n")
    assert documents(corpus) == [("0", "text/plain", "T", "words")]
    (docs / "docs").mkdir(parents=True)
    (docs / "docs/one.md").write_text("words")
    assert documents(docs) == [("one", "text/plain", "one", "words")]
    (book / "src/part").mkdir(parents=True)
    (book / "src/part/two.md").write_text("# words")
    assert documents(book) == [("src/part/two.md", "text/markdown", "", "# words")]
