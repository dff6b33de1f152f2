"""Groups 1 to 5, 7 and 10: framing, control frames, reserved bits and opcodes, fragments, the close."""

from collections.abc import Iterator
from dataclasses import replace

from tests.gateway.conformance.case import (
    GOODBYE,
    INVALID_DATA,
    PROTOCOL_ERROR,
    Case,
    fails,
    octets,
    plays,
    pong,
    three_ways,
)
from tests.support.websocket_wire import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    Close,
    Outcome,
    Step,
    brief,
    closing,
    fragments,
    frame,
    pieces,
)

SIZES = (0, 125, 126, 127, 128, 65535, 65536)
HELLO = b"Hello, world!"


def sizes() -> Iterator[Case]:
    """1: messages on both sides of each length's border; the last of them in many small writes."""
    for group, (opcode, octet, kind) in enumerate(((TEXT, b"*", "text"), (BINARY, b"\xfe", "binary")), 1):
        for number, size in enumerate(SIZES, 1):
            payload = octet * size
            says = f"{kind} of {size}"
            yield plays(f"1.{group}.{number}", says, [frame(opcode, payload)], (opcode, payload))
        payload = octet * 65536
        sends = pieces(frame(opcode, payload), 997)
        yield plays(f"1.{group}.8", f"{kind} of 65536 in writes of 997", sends, (opcode, payload))


def pings() -> Iterator[Case]:
    """2: pings are answered with what they held, pongs with nothing."""
    binary, full = bytes(range(0xF0, 0x100)), b"\xfe" * 125
    yield plays("2.1", "empty ping", [frame(PING)], pong())
    yield plays("2.2", "ping with text", [frame(PING, HELLO)], pong(HELLO))
    yield plays("2.3", "ping with what is not UTF-8", [frame(PING, binary)], pong(binary))
    yield plays("2.4", "ping of 125", [frame(PING, full)], pong(full))
    yield fails("2.5", "ping of 126", [frame(PING, full + b"x")])
    yield plays("2.6", "ping of 125 by octets", octets([frame(PING, full)]), pong(full))
    yield plays("2.7", "empty pong unasked", [frame(PONG)])
    yield plays("2.8", "pong with text unasked", [frame(PONG, HELLO)])
    yield plays("2.9", "pong unasked, then ping", [frame(PONG, b"un") + frame(PING, HELLO)], pong(HELLO))
    ten = [frame(PING, b"payload-%d" % number) for number in range(10)]
    pongs = [pong(b"payload-%d" % number) for number in range(10)]
    yield plays("2.10", "ten pings", [b"".join(ten)], *pongs)
    yield plays("2.11", "ten pings by octets", octets(ten), *pongs)


def reserved_bits() -> Iterator[Case]:
    """3: without an extension no reserved bit may be set."""
    text, ping = frame(TEXT, HELLO), frame(PING)
    heard = (TEXT, HELLO)
    yield fails("3.1", "RSV 1", [frame(TEXT, HELLO, rsv=1)])
    middle = fails("3.2", "text, RSV 2, ping", [text, frame(TEXT, HELLO, rsv=2), ping], heard)
    yield from three_ways(["3.2", "3.3"], middle)
    third = fails("3.4", "text, RSV 3, ping", [text, frame(TEXT, HELLO, rsv=3), ping], heard)
    yield replace(three_ways(["a", "b", "3.4"], third)[2])
    yield fails("3.5", "RSV 4, binary", [frame(BINARY, b"\0" * 8, rsv=4)])
    yield fails("3.6", "RSV 5, ping", [frame(PING, HELLO, rsv=5)])
    yield fails("3.7", "RSV 6, close", [frame(CLOSE, rsv=6)])
    yield fails("3.7b", "RSV 7, continuation", [frame(TEXT, HELLO, fin=False), frame(CONTINUATION, rsv=7)])


def reserved_opcodes() -> Iterator[Case]:
    """4: opcodes that mean nothing yet fail the connection."""
    text, heard = frame(TEXT, HELLO), (TEXT, HELLO)
    for group, opcodes in ((1, range(3, 8)), (2, range(11, 16))):
        for number, opcode in enumerate(opcodes, 1):
            odd = frame(opcode, HELLO if number % 2 == 0 else b"")
            before = [text] if number > 2 else []
            sends = [*before, odd, frame(PING)]
            says = f"opcode {opcode}" + (" after a text" if before else "")
            case = fails(f"4.{group}.{number}", says, sends, *([heard] if before else []))
            # The fourth and fifth a frame, or an octet, a write.
            yield three_ways([case.id] * 3, case)[max(0, number - 3)]


def fragmentation() -> Iterator[Case]:
    """5: messages of several frames, with control frames between them and in the wrong order."""
    two, whole = fragments(TEXT, [b"first", b"second"]), (TEXT, b"firstsecond")
    ping, answered = frame(PING, b"ping"), pong(b"ping")
    text, lost = frame(TEXT, HELLO), frame(CONTINUATION, b"lost")
    more = frame(CONTINUATION, b"lost", fin=False)
    for number, opcode in ((1, PING), (2, PONG)):
        control = fragments(opcode, [b"first", b"second"])
        yield fails(f"5.{number}", f"fragments of opcode {opcode}", control)
    yield from three_ways(["5.3", "5.4", "5.5"], plays("", "two fragments", two, whole))
    between = plays("", "ping between fragments", [two[0], ping, two[1]], answered, whole)
    yield from three_ways(["5.6", "5.7", "5.8"], between)
    yield from three_ways(["5.9", "5.10", "5.11"], fails("", "last continuation of nothing", [lost, text]))
    yield from three_ways(["5.12", "5.13", "5.14"], fails("", "continuation of nothing", [more, text]))
    after = fails("5.15", "continuation after the end", [*two, more, text], whole)
    yield three_ways(["5.15"], after)[0]
    yield fails("5.16", "twice a continuation of nothing, then fragments", [more, *two, more, *two])
    yield fails("5.17", "twice a last continuation of nothing, then fragments", [lost, *two, lost, *two])
    yield fails("5.18", "both fragments are text", [two[0], frame(TEXT, b"second")])
    five = fragments(TEXT, [b"%d" % number for number in range(1, 6)])
    steps = [*five[:2], frame(PING, b"a"), *five[2:4], frame(PING, b"b"), five[4]]
    long = plays("", "pings between five fragments", steps, pong(b"a"), pong(b"b"), (TEXT, b"12345"))
    yield from three_ways(["5.19", "5.20", "5.20b"], long)
    part: list[Step] = [*five[:2], frame(PING, b"a"), 1, *five[2:]]
    right = Outcome((pong(b"a"), (TEXT, b"12345")), 1000)
    yield Case("5.19b", "the pong comes before the message is whole", (*part, 2, GOODBYE), (right,))


def closes() -> Iterator[Case]:
    """7: how a connection is closed, in order and not."""
    heard, text = (TEXT, HELLO), frame(TEXT, HELLO)
    clean = Outcome((), 1000)
    large = b"*" * (256 * 1024)
    yield Case("7.1.1", "message, close", (text, 1, GOODBYE), (Outcome((heard,), 1000),))
    yield Case("7.1.2", "two closes", (Close(GOODBYE * 2),), (clean,))
    yield Case("7.1.3", "close, ping", (Close(GOODBYE + frame(PING)),), (clean,))
    yield Case("7.1.4", "close, text", (Close(GOODBYE + text),), (clean,))
    first, second = fragments(TEXT, [b"first", b"second"])
    # The server of our services takes a close inside a message for a failure; it ends all the same.
    failed = Outcome((), PROTOCOL_ERROR)
    yield Case("7.1.5", "close between fragments", (first, Close(GOODBYE + second)), (clean,), (failed,))
    answers = ((), ((TEXT, brief(large)),))
    told = tuple(Outcome(heard, 1000) for heard in answers)
    yield Case("7.1.6", "256 KB, close, ping", (frame(TEXT, large), Close(GOODBYE + frame(PING))), told)
    yield Case("7.3.1", "empty close", (Close(frame(CLOSE)),), (Outcome((), 1005), clean))
    yield Case("7.3.2", "close of one octet", (Close(frame(CLOSE, b"a")),), (failed,))
    yield Case("7.3.3", "close with a code", (GOODBYE,), (clean,))
    for number, reason in ((4, b"Hello"), (5, b"*" * 123)):
        echoed = Outcome((), 1000, reason=reason)
        yield Case(f"7.3.{number}", f"reason of {len(reason)}", (closing(1000, reason),), (echoed, clean))
    yield Case("7.3.6", "reason of 124", (closing(1000, b"*" * 124),), (failed,))
    broken = "κόσμε".encode() + b"\xed\xa0\x80edited"
    invalid = tuple(Outcome((), code) for code in (INVALID_DATA, PROTOCOL_ERROR))
    yield Case("7.5.1", "reason that is not UTF-8", (closing(1000, broken),), invalid[:1], invalid[1:])


VALID_CODES = (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999)
INVALID_CODES = (0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999)


def codes() -> Iterator[Case]:
    """7.7 to 7.13: which codes a close frame may carry."""
    for number, code in enumerate((*VALID_CODES, 1012, 1013, 1014), 1):
        right = (Outcome((), code), Outcome((), 1000))
        yield Case(f"7.7.{number}", f"code {code}", (closing(code),), right)
    for number, code in enumerate((*INVALID_CODES, 1015), 1):
        failed = (Outcome((), PROTOCOL_ERROR),)
        yield Case(f"7.9.{number}", f"code {code}", (closing(code),), failed)
    for number, code in enumerate((5000, 65535), 1):
        informed = tuple(Outcome((), answer) for answer in (PROTOCOL_ERROR, 1000, code))
        yield Case(f"7.13.{number}", f"code {code}", (closing(code),), informed)


def fragmented_by_size() -> Iterator[Case]:
    """10: a client that cuts every message."""
    payload = b"*" * 65536
    sends = fragments(TEXT, pieces(payload, 1300))
    yield plays("10.1.1", "65536 in fragments of 1300", sends, (TEXT, payload))


CASES = [
    case
    for group in (
        sizes,
        pings,
        reserved_bits,
        reserved_opcodes,
        fragmentation,
        closes,
        codes,
        fragmented_by_size,
    )
    for case in group()
]
