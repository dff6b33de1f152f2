"""A set is written as the bench of retrieval reads it."""

import json
from pathlib import Path

from bench.served import judgements, rows
from bench.sets.folder import Document, Query, some, write


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """Documents, queries and judgements are told apart and belong together."""
    counts = write(tmp_path / "set", [Document("d1", "T", "köy")], [Query("which", ("d1", "d2"))])
    assert counts == (1, 1)
    assert rows(tmp_path / "set" / "corpus.jsonl") == [{"id": "d1", "title": "T", "text": "köy"}]
    assert json.loads((tmp_path / "set" / "queries.jsonl").read_text()) == {"id": "q0", "text": "which"}
    assert judgements((tmp_path / "set" / "qrels.tsv").read_text()) == {"q0": {"d1": 1.0, "d2": 1.0}}


def test_the_choice_depends_on_the_texts_alone() -> None:
    """The same texts are chosen whatever their order, and none twice."""
    texts = [f"text {number}" for number in range(20)]
    assert some(texts, 5) == some([*reversed(texts), *texts], 5)
    assert len(set(some(texts, 5))) == 5
