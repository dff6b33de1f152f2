"""What is accepted as a model's folder."""

import json
import shutil
from pathlib import Path

import pytest

from retriever.embedding.folder import (
    MANIFEST,
    MODEL,
    TOKENIZER,
    ModelFolderError,
    read_checked,
    read_manifest,
    sha256,
)


@pytest.fixture
def folder(tiny_folder: Path, tmp_path: Path) -> Path:
    """A copy of the tiny model."""
    return shutil.copytree(tiny_folder, tmp_path / "copy")


def test_a_whole_folder_is_read(folder: Path) -> None:
    """The manifest tells what was made, and the files are those it was written for."""
    manifest = read_manifest(folder)

    assert manifest.space == f"local/tiny@{manifest.source_sha256[:8]}/int8/16"
    for name in (MODEL, TOKENIZER):
        assert sha256(read_checked(folder, manifest, name)) == manifest.files[name]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "not JSON"),
        ("[]", "another version's"),
        ('{"name": "tiny"}', "another version's"),
        ('"text"', "another version's"),
    ],
)
def test_another_manifest_is_refused(folder: Path, content: str, reason: str) -> None:
    """What is no manifest of ours is told as such."""
    (folder / MANIFEST).write_text(content)

    with pytest.raises(ModelFolderError, match=reason):
        read_manifest(folder)


def test_a_manifest_with_values_of_other_types_is_refused(folder: Path) -> None:
    """A value that cannot be what it should be is found when the manifest is read, not later."""
    told = json.loads((folder / MANIFEST).read_text())
    wrong: dict[str, object] = {"size": "32", "name": None, "files": [], "max_tokens": True}
    for name, value in wrong.items():
        (folder / MANIFEST).write_text(json.dumps(told | {name: value}))
        with pytest.raises(ModelFolderError, match="another version's"):
            read_manifest(folder)


def test_no_folder_is_no_model(tmp_path: Path) -> None:
    """A folder that is not there, or is empty, holds no model; one that is a file cannot be read."""
    (tmp_path / "file").touch()

    for name, reason in {
        "none": "there is no model",
        ".": "there is no model",
        "file": "cannot be read",
    }.items():
        with pytest.raises(ModelFolderError, match=reason):
            read_manifest(tmp_path / name)


@pytest.mark.parametrize("name", [MODEL, TOKENIZER])
def test_a_file_that_is_changed_or_gone_is_refused(folder: Path, name: str) -> None:
    """One byte more, or none at all, and the file is not loaded."""
    manifest = read_manifest(folder)
    with (folder / name).open("ab") as file:
        file.write(b"x")

    with pytest.raises(ModelFolderError, match=f"{name} is not the file its manifest was written for"):
        read_checked(folder, manifest, name)
    (folder / name).unlink()
    with pytest.raises(ModelFolderError, match=f"{name} cannot be read"):
        read_checked(folder, manifest, name)
