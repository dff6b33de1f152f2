"""Bytes become text by their mark, their declared charset or UTF-8."""

from encodings.aliases import aliases

import pytest

from retriever.parsers.decoding import decode
from shared.errors import InvalidRequestError


@pytest.mark.parametrize(
    ("content", "charset", "text"),
    [
        ("é".encode(), "", "é"),
        (b"\xef\xbb\xbf" + "é".encode(), "latin-1", "é"),
        ("é".encode("utf-16"), "", "é"),
        (b"\xff\xfe\x00\x00" + "é".encode("utf-32-le"), "", "é"),
        ("é".encode("latin-1"), "ISO-8859-1", "é"),
        (b"\x93quoted\x94", "us-ascii", "“quoted”"),
        ("日本".encode("shift_jis"), "Shift_JIS", "日本"),
    ],
)
def test_the_mark_wins_then_the_charset_then_utf8(content: bytes, charset: str, text: str) -> None:
    """A byte order mark is believed first, then the Content-Type, then UTF-8; the mark is no text."""
    assert decode(content, charset=charset) == text


def test_a_meta_tag_names_the_charset_of_html() -> None:
    """HTML without a declared charset is read as its meta tag says; other text is not searched for one."""
    page = b'<head><meta http-equiv="Content-Type" content="text/html; charset=windows-1251"></head>\xcf'
    assert decode(page, html=True).endswith("П")
    with pytest.raises(InvalidRequestError):
        decode(page)
    assert decode(b"<p>no meta</p>", html=True) == "<p>no meta</p>"


@pytest.mark.parametrize("charset", ["no-such-charset", "zlib", "utf\x00-8"])
def test_an_unknown_charset_is_refused(charset: str) -> None:
    """A charset that is none, or a codec that is not text, is named in the refusal."""
    with pytest.raises(InvalidRequestError, match="charset"):
        decode(b"x", charset=charset)


def test_a_wrong_byte_is_named() -> None:
    """Bytes that are not of the charset are refused with the offset of the first, the mark counted."""
    with pytest.raises(InvalidRequestError, match="byte 3 "):
        decode(b"abc\xff")
    with pytest.raises(InvalidRequestError, match="byte 4 "):
        decode(b"\xef\xbb\xbfa\xff")


@pytest.mark.parametrize("charset", sorted(set(aliases.values())))
@pytest.mark.parametrize("content", [b"a-b\xff+AA", b"\xff\xfe+\xd8", b"~{\x80\x81", b"+AAA-\x00\xdc\\u12"])
def test_every_codec_decodes_or_refuses(charset: str, content: bytes) -> None:
    """No codec that Python knows does anything but give text or a refusal."""
    try:
        found = decode(content, charset=charset)
    except InvalidRequestError:
        found = "refused"
    assert isinstance(found, str)


@pytest.mark.parametrize("charset", ["punycode", "idna", "unicode_escape", "raw_unicode_escape", "undefined"])
def test_codecs_that_are_no_charsets_are_refused(charset: str) -> None:
    """What Python can decode and no document is written in is an unknown charset."""
    with pytest.raises(InvalidRequestError, match="is not known"):
        decode(b"a-!!", charset=charset)
