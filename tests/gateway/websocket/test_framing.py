"""Frames that only pass through."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from gateway.websocket.framing import MAX_REASON_BYTES, Frames, close_frame


def _frames(sizes: list[int], *, mask: bool) -> bytes:
    return b"".join(Frame(Opcode.BINARY, b"x" * size).serialize(mask=mask) for size in sizes)


@given(
    st.lists(st.sampled_from([0, 1, 125, 126, 127, 65535, 65536]), max_size=4),
    st.lists(st.integers(1, 70_000), max_size=6),
    st.booleans(),
)
def test_edges_are_found_however_the_bytes_come(sizes: list[int], cuts: list[int], mask: bool) -> None:
    """Whatever pieces frames come in, the edge is where they have ended, and nowhere else."""
    data = _frames(sizes, mask=mask)
    edges = {0}
    for size in sizes:
        edges.add(max(edges) + len(_frames([size], mask=mask)))
    followed, at = Frames(), 0
    for cut in [*cuts, len(data)]:
        piece = data[at : at + cut]
        at += len(piece)
        followed.feed(piece)
        assert followed.at_edge == (at in edges)
    assert not followed.closed


def test_byte_by_byte() -> None:
    """Heads that come in single bytes are put together."""
    followed = Frames()
    data = _frames([70_000], mask=False)
    for byte in data[:-1]:
        followed.feed(bytes((byte,)))
        assert not followed.at_edge
    followed.feed(data[-1:])
    assert followed.at_edge


def test_a_close_frame_is_noticed() -> None:
    """After a close frame nothing may be sent."""
    followed = Frames()
    followed.feed(_frames([3], mask=False) + close_frame(1000, ""))
    assert followed.closed
    assert followed.at_edge


@pytest.mark.parametrize("reason", ["", "restarting", "é" * 100])
def test_close_frames_are_whole(reason: str) -> None:
    """Code and reason, cut between characters, in one short frame."""
    frame = close_frame(1012, reason)
    assert frame[:2] == bytes((0x88, len(frame) - 2))
    assert frame[2:4] == b"\x03\xf4"
    assert len(frame) <= 4 + MAX_REASON_BYTES
    assert reason.startswith(frame[4:].decode())
