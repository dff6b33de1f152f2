"""An archive is read once to know it, and once for what is wanted of it."""

import hashlib
import io

import pytest

from retriever.sources.archive.members import ArchiveError
from retriever.sources.archive.survey import Entry, Survey, contents, plain, survey
from tests.support.archives import Files, meter, tar, targz, zipped

FILES: Files = {
    "a.md": "Apples.",
    "docs/b.rst": "Bees.",
    "src/main.rs": "fn main() {}",
    "logo.png": b"\x89PNG",
}
MAKERS = [tar, targz, zipped]


def surveyed(archive: bytes, *, file_bytes: int = 1000) -> Survey:
    return survey(io.BytesIO(archive), meter(), file_bytes=file_bytes)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("make", MAKERS)
def test_every_format_tells_the_same(make: object) -> None:
    """What may be a document with its hash, the rest as a number, the folder around everything."""
    assert callable(make)
    found = surveyed(make(FILES))
    assert found.entries == [
        Entry("repo-main/a.md", digest("Apples.")),
        Entry("repo-main/docs/b.rst", digest("Bees.")),
    ]
    assert (found.others, found.top) == (2, "repo-main/")


@pytest.mark.parametrize(
    ("files", "top", "found"),
    [
        ({"a.md": "a"}, "", ""),
        ({"x/a.md": "a", "x/b.png": "b"}, "", "x/"),
        ({"x/a.md": "a", "y.png": "b"}, "", ""),
        ({"x/a.md": "a", "y/b.md": "b"}, "", ""),
        ({"x/a.md": "a", "y/b.md": "b"}, "./", ""),
        ({"x/a.md": "a"}, "./", "x/"),
        ({"/a.md": "a"}, "", ""),
        ({"../a.md": "a"}, "", ""),
        ({}, "", ""),
    ],
)
def test_the_folder_around_everything(files: Files, top: str, found: str) -> None:
    """It is one, and it is a folder's name."""
    assert surveyed(tar(files, top=top)).top == found


@pytest.mark.parametrize("make", MAKERS)
def test_what_cannot_be_taken_in_is_told(make: object) -> None:
    """Links, files too large, and pointers of Git LFS have a reason, not a hash."""
    assert callable(make)
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"
    archive = make(
        {"large.md": "x" * 1001, "lfs.pdf": pointer, "empty.md": "", "n.tar.gz": targz(FILES)},
        links={"l.md": "/etc/passwd", "m": "/etc"},
    )
    found = surveyed(archive)
    problems = {entry.name.removeprefix(found.top): entry.problem for entry in found.entries}
    assert problems == {
        "large.md": "it has more than 1000 bytes (MAX_DOCUMENT_BYTES)",
        "lfs.pdf": "it is a pointer of Git LFS: the archive does not hold the file",
        "empty.md": "",
        "l.md": "it is a link, which is not followed",
    }
    assert found.others == 2, "an archive in the archive, and a link to what is no document"


def test_a_name_that_cannot_be_read_is_told() -> None:
    """What the reader says of a member is its problem."""
    archive = tar({"K_se.md": "a"}, top="")
    at = archive.rindex(b"K_se.md")
    block = bytearray(archive[at : at + 512])
    block[1] = 0xE4
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    (entry,) = surveyed(archive[:at] + block + archive[at + 512 :]).entries
    assert (entry.problem, entry.digest) == ("its name is not UTF-8", "")


@pytest.mark.parametrize("make", MAKERS)
def test_what_is_wanted_comes_with_its_content(make: object) -> None:
    """In the archive's order, each once, and no further than needed."""
    assert callable(make)
    file = io.BytesIO(make(FILES, links={"z.md": "a.md"}))
    wanted = ["repo-main/docs/b.rst", "repo-main/a.md", "repo-main/z.md"]
    assert list(contents(file, meter(), wanted)) == [
        ("repo-main/a.md", b"Apples."),
        ("repo-main/docs/b.rst", b"Bees."),
    ]
    assert list(contents(file, meter(), wanted[1:2])) == [("repo-main/a.md", b"Apples.")]


def test_a_file_that_is_no_archive_is_told() -> None:
    """By what is read that is not known."""
    with pytest.raises(ArchiveError, match="neither a tar"):
        surveyed(b"<html>Sign in</html>")


def test_names_as_they_are_spoken_of() -> None:
    """Without what tar puts before."""
    assert plain("./a/b.md") == plain("a/b.md") == "a/b.md"
