"""A package is unpacked only as far as it may grow, and what is no package is refused."""

import zipfile
from collections.abc import Mapping
from io import BytesIO

import pytest

from retriever.parsers.word.package import MAX_ENTRIES, MAX_PART_BYTES, Package
from shared.errors import InvalidRequestError, TooLargeError
from tests.support.nasty import zipped

PART = "word/document.xml"
LAUGHS = (
    '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>'
    "<a>&c;</a>"
)
OUTSIDE = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'


class Told:
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.all: list[str] = []

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self.all.append(f"<{name} {dict(attributes)}>")

    def end(self, name: str) -> None:
        self.all.append(f"</{name}>")

    def text(self, text: str) -> None:
        self.all.append(text)


def test_elements_are_told_without_their_namespace() -> None:
    """A part is told in order, names and attributes local; one that is not there is said to be missing."""
    told = Told()
    package = Package(zipped({PART: '<w:a xmlns:w="x" w:val="1">t&amp;u<b/></w:a>'}))
    assert package.read(PART, told)
    assert told.all == ["<a {'val': '1'}>", "t&u", "<b {}>", "</b>", "</a>"]
    assert not package.read("other.xml", told)


@pytest.mark.parametrize("xml", [LAUGHS, OUTSIDE])
def test_declared_entities_are_refused(xml: str) -> None:
    """No part declares a type: entities neither multiply nor fetch."""
    told = Told()
    with pytest.raises(InvalidRequestError, match="declares entities"):
        Package(zipped({PART: xml})).read(PART, told)
    assert told.all == []


def test_a_bomb_is_refused_as_it_unpacks() -> None:
    """A part that unpacks to more than it may is refused, however small its file."""
    bomb = zipped({PART: b"<a>" + b" " * MAX_PART_BYTES + b"</a>"})
    assert len(bomb) < MAX_PART_BYTES / 500
    with pytest.raises(TooLargeError, match="unpacks to more"):
        Package(bomb).read(PART, Told())


def test_too_many_files_are_refused() -> None:
    """A package of a hundred thousand files is none."""
    with pytest.raises(TooLargeError, match=f"at most {MAX_ENTRIES}"):
        Package(zipped({f"{n}": "" for n in range(MAX_ENTRIES + 1)}, compression=zipfile.ZIP_STORED))


def test_a_package_within_a_package_stays_closed() -> None:
    """Only the parts that are asked for are unpacked, so nothing nests."""
    told = Told()
    inner = zipped({PART: "<a/>"})
    assert Package(zipped({PART: "<a/>", "embedded.docx": inner})).read(PART, told)
    assert told.all == ["<a {}>", "</a>"]


@pytest.mark.parametrize(
    "content", [b"", b"PK", b"PK\x03\x04" + bytes(100), b"%PDF-1.4", zipped({PART: "<a/>"})[:-10]]
)
def test_what_is_no_package_is_refused(content: bytes) -> None:
    """Other files, and halves of one, are refused."""
    with pytest.raises(InvalidRequestError, match="no Office package"):
        Package(content)


def test_the_old_format_is_told() -> None:
    """A file of Word's old format, or an encrypted one, is told what to do."""
    with pytest.raises(InvalidRequestError, match=r"save it as \.docx without a password"):
        Package(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))


def changed(content: bytes, *, flags: int = 0, method: int | None = None) -> bytes:
    """The package with other flags or another method in the directory and in the file's own header."""
    out = bytearray(content)
    for mark, flags_at, method_at in ((b"PK\x03\x04", 6, 8), (b"PK\x01\x02", 8, 10)):
        at = out.index(mark)
        out[at + flags_at] |= flags
        if method is not None:
            out[at + method_at] = method
    return bytes(out)


@pytest.mark.parametrize("options", [{"flags": 1}, {"method": 14}, {"method": 99}])
def test_other_ways_to_pack_are_refused(options: dict[str, int]) -> None:
    """Encrypted entries and odd compressions are refused before they are tried."""
    with pytest.raises(InvalidRequestError, match="save it anew"):
        Package(changed(zipped({PART: "<a/>"}), **options)).read(PART, Told())


@pytest.mark.parametrize("flags", [0x20, 0x40])
def test_what_the_library_does_not_read_is_refused(flags: int) -> None:
    """Patched data and strong encryption are said by flags; the library calls them not implemented."""
    with pytest.raises(InvalidRequestError, match="broken"):
        Package(changed(zipped({PART: "<a/>"}), flags=flags)).read(PART, Told())


@pytest.mark.parametrize("at", range(30, 60, 6))
def test_damaged_contents_are_refused(at: int) -> None:
    """A damaged part is refused, whether its packing, its checksum or its XML is what fails."""
    content = bytearray(zipped({PART: "<a>" + "x" * 99 + "</a>"}))
    content[at] ^= 0xFF
    with pytest.raises(InvalidRequestError, match=r"broken|no Office package"):
        Package(bytes(content)).read(PART, Told())


def test_what_is_no_xml_is_refused() -> None:
    """The refusal names the part."""
    with pytest.raises(InvalidRequestError, match=PART):
        Package(zipped({PART: "<a><b></a>"})).read(PART, Told())


def test_elements_nest_without_end() -> None:
    """A hundred thousand elements within each other take no stack."""
    told = Told()
    assert Package(zipped({PART: "<a>" * 100_000 + "</a>" * 100_000})).read(PART, told)
    assert len(told.all) == 200_000


def test_a_name_twice_is_the_last() -> None:
    """Of two parts of one name one is read, and no other file is reached by it."""
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(PART, "<a/>")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr(PART, "<b/>")
    told = Told()
    assert Package(file.getvalue()).read(PART, told)
    assert told.all == ["<b {}>", "</b>"]
