"""What comes out of an archive is counted; its format is told by its first bytes."""

import pytest

from retriever.sources.archive.members import (
    FREE_BYTES,
    HEAD_BYTES,
    MAX_MEMBERS,
    ArchiveError,
    Meter,
    format_of,
    text_of,
)
from tests.support.archives import meter, tar, targz, zipped

FILES = {"a.md": "# A"}


def test_formats_are_told_by_the_first_bytes() -> None:
    """Neither a name nor a media type is needed."""
    assert format_of(targz(FILES)[:HEAD_BYTES]) == "gzip"
    assert format_of(tar(FILES)[:HEAD_BYTES]) == "tar"
    assert format_of(zipped(FILES)[:HEAD_BYTES]) == "zip"
    assert format_of(zipped({}, top="")) == "zip"
    for other in (b"", b"<html>", b"BZh91AY", b"7z\xbc\xaf\x27\x1c", b"x" * HEAD_BYTES):
        assert format_of(other) is None


def test_bytes_are_bounded() -> None:
    """In all, and by the archive's own size; a small one may be padded."""
    counting = meter(most=100)
    counting.add(100)
    with pytest.raises(ArchiveError, match="SYNC_MAX_BYTES"):
        counting.add(1)
    counting = meter(packed=10)
    counting.add(FREE_BYTES + 1000)
    with pytest.raises(ArchiveError, match="100 times"):
        counting.add(1)


def test_members_are_bounded() -> None:
    """So many files and folders, and no more."""
    counting = meter()
    for _ in range(MAX_MEMBERS):
        counting.member()
    with pytest.raises(ArchiveError, match="more than 50000"):
        counting.member()


def test_whoever_reads_is_asked_often() -> None:
    """Each count looks whether to go on."""

    def late() -> None:
        raise ArchiveError("late")

    counting = Meter(packed=1, most=1, check=late)
    for count in (counting.member, lambda: counting.add(0)):
        with pytest.raises(ArchiveError, match="late"):
            count()


def test_names_are_utf_8() -> None:
    """Anything else is shown, with what is wrong."""
    assert text_of("Käse.md".encode()) == ("Käse.md", "")
    assert text_of(b"K\xe4se.md") == ("K�se.md", "its name is not UTF-8")
