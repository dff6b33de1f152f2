"""Whatever strangers send is read or refused: every seed, and as many changes of them as there is time for.

`make fuzz MINUTES=n` does the same for longer; what it found stands here as a case.
"""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzzing.inputs import edited, inputs
from tests.fuzzing.targets import Target, targets
from tests.support import nasty

TARGETS = targets()
EXAMPLES = 60


def flagged(flags: int) -> bytes:
    """A sound DOCX whose directory gives each part these flags."""
    out = bytearray(nasty.docx(nasty.paragraph("a")))
    at = -1
    while (at := out.find(b"PK\x01\x02", at + 1)) >= 0:
        out[at + 8] = flags
    return bytes(out)


FOUND: list[tuple[str, bytes]] = [
    (nasty.DOCX, flagged(0x20)),  # "compressed patched data": not what the library knows to be broken
    (nasty.DOCX, flagged(0x40)),  # "strong encryption", likewise
    ("llms_txt", b"[a](//s.//.)"),  # a path of two slashes was taken for a host, and none was left
    ("address", b"https://s.//evil/../x"),
    ("address", b"http:."),
    ("address", b"\xff" * 250),  # short enough, but not as it is written out
    # a section with no block of its own, which only a process that was taken over answers
    (
        "packed",
        b'{"title":"A","text":"A\\n\\ntext","sections":[[[],"",4,7]],"blocks":[[3,7,0]],"url":"","metadata":{}}',
    ),
]
"""What was once a fault: the target and the bytes."""


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_are_read_or_refused(name: str) -> None:
    """What is made to hurt does not."""
    for seed in TARGETS[name].seeds:
        TARGETS[name].run(seed)


@pytest.mark.parametrize("name", TARGETS)
def test_anything_is_read_or_refused(name: str) -> None:
    """Bytes of any kind end in what the target promises."""
    target = TARGETS[name]

    @given(inputs(target))
    @settings(max_examples=EXAMPLES, database=None, suppress_health_check=list(HealthCheck))
    def whatever(content: bytes) -> None:
        target.run(content)

    whatever()


@pytest.mark.parametrize(("name", "content"), FOUND)
def test_what_was_found_stays_mended(name: str, content: bytes) -> None:
    """Each fault that fuzzing found, once."""
    TARGETS[name].run(content)


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_says_when_something_is_wrong(name: str) -> None:
    """Each has sound seeds, and what means something there."""
    assert TARGETS[name].seeds
    assert all(TARGETS[name].words)


def test_fuzzing_finds_what_is_wrong() -> None:
    """A parser with a fault behind a word of its own is found out within these examples."""

    def faulty(content: bytes) -> None:
        assert content.count(b"<p>") < 2

    target = Target(faulty, (b"<p>text",), (b"<p>",))

    def search() -> None:
        given(inputs(target))(settings(max_examples=EXAMPLES, database=None)(_through(target.run)))()

    with pytest.raises(AssertionError):
        search()


def _through(run: Callable[[bytes], None]) -> Callable[[bytes], None]:
    def whatever(content: bytes) -> None:
        run(content)

    return whatever


@given(st.binary(max_size=30), st.integers(0, 60), st.binary(max_size=4))
def test_edits_do_what_they_say(seed: bytes, where: int, piece: bytes) -> None:
    """Each leaves what stands before its place as it was."""
    at = where % (len(seed) + 1)
    for how in ("cut", "insert", "replace", "repeat", "remove"):
        assert edited(seed, [(how, where, piece)]).startswith(seed[:at])
    assert len(edited(seed, [("insert", where, piece)])) == len(seed) + len(piece)
