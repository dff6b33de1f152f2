"""Group 6: text is UTF-8. The sequences are those of Markus Kuhn's decoder stress test."""

from collections.abc import Iterator, Sequence

from tests.gateway.conformance.case import INVALID_DATA, Case, fails, octets, plays
from tests.support.websocket_wire import (
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    Outcome,
    Step,
    fragments,
    frame,
    pieces,
)

GREEK = "κόσμε"
WORDS = "Hello-µ@ßöäüàá-UTF-8!!"
BROKEN = b"\xed\xa0\x80edited"
"""A surrogate in the middle."""


def _sequence(first: int, rest: int, last: int | None = None, *, count: int) -> bytes:
    """Return a lead byte and ``count`` continuation bytes."""
    tail = bytes((rest,)) * count
    return bytes((first,)) + (tail if last is None else tail[:-1] + bytes((last,)))


def _surrogate(code: int) -> bytes:
    return chr(code).encode("utf-8", "surrogatepass")


_LONE = [
    bytes(octet for lead in leads for octet in (lead, 0x20))
    for leads in (
        range(0xC0, 0xE0),
        range(0xE0, 0xF0),
        range(0xF0, 0xF8),
        range(0xF8, 0xFC),
        range(0xFC, 0xFE),
    )
]
_SHORT = [
    *(_sequence(lead, 0x80, count=n) for n, lead in enumerate((0xC0, 0xE0, 0xF0, 0xF8, 0xFC))),
    *(_sequence(lead, 0xBF, count=n) for n, lead in enumerate((0xDF, 0xEF, 0xF7, 0xFB, 0xFD))),
]
_HIGH, _LOW = (0xD800, 0xDB7F, 0xDB80, 0xDBFF), (0xDC00, 0xDFFF)

Family = tuple[str, Sequence[bytes]]
VALID: dict[str, Family] = {
    "6.7": ("first of each length", [b"\0", b"\xc2\x80", b"\xe0\xa0\x80", b"\xf0\x90\x80\x80"]),
    "6.9": ("last of each length", [b"\x7f", b"\xdf\xbf", b"\xef\xbf\xbf", b"\xf4\x8f\xbf\xbf"]),
    "6.11": ("at a border", [b"\xed\x9f\xbf", b"\xee\x80\x80", b"\xef\xbf\xbd", b"\xf4\x8f\xbf\xbe"]),
    "6.22": (
        "no character",
        [chr(plane << 16 | code).encode() for plane in range(17) for code in (0xFFFE, 0xFFFF)],
    ),
    "6.23": ("special", [chr(code).encode() for code in range(0xFFF9, 0x10000)]),
}
INVALID: dict[str, Family] = {
    "6.8": ("too long a sequence, first", [_sequence(0xF8, 0x80, count=4), _sequence(0xFC, 0x80, count=5)]),
    "6.10": (
        "too long a sequence, last",
        [_sequence(lead, 0xBF, count=n) for n, lead in ((3, 0xF7), (4, 0xFB), (5, 0xFD))],
    ),
    "6.11b": ("past the last", [b"\xf4\x90\x80\x80"]),
    "6.12": (
        "continuation alone",
        [b"\x80", b"\xbf", *((b"\x80\xbf" * 4)[:n] for n in range(2, 7)), bytes(range(0x80, 0xC0))],
    ),
    "6.13": ("lead bytes alone", _LONE),
    "6.14": ("last octet missing", _SHORT),
    "6.15": ("last octets missing", [b"".join(_SHORT)]),
    "6.16": ("impossible", [b"\xfe", b"\xff", b"\xfe\xfe\xff\xff"]),
    "6.17": (
        "overlong slash",
        [_sequence(lead, 0x80, 0xAF, count=n) for n, lead in enumerate((0xC0, 0xE0, 0xF0, 0xF8, 0xFC), 1)],
    ),
    "6.18": (
        "largest overlong",
        [
            b"\xc1\xbf",
            *(
                bytes((lead, second)) + b"\xbf" * n
                for n, lead, second in ((1, 0xE0, 0x9F), (2, 0xF0, 0x8F), (3, 0xF8, 0x87), (4, 0xFC, 0x83))
            ),
        ],
    ),
    "6.19": (
        "overlong NUL",
        [_sequence(lead, 0x80, count=n) for n, lead in enumerate((0xC0, 0xE0, 0xF0, 0xF8, 0xFC), 1)],
    ),
    "6.20": (
        "surrogate",
        [_surrogate(code) for code in (0xD800, 0xDB7F, 0xDB80, 0xDBFF, 0xDC00, 0xDF80, 0xDFFF)],
    ),
    "6.21": ("pair of surrogates", [_surrogate(high) + _surrogate(low) for high in _HIGH for low in _LOW]),
}


def sequences() -> Iterator[Case]:
    """6.7 to 6.23: each sequence whole, and a frame an octet."""
    for families, valid in ((VALID, True), (INVALID, False)):
        for family, (says, members) in families.items():
            for number, member in enumerate(members, 1):
                for mark, sends in (("", [frame(TEXT, member)]), ("f", fragments(TEXT, octets([member])))):
                    name, what = f"{family}.{number}{mark}", f"{says} {member[:8].hex()}"
                    if valid:
                        yield plays(name, what, sends, (TEXT, member))
                    else:
                        yield fails(name, what, sends, code=INVALID_DATA)


def prefixes() -> Iterator[Case]:
    """6.6: what begins well is only text when it ends between two code points."""
    whole = GREEK.encode()
    ends = {len(GREEK[:count].encode()) for count in range(1, len(GREEK) + 1)}
    for size in range(1, len(whole) + 1):
        part, number = whole[:size], f"6.6.{size}"
        if size in ends:
            yield plays(number, f"first {size} octets", [frame(TEXT, part)], (TEXT, part))
        else:
            yield fails(number, f"first {size} octets", [frame(TEXT, part)], code=INVALID_DATA)


def messages() -> Iterator[Case]:
    """6.1 to 6.3: empty and whole messages, cut on code points and inside them."""
    middle = b"middle frame payload"
    yield plays("6.1.1", "empty", [frame(TEXT)], (TEXT, b""))
    yield plays("6.1.2", "three empty fragments", fragments(TEXT, [b"", b"", b""]), (TEXT, b""))
    yield plays("6.1.3", "empty, full, empty", fragments(TEXT, [b"", middle, b""]), (TEXT, middle))
    words = WORDS.encode()
    yield plays("6.2.1", "valid", [frame(TEXT, words)], (TEXT, words))
    two = [WORDS[:7].encode(), WORDS[7:].encode()]
    yield plays("6.2.2", "cut between code points", fragments(TEXT, two), (TEXT, words))
    yield plays("6.2.3", "fragments of an octet", fragments(TEXT, octets([words])), (TEXT, words))
    yield plays("6.2.4", "Greek by octets", fragments(TEXT, octets([GREEK.encode()])), (TEXT, GREEK.encode()))
    yield plays("6.2.5", "cut and written by octets", octets(fragments(TEXT, octets([words]))), (TEXT, words))
    broken = GREEK.encode() + BROKEN
    yield fails("6.3.1", "a surrogate inside", [frame(TEXT, broken)], code=INVALID_DATA)
    yield fails("6.3.2", "the same by octets", fragments(TEXT, octets([broken])), code=INVALID_DATA)
    yield fails("6.3.3", "the same in small writes", pieces(frame(TEXT, broken), 5), code=INVALID_DATA)


def fail_fast() -> Iterator[Case]:
    """6.4: broken text may be refused as soon as it is known to be broken, and need not be."""
    start, wrong = GREEK.encode(), (b"\xf4\x90\x80\x80", b"\xf4\x90")
    for number, middle in enumerate(wrong, 1):
        parts = [start, middle, b"\x80\x80" + start]
        frames = fragments(TEXT, parts)
        # A ping asks whether the service has noticed.
        steps: tuple[Step, ...] = (*frames[:2], frame(PING, b"?"), 1, frames[2])
        fast, late = Outcome((), INVALID_DATA, first=True), Outcome(((PONG, b"?"),), INVALID_DATA, first=True)
        yield Case(f"6.4.{number}", "broken in the second fragment", steps, (fast,), (late,))
        whole = frame(TEXT, b"".join(parts))
        cut = whole[:6] + whole[6 : 6 + len(start)], whole[6 + len(start) :][: len(middle)]
        sends = [*cut, whole[6 + len(start) + len(middle) :]]
        yield fails(f"6.4.{number + 2}", "broken in the second write", sends, code=INVALID_DATA)
    pair = [frame(TEXT, start[:1], fin=False), frame(PING), frame(CONTINUATION, start[1:])]
    yield plays("6.4.5", "a ping inside a code point", pair, (PONG, b""), (TEXT, start))


CASES = [case for group in (messages, fail_fast, prefixes, sequences) for case in group()]
