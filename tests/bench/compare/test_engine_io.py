"""The framing of a socket.io page, as the protocol's documents show it."""

import pytest

from bench.compare.engine_io import Packet, connect, event, read


def test_what_is_sent() -> None:
    """A namespace is entered with what authorises; an event that is to be acknowledged has a number."""
    assert connect({"token": "t"}) == '40{"token": "t"}'
    assert event("hello") == '42["hello"]'
    assert event("hello", {"a": 1}, number=12) == '4212["hello", {"a": 1}]'


@pytest.mark.parametrize(
    ("text", "packet"),
    [
        ('0{"sid":"x","pingInterval":25000}', Packet("open", data={"sid": "x", "pingInterval": 25000})),
        ("1", Packet("close")),
        ("2", Packet("ping")),
        ("6", Packet("other")),
        ("", Packet("other")),
        ('40{"sid":"y"}', Packet("connected", data={"sid": "y"})),
        ("41", Packet("close")),
        ('42["stream_token",{"token":"a"}]', Packet("event", "stream_token", {"token": "a"})),
        ('42["reload"]', Packet("event", "reload")),
        ('4213["ask",1]', Packet("event", "ask", 1, 13)),
        ("430[true]", Packet("ack", data=[True], number=0)),
        ('44{"message":"no"}', Packet("refused", data={"message": "no"})),
        ("4", Packet("other")),
    ],
)
def test_what_is_read(text: str, packet: Packet) -> None:
    """Each kind of packet is told from the others."""
    assert read(text) == packet


def test_what_is_sent_can_be_read() -> None:
    """An event comes out as it went in."""
    assert read(event("name", ["a", 1], number=3)) == Packet("event", "name", ["a", 1], 3)
