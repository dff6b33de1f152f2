"""retriever.embedded_folders: which of the two is the living one, and what its files tell."""

import json
from pathlib import Path

import pytest

from retriever.embedded_folders import CONFIGURATION, dense_size, folders, living_folder, switch_to


def test_the_first_is_the_living_one_until_a_switch(tmp_path: Path) -> None:
    """After it the other one is, and back; a name that is none of them changes nothing."""
    first, second = folders(tmp_path / "qdrant")

    assert living_folder(first) == first
    switch_to(first, second.name)
    assert living_folder(first) == second
    switch_to(first, first.name)
    assert living_folder(first) == first
    switch_to(first, "elsewhere")
    assert living_folder(first) == first


@pytest.mark.parametrize(
    ("told", "size"),
    [
        ({"vectors": {"dense": {"size": 384}}}, 384),
        ({"vectors": {}}, None),
        ({"vectors": {"dense": None}}, None),
    ],
)
def test_the_size_of_the_vectors_is_told_by_the_files(told: object, size: int | None, tmp_path: Path) -> None:
    """An index without dense vectors has none."""
    (tmp_path / CONFIGURATION).write_text(json.dumps(told))

    assert dense_size(tmp_path) == size


def test_another_versions_files_are_no_answer(tmp_path: Path) -> None:
    """Nor is a folder without an index."""
    with pytest.raises(OSError, match=CONFIGURATION):
        dense_size(tmp_path)
    (tmp_path / CONFIGURATION).write_text("[]")
    with pytest.raises(ValueError, match="another version"):
        dense_size(tmp_path)
