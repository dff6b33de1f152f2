"""Zips as forges and desktops make them are read; everything else is refused in bounded time and memory."""

import io
import struct
import zipfile
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retriever.sources.archive.members import ArchiveError, Meter
from retriever.sources.archive.zip import MAX_DIRECTORY_BYTES
from tests.support.archives import listed, read, zipped


def test_files_folders_and_links() -> None:
    """Stored or deflated, each is what it is."""
    archive = zipped({"a.md": "Apples.", "b/c.md": "x" * 200_000}, links={"l.md": "/etc/passwd"})
    assert read(archive) == {"repo-main/a.md": b"Apples.", "repo-main/b/c.md": b"x" * 200_000}
    assert [(each.name, each.kind) for each in listed(archive)] == [
        ("repo-main/", "other"),
        ("repo-main/a.md", "file"),
        ("repo-main/b/c.md", "file"),
        ("repo-main/l.md", "link"),
    ]


def one(name: str = "a.md", **fields: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        info = zipfile.ZipInfo(name)
        for field, value in fields.items():
            setattr(info, field, value)
        archive.writestr(info, b"Apples.")
    return out.getvalue()


def test_what_an_entry_says_it_is() -> None:
    """A device is no file; what another system says of modes is not asked."""
    (device,) = listed(one(create_system=3, external_attr=0o060666 << 16))
    assert device.kind == "other"
    (file,) = listed(one(create_system=0, external_attr=0o120777 << 16))
    assert file.kind == "file"


def test_names_in_utf_8_said_so_or_not() -> None:
    """Many write UTF-8 without the flag; what is none is read as the old code page."""
    assert list(read(one("Käse.md"))) == ["Käse.md"]
    unsaid = one("K__se.md").replace(b"K__se", "Käse".encode())
    assert list(read(unsaid)) == ["Käse.md"]
    old = one("K_se.md").replace(b"K_se", b"K\x84se")
    assert list(read(old)) == ["Käse.md"]


def patched(archive: bytes, offset: int, form: str, value: int) -> bytes:
    """The archive with another number in the directory's first entry."""
    at = archive.index(b"PK\x01\x02") + offset
    return archive[:at] + struct.pack(form, value) + archive[at + struct.calcsize(form) :]


def test_what_cannot_be_read_is_a_problem_of_its_own() -> None:
    """Encrypted, or packed by what is not read."""
    (encrypted,) = listed(patched(one(), 8, "<H", 1))
    assert encrypted.problem == "it is encrypted"
    (other,) = listed(patched(one(), 10, "<H", 12))
    assert "not read" in other.problem


@pytest.mark.parametrize(
    ("archive", "why"),
    [
        (one()[:-1], "cut"),
        (one()[:-30], "cut"),
        (one()[: len(one()) // 2], "cut"),
        (one().replace(b"Apples.", b"Bpples."), "broken at a.md"),
        (patched(one(), 42, "<I", 5), "broken at a.md"),
        (patched(one(), 6, "<H", 99), "no zip"),
        (one().replace(b"PK\x01\x02", b"PK\x01\x09"), "no zip"),
    ],
)
def test_what_is_broken_is_refused(archive: bytes, why: str) -> None:
    """Cut, turned, pointing elsewhere: each with its reason."""
    with pytest.raises(ArchiveError, match=why):
        read(archive)


def test_a_comment_may_stand_at_the_end() -> None:
    """A forge writes the commit there."""
    out = io.BytesIO(one())
    with zipfile.ZipFile(out, "a") as archive:
        archive.comment = b"0123456789abcdef"
    assert list(read(out.getvalue())) == ["a.md"]


def test_a_directory_is_weighed_before_it_is_read() -> None:
    """Too many entries, too large, or said in 64 bits: refused before it would be in memory."""
    whole = one()
    end = whole.rindex(b"PK\x05\x06")
    many = whole[: end + 10] + struct.pack("<H", 50_001) + whole[end + 12 :]
    large = whole[: end + 12] + struct.pack("<I", MAX_DIRECTORY_BYTES + 1) + whole[end + 16 :]
    wide = whole[:end] + b"PK\x06\x07" + bytes(16) + whole[end:]
    for archive, why in ((many, "50000"), (large, "directory"), (wide, "50000")):
        with pytest.raises(ArchiveError, match=why):
            listed(archive)


def test_a_bomb_ends_early() -> None:
    """What unpacks to far more than it is, is left as soon as that is seen."""
    archive = zipped({"a.md": bytes(30_000_000)})
    with pytest.raises(ArchiveError, match="100 times"):
        read(archive, Meter(packed=len(archive), most=1 << 40, check=lambda: None))


@given(st.binary(min_size=1, max_size=30), st.integers(0, 400))
def test_whatever_comes_is_read_or_refused(noise: bytes, place: int) -> None:
    """Nothing but an ArchiveError ever comes out of reading."""
    whole = bytearray(zipped({"a.md": "Apples.", "b.md": "Bees."}))
    place = 4 + place % (len(whole) - 4)
    whole[place : place + len(noise)] = noise
    with suppress(ArchiveError):
        read(bytes(whole))
