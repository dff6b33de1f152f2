import contextlib
import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.sse import COMMENT, Decoder, Event, encode


def decode(*chunks: bytes) -> list[Event]:
    decoder = Decoder()
    return [event for chunk in chunks for event in decoder.feed(chunk)]


def test_an_event_is_one_data_line() -> None:
    """Type and id come first, the data is compact JSON in one line, whatever it holds."""
    assert encode({"text": "a\nb\r\u2028é"}, type="content-delta", id="run_1:3") == (
        'id: run_1:3\nevent: content-delta\ndata: {"text":"a\\nb\\r\u2028é"}\n\n'.encode()
    )
    assert encode({}, type="x") == b"event: x\ndata: {}\n\n"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end_of_the_standard_is_read(end: str) -> None:
    """LF, CRLF and CR end a line; what follows them is read at the same place."""
    text = end.join(["id: 1", "event: a", "data: x", "data:y", "data", "", "data: z", "", ""])
    assert decode(text.encode(), b"\n") == [Event("x\ny\n", "a", "1"), Event("z", "message", "1")]


def test_what_is_no_data_makes_no_event() -> None:
    """Comments, unknown fields and a type alone are nothing; the next event has no type of theirs."""
    assert decode(COMMENT, b"event: a\n\n", b"retry: 5\nother: 1\n\n", b"data: x\n\n") == [Event("x")]


def test_an_id_with_a_nul_is_ignored() -> None:
    """The standard says so; the earlier id stays."""
    assert decode(b"id: 1\ndata: x\n\nid: \0\ndata: y\n\n") == [Event("x", id="1"), Event("y", id="1")]


def test_a_cut_event_is_none() -> None:
    """An event whose empty line never came was cut, and is not told."""
    assert decode(b"data: x\n") == []


@given(
    st.lists(
        st.tuples(
            st.dictionaries(st.text(max_size=3), st.text(max_size=20), max_size=3),
            st.sampled_from(["run-start", "content-delta"]),
            st.sampled_from(["", "run_1:7"]),
        ),
        max_size=5,
    ),
    st.lists(st.integers(0, 2000), max_size=20),
)
def test_a_stream_may_be_cut_anywhere(events: list[tuple[dict[str, str], str, str]], cuts: list[int]) -> None:
    """However the bytes arrive, also cut inside a character, the same events come out."""
    stream = COMMENT.join(encode(data, type=kind, id=id_) for data, kind, id_ in events)
    places = [0, *sorted(cut for cut in cuts if cut < len(stream)), len(stream)]
    chunks = [stream[a:b] for a, b in itertools.pairwise(places)]
    got = decode(*chunks)
    assert [(json.loads(event.data), event.type) for event in got] == [
        (data, kind) for data, kind, _ in events
    ]


@given(st.binary(max_size=60), st.integers(1, 10))
def test_garbage_is_refused_or_read(garbage: bytes, size: int) -> None:
    """Any bytes are either read or refused as a ValueError."""
    with contextlib.suppress(ValueError):
        decode(*(garbage[at : at + size] for at in range(0, len(garbage), size)))


@pytest.mark.parametrize("line", [b"x" * 40, b"data: " + b"x" * 40 + b"\n", b"data:\n"])
def test_an_endless_event_is_refused(line: bytes) -> None:
    """An event without an end does not fill the memory: not as one line, not as many, not as empty ones."""
    decoder = Decoder(max_bytes=100)
    with pytest.raises(ValueError, match="too large"):
        [list(decoder.feed(line)) for _ in range(102)]


def test_the_bound_is_of_one_event() -> None:
    """Any number of small events passes."""
    decoder = Decoder(max_bytes=100)
    assert sum(len(list(decoder.feed(b"data: " + b"x" * 90 + b"\n\n"))) for _ in range(50)) == 50
