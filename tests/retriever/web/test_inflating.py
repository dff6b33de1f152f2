"""Compressed bodies are unpacked whole or refused, and never past their bound."""

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retriever.web.inflating import BrokenError, Inflater, TooMuchError, unpacked

TEXT = b"The lamp is lit at dusk. " * 400


def inflated(encoding: str, content: bytes, *, limit: int = 1 << 20, step: int = 7) -> bytes:
    inflater = Inflater(encoding, limit=limit)
    for start in range(0, len(content), step):
        inflater.feed(content[start : start + step])
    inflater.feed(b"")
    return inflater.finish()


def raw_deflate(content: bytes) -> bytes:
    codec = zlib.compressobj(wbits=-15)
    return codec.compress(content) + codec.flush()


@pytest.mark.parametrize(
    ("encoding", "content"),
    [
        ("", TEXT),
        ("identity", TEXT),
        ("gzip", gzip.compress(TEXT)),
        (" X-GZIP ", gzip.compress(TEXT)),
        ("gzip", gzip.compress(TEXT[:100]) + gzip.compress(TEXT[100:])),
        ("gzip", gzip.compress(TEXT) + bytes(20)),
        ("deflate", zlib.compress(TEXT)),
        ("deflate", raw_deflate(TEXT)),
    ],
)
def test_every_encoding_is_undone(encoding: str, content: bytes) -> None:
    """Whole, in several members, with padding, in zlib's form and raw."""
    assert inflated(encoding, content) == TEXT
    assert inflated(encoding, content, step=len(content)) == TEXT


def test_a_body_of_nothing_is_nothing() -> None:
    """An empty body is empty whatever it is said to be."""
    assert inflated("gzip", b"") == b""


@pytest.mark.parametrize("limit", [1000, 1 << 20])
def test_a_bomb_ends_at_the_bound(limit: int) -> None:
    """What grows past the bound is refused."""
    with pytest.raises(TooMuchError, match=f"{limit} bytes"):
        inflated("gzip", gzip.compress(bytes(50 << 20), 9), limit=limit, step=1 << 16)


def test_more_than_one_step_comes_out_whole() -> None:
    """A body that is larger than what is unpacked at once, from one piece that holds it all."""
    large = TEXT * 40
    assert inflated("gzip", gzip.compress(large), step=1 << 20) == large


def test_what_only_costs_time_is_refused() -> None:
    """Empty members without end, and padding without end."""
    with pytest.raises(BrokenError, match="too many parts"):
        inflated("gzip", gzip.compress(b"") * 3000, step=1 << 16)
    with pytest.raises(TooMuchError):
        inflated("gzip", gzip.compress(TEXT) + bytes(1 << 20), limit=1 << 19, step=1 << 16)


def test_plain_bodies_are_counted() -> None:
    """The bound holds for what is not compressed."""
    with pytest.raises(TooMuchError):
        inflated("", TEXT, limit=100)


@pytest.mark.parametrize(
    ("encoding", "content"),
    [
        ("gzip", b"no gzip"),
        ("gzip", gzip.compress(TEXT)[:-20]),
        ("gzip", gzip.compress(TEXT)[:40] + b"\0" * 30),
        ("deflate", b"\x78\x9c\xff\xff"),
    ],
)
def test_what_is_broken_is_said(encoding: str, content: bytes) -> None:
    """Cut or corrupt bodies are no documents."""
    with pytest.raises(BrokenError):
        inflated(encoding, content)


def test_encodings_nobody_asked_for_are_refused() -> None:
    """Only what we can bound is undone."""
    with pytest.raises(BrokenError, match="br"):
        Inflater("br", limit=1)
    with pytest.raises(BrokenError):
        Inflater("gzip, gzip", limit=1)


def test_a_file_is_unpacked_where_it_is_packed() -> None:
    """A .xml.gz is unpacked by what it is, not by its name."""
    assert unpacked(gzip.compress(TEXT), limit=1 << 20) == TEXT
    assert unpacked(TEXT, limit=1) == TEXT
    with pytest.raises(TooMuchError):
        unpacked(gzip.compress(TEXT), limit=100)


@given(st.binary(max_size=3000), st.integers(1, 500))
def test_any_cut_gives_the_same(content: bytes, step: int) -> None:
    """Where the pieces end makes no difference."""
    assert inflated("gzip", gzip.compress(content), step=step) == content
    assert inflated("deflate", zlib.compress(content), step=step) == content


def test_what_came_out_is_taken_in_between() -> None:
    """It is held no longer, and counts on."""
    inflater = Inflater("", limit=10)
    inflater.feed(b"12345")
    assert (inflater.ready, inflater.take(), inflater.ready) == (5, b"12345", 0)
    inflater.feed(b"67890")
    assert inflater.finish() == b"67890"
    with pytest.raises(TooMuchError):
        inflater.feed(b"1")
