"""Tar files as they are made everywhere are read; everything else is refused in bounded time and memory."""

import gzip
import io
import tarfile
from contextlib import suppress

import hypothesis
import pytest
from hypothesis import strategies as st

from retriever.sources.archive import tar as reading
from retriever.sources.archive.members import ArchiveError, Meter
from retriever.sources.archive.tar import BLOCK, MAX_EXTENDED_BYTES
from tests.support.archives import Files, listed, meter, read, tar, targz

LONG = "folder/" * 30 + "a.md"


def made(content: Files, *infos: tarfile.TarInfo, form: int = tarfile.GNU_FORMAT) -> bytes:
    """A tar of files with their content, and of further members."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for name, given in content.items():
            data = given.encode() if isinstance(given, str) else given
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        for info in infos:
            archive.addfile(info)
    return out.getvalue()


def member(name: str, kind: bytes, **fields: object) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type = kind
    for field, value in fields.items():
        setattr(info, field, value)
    return info


def headed(
    name: bytes, *, size: bytes = b"0" * 11 + b"\0", kind: bytes = b"0", magic: bytes = b"ustar\0"
) -> bytes:
    """A header with a right checksum."""
    block = bytearray(BLOCK)
    block[: len(name)] = name
    block[124 : 124 + len(size)] = size
    block[156:157] = kind
    block[257 : 257 + len(magic)] = magic
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


END = bytes(2 * BLOCK)


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
def test_every_dialect_is_read(form: int) -> None:
    """Long names come in pax headers, GNU's own, or as a prefix; contents of every length."""
    content = {LONG: b"x" * 1000, "b.md": b"", "c.md": b"y" * BLOCK}
    assert read(made(content, form=form)) == content


def test_names_in_utf_8() -> None:
    """They are as they were."""
    for form in (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT):
        assert list(read(made({"Käse/日本.md": b"x"}, form=form))) == ["Käse/日本.md"]


def test_a_name_that_is_not_utf_8_is_a_problem_of_its_own() -> None:
    """The others are read."""
    archive = headed(b"K\xe4se.md") + tar({"b.md": "b"}, top="")
    (odd, good) = listed(archive)
    assert odd.problem == "its name is not UTF-8"
    assert (good.name, good.problem) == ("b.md", "")


def test_kinds_of_members() -> None:
    """Only files have content; links are told apart from everything that is neither."""
    kinds = [
        member("folder", tarfile.DIRTYPE),
        member("soft", tarfile.SYMTYPE, linkname="/etc/passwd"),
        member("hard", tarfile.LNKTYPE, linkname="a.md"),
        member("pipe", tarfile.FIFOTYPE),
        member("disk", tarfile.BLKTYPE),
        member("tape", tarfile.CHRTYPE),
    ]
    found = listed(made({"a.md": b"a"}, *kinds))
    assert [(each.name.rstrip("/"), each.kind) for each in found] == [
        ("a.md", "file"),
        ("folder", "other"),
        ("soft", "link"),
        ("hard", "link"),
        ("pipe", "other"),
        ("disk", "other"),
        ("tape", "other"),
    ]
    (old,) = listed(headed(b"folder/", kind=b"\0") + END)
    assert old.kind == "other"


def test_a_link_s_length_is_not_content() -> None:
    """Some write the length of what a hard link leads to."""
    archive = headed(b"hard", size=b"00000001000\0", kind=b"1") + tar({"b.md": "b"}, top="")
    assert [each.name for each in listed(archive)] == ["hard", "b.md"]


def test_content_that_is_not_taken_is_passed_over() -> None:
    """Also when a part of it was."""
    names = []
    for each in reading.members(io.BytesIO(tar({"a.md": "x" * 200_000, "b.md": "b"}, top="")), meter()):
        names.append(each.name)
        next(each.pieces(), b"")
    assert names == ["a.md", "b.md"]


def test_sizes_beyond_the_digits() -> None:
    """In GNU's binary form, and in pax headers."""
    size = b"\x80" + (5).to_bytes(11, "big")
    archive = headed(b"a.md", size=size, magic=b"ustar  \0") + b"hello".ljust(BLOCK, b"\0") + END
    assert read(archive) == {"a.md": b"hello"}
    record = b"10 size=5\n"
    extended = headed(b"pax", size=b"%011o\0" % len(record), kind=b"x") + record.ljust(BLOCK, b"\0")
    archive = extended + headed(b"b.md") + b"hello".ljust(BLOCK, b"\0") + END
    assert read(archive) == {"b.md": b"hello"}


@pytest.mark.parametrize("length", [600, 1024, 1100, 1536, 3000, 6600, 6656])
def test_a_cut_archive_is_told(length: int) -> None:
    """In a header, in a content, and before its end; packed or not."""
    whole = tar({"a.md": "x" * 5000}, top="")
    for archive in (whole[:length], gzip.compress(whole[:length]), gzip.compress(whole)[: length // 100]):
        with pytest.raises(ArchiveError, match="middle"):
            read(archive)


def test_a_broken_compression_is_told() -> None:
    """A byte that was turned, wherever the checksum finds it."""
    packed = bytearray(targz({f"{n}.md": f"Part {n}." for n in range(50)}))
    packed[len(packed) // 2] ^= 0xFF
    with pytest.raises(ArchiveError):
        read(bytes(packed))
    packed = bytearray(targz({"a.md": "a"}))
    packed[-6] ^= 0xFF
    with pytest.raises(ArchiveError, match="compression"):
        read(bytes(packed))


def record(text: bytes) -> bytes:
    """A pax header of this content."""
    padding = bytes(-len(text) % BLOCK)
    return headed(b"pax", size=b"%011o\0" % len(text), kind=b"x") + text + padding + headed(b"a.md") + END


@pytest.mark.parametrize(
    ("archive", "why"),
    [
        (b"x" * 257 + b"ustar" + b"x" * 1000, "a number that is none|no tar"),
        (headed(b"a")[:200] + b"\1" + headed(b"a")[201:], "no tar"),
        (headed(b"a", size=b"-0000000001\0") + END, "a number"),
        (headed(b"a", size=b"99999999999\0") + END, "a number"),
        (headed(b"x", kind=b"x", size=b"%011o\0" % (MAX_EXTENDED_BYTES + 1)) + END, "a header of"),
        (headed(b"x", kind=b"L", size=b"77777777777\0") + END, "a header of"),
        (headed(b"x", kind=b"S") + END, "holes"),
        (record(b"25 GNU.sparse.major=1.0\n\n"[:24] + b""), "cannot be read|holes"),
        (record(b"22 GNU.sparse.major=1\n"), "holes"),
        (record(b"99 path=a\n"), "cannot be read"),
        (record(b"3 x"), "cannot be read"),
        (record(b"x=y\n"), "cannot be read"),
        (record(b"0 a=b\n"), "cannot be read"),
        (record(b"10 size=z\n"), "a number"),
        (record(b"11 size=1_0\n"[:12].replace(b"11", b"12")), "a number"),
    ],
)
def test_what_is_no_tar_is_refused(archive: bytes, why: str) -> None:
    """Each with its reason, whoever wrote it."""
    with pytest.raises(ArchiveError, match=why):
        read(archive)


def test_a_bomb_ends_early() -> None:
    """What unpacks to far more than it is, is left as soon as that is seen; so is one of members alone."""
    packed = gzip.compress(headed(b"a.md", size=b"77777777777\0") + bytes(20_000_000))
    with pytest.raises(ArchiveError, match="100 times"):
        read(packed, Meter(packed=len(packed), most=1 << 40, check=lambda: None))
    packed = gzip.compress(headed(b"a") * 50_001 + END)
    with pytest.raises(ArchiveError, match="more than 50000"):
        listed(packed)


@hypothesis.given(st.binary(max_size=2000), st.integers(0, 3000))
def test_whatever_comes_is_read_or_refused(noise: bytes, place: int) -> None:
    """Nothing but an ArchiveError ever comes out of reading."""
    whole = bytearray(tar({"a.md": "Apples.", LONG: "Bees."}))
    whole[place : place + len(noise)] = noise
    with suppress(ArchiveError):
        read(bytes(whole[:257]) + b"ustar" + bytes(whole[262:]))


def test_numbers_may_be_blank() -> None:
    """Old writers leave fields empty."""
    archive = headed(b"a.md", size=b" " * 12) + END
    assert read(archive) == {"a.md": b""}
