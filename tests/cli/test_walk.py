import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.walk import BadPathError, walk


def tree(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return root


@pytest.fixture
def deep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The current folder, for trees so deep that only ``rm`` gets rid of them."""
    root = tmp_path / "deep"
    root.mkdir()
    monkeypatch.chdir(root)
    yield root
    monkeypatch.undo()
    subprocess.run(["rm", "-rf", str(root)], check=True)


def names(paths: list[Path]) -> list[str]:
    return [document.name for document in walk(paths).documents]


def test_a_folder_gives_its_documents_sorted(tmp_path: Path) -> None:
    """Every known kind below a folder is found, named by its path within it, in one order."""
    tree(tmp_path, "b.md", "a/z.MARKDOWN", "a/y.html", "c.htm", "d.txt", "a/pic.png", "noext")
    found = walk([tmp_path])
    assert [d.name for d in found.documents] == ["a/y.html", "a/z.MARKDOWN", "b.md", "c.htm", "d.txt"]
    assert [d.media_type for d in found.documents] == [
        "text/html",
        "text/markdown",
        "text/markdown",
        "text/html",
        "text/plain",
    ]
    assert sorted(found.skipped) == [str(tmp_path / "a/pic.png"), str(tmp_path / "noext")]
    assert found.unusable == []


def test_every_kind_is_found_json_only_by_name(tmp_path: Path) -> None:
    """A folder's PDF, Word, notebook and other documents are taken; its JSON files when they are named."""
    tree(tmp_path, "a.pdf", "b.DOCX", "c.ipynb", "d.mdx", "e.rst", "f.xhtml", "package.json")
    found = walk([tmp_path])
    assert [document.media_type for document in found.documents] == [
        "application/pdf",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/x-ipynb+json",
        "text/mdx",
        "text/x-rst",
        "text/html",
    ]
    assert found.skipped == [str(tmp_path / "package.json")]
    (named,) = walk([tmp_path / "package.json"]).documents
    assert named.media_type == "application/json"


def test_hidden_things_are_passed_over(tmp_path: Path) -> None:
    """Hidden files and folders are neither taken nor counted."""
    found = walk([tree(tmp_path, ".git/a.md", ".b.md", "c.md")])
    assert [d.name for d in found.documents] == ["c.md"]
    assert found.skipped == []


def test_a_file_is_named_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A single file's id does not depend on the folder it was named from."""
    monkeypatch.chdir(tree(tmp_path, "x/a.md"))
    assert names([Path("x/a.md")]) == names([tmp_path / "x" / "a.md"]) == ["a.md"]
    assert names([Path("."), Path("x/../x")]) == ["a.md", "x/a.md"]


@pytest.mark.parametrize("kind", ["missing", "pipe", "long"])
def test_a_path_that_is_none_is_refused(tmp_path: Path, kind: str) -> None:
    """A path that was asked for and is of no use ends the walk with its name."""
    path = tmp_path / ("x" * 300 if kind == "long" else kind)
    if kind == "pipe":
        os.mkfifo(path)
    with pytest.raises(BadPathError, match=path.name):
        walk([path])


def test_a_file_of_an_unknown_kind_is_told_when_it_was_asked_for(tmp_path: Path) -> None:
    """What somebody names is never skipped in silence."""
    found = walk([tree(tmp_path, "a.odt") / "a.odt"])
    assert found.skipped == []
    assert "not a kind of document" in found.unusable[0][1]


def test_links_are_followed_and_loops_told(tmp_path: Path) -> None:
    """A linked folder is walked; one that leads back, to itself or nowhere has a reason."""
    tree(tmp_path / "real", "a.md")
    root = tree(tmp_path / "root", "b.md")
    (root / "linked").symlink_to(tmp_path / "real")
    (root / "up").symlink_to(root)
    (root / "self.md").symlink_to("self.md")
    (root / "gone.md").symlink_to("nothing")
    found = walk([root])
    assert [d.name for d in found.documents] == ["b.md", "linked/a.md"]
    reasons = {Path(path).name: reason for path, reason in found.unusable}
    assert set(reasons) == {"up", "self.md", "gone.md"}
    assert "link" in reasons["up"]
    assert "symbolic links" in reasons["self.md"]


def test_what_is_not_a_regular_file_is_told(tmp_path: Path) -> None:
    """A pipe with a document's name is not read."""
    os.mkfifo(tmp_path / "a.md")
    assert walk([tmp_path]).unusable == [(str(tmp_path / "a.md"), "not a regular file")]


def test_a_name_that_is_not_utf8_is_told(tmp_path: Path) -> None:
    """A file whose name no id can hold has a reason."""
    (tmp_path / os.fsdecode(b"\xff.md")).write_text("x")
    assert walk([tmp_path]).unusable[0][1] == "its name is not UTF-8"


def test_two_files_of_one_name_are_told(tmp_path: Path) -> None:
    """Of two documents that would replace each other the second has a reason; a file given twice has none."""
    tree(tmp_path, "one/a.md", "two/a.md")
    found = walk([tmp_path / "one", tmp_path / "one" / "a.md", tmp_path / "two"])
    assert [d.path for d in found.documents] == [tmp_path / "one" / "a.md"]
    assert [path for path, _ in found.unusable] == [str(tmp_path / "two" / "a.md")]
    assert "--prefix" in found.unusable[0][1]


def test_folders_may_nest_deeper_than_the_stack(deep: Path) -> None:
    """A tree of 1200 folders is walked like any other."""
    for _ in range(1200):
        os.mkdir("d")
        os.chdir("d")
    Path("a.md").write_text("x")
    os.chdir(deep)
    assert names([Path()]) == ["d/" * 1200 + "a.md"]


def test_a_folder_that_cannot_be_listed_is_told(deep: Path) -> None:
    """It has a reason, and the rest is still found."""
    # A path longer than the system allows fails for every user, root included.
    for _ in range(20):
        os.mkdir("y" * 250)
        os.chdir("y" * 250)
    os.chdir(deep)
    found = walk([tree(deep, "a.md")])
    assert [d.name for d in found.documents] == ["a.md"]
    assert "too long" in found.unusable[0][1]
