"""Small files that are replaced whole."""

from pathlib import Path

import pytest

from shared.durable import replace_text


def test_a_file_is_made_and_replaced(tmp_path: Path) -> None:
    """It holds the last text, and nothing is left beside it."""
    path = tmp_path / "told.json"
    for text in ("one", "", "two"):
        replace_text(path, text)
        assert path.read_text() == text
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_killed_writer_left_is_in_nobodys_way(tmp_path: Path) -> None:
    """Half a new file stands beside: the old one is as it was, and the next writer goes on."""
    path = tmp_path / "told"
    replace_text(path, "before")
    (tmp_path / "told.new").write_text("hal")
    assert path.read_text() == "before"
    replace_text(path, "after")
    assert (path.read_text(), list(tmp_path.iterdir())) == ("after", [path])


def test_a_text_that_cannot_be_written_changes_nothing(tmp_path: Path) -> None:
    """It is an error, and the file before stays."""
    path = tmp_path / "told"
    replace_text(path, "before")
    (tmp_path / "told.new").mkdir()
    with pytest.raises(OSError, match="Is a directory"):
        replace_text(path, "after")
    assert path.read_text() == "before"
