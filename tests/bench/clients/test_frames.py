"""The load's own WebSocket frames: an error here would be taken for one of a candidate."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.clients.frames import CLOSE, TEXT, FrameReader, accept_key, client_frame, server_frame, unmasked


@pytest.mark.parametrize("size", [0, 1, 125, 126, 4096, 65535, 65536])
@pytest.mark.parametrize("frame", [client_frame, server_frame])
def test_every_length_survives(frame: object, size: int) -> None:
    """Each of the three forms of a length is written and read."""
    assert callable(frame)

    assert FrameReader().feed(frame(TEXT, b"w" * size)) == [(TEXT, b"w" * size)]


@given(st.lists(st.binary(max_size=200), max_size=5), st.lists(st.integers(1, 40), min_size=1))
def test_frames_are_the_same_however_they_are_cut(payloads: list[bytes], cuts: list[int]) -> None:
    """Frames come out whole and in order, whatever pieces they arrive in."""
    stream = b"".join(client_frame(TEXT, payload) for payload in payloads)
    reader, found, at = FrameReader(), [], 0
    for number in range(len(stream) + 1):
        step = cuts[number % len(cuts)]
        found += reader.feed(stream[at : at + step])
        at += step

    assert found == [(TEXT, payload) for payload in payloads]


def test_a_masked_frame_is_read_unmasked() -> None:
    """The example of RFC 6455, section 5.7: a masked "Hello", and another frame behind it."""
    hello = bytes.fromhex("818537fa213d7f9f4d5158")

    assert FrameReader().feed(hello + server_frame(CLOSE, b"")) == [(TEXT, b"Hello"), (CLOSE, b"")]


@given(st.binary(max_size=50), st.binary(min_size=4, max_size=4))
def test_masking_twice_is_nothing(payload: bytes, mask: bytes) -> None:
    """A mask taken off what it was put on gives what there was."""
    assert unmasked(unmasked(payload, mask), mask) == payload


def test_the_handshake_is_answered_as_the_rfc_says() -> None:
    """The example of RFC 6455, section 1.3."""
    assert accept_key(b"dGhlIHNhbXBsZSBub25jZQ==") == b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
