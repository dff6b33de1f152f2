"""What the local model is measured with."""

from pathlib import Path

from bench.embedding import CHARACTERS, PASSAGES, QUESTIONS, texts


def test_passages_are_cut_from_the_folders(tmp_path: Path) -> None:
    """Passages are whole and of one length, and no question is asked twice."""
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "text.md").write_text("A carrel is a small desk. " * 100)

    passages, questions = texts([tmp_path / "one", tmp_path / "other"])

    assert len(passages) == 2 * 26 * 100 // CHARACTERS <= PASSAGES
    assert {len(passage) for passage in passages} == {CHARACTERS}
    assert len(set(questions)) == QUESTIONS
