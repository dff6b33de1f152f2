"""Group 9: large messages, whole and in parts, and many small ones."""

from collections.abc import Iterator

from tests.gateway.conformance.case import GOODBYE, Case, plays
from tests.support.websocket_wire import BINARY, TEXT, Outcome, Step, fragments, frame, pieces

KB, MB = 1024, 1024 * 1024
KINDS = ((TEXT, b"0123456789abcdef", "text"), (BINARY, bytes(range(0xF0, 0x100)), "binary"))
WHOLE = (64 * KB, 256 * KB, MB, 4 * MB, 8 * MB, 16 * MB)
FRAGMENTS = (
    (64, MB),
    (256, 4 * MB),
    (KB, 4 * MB),
    (4 * KB, 4 * MB),
    (16 * KB, 4 * MB),
    (64 * KB, 4 * MB),
    (256 * KB, 4 * MB),
    (MB, 4 * MB),
    (4 * MB, 4 * MB),
)
"""The size of a fragment, and of the message."""
WRITES = (64, 128, 256, 512, KB, 2 * KB)
RATES = (0, 16, 64, 256, KB, 4 * KB)


def large() -> Iterator[Case]:
    """9.1 and 9.2: messages of one frame."""
    for group, (opcode, octets, kind) in enumerate(KINDS, 1):
        for number, size in enumerate(WHOLE, 1):
            payload = octets * (size // 16)
            says = f"{kind} of {size // KB} KB"
            yield plays(f"9.{group}.{number}", says, [frame(opcode, payload)], (opcode, payload))


def large_fragmented() -> Iterator[Case]:
    """9.3 and 9.4: messages of many frames."""
    for group, (opcode, octets, kind) in enumerate(KINDS, 3):
        for number, (part, size) in enumerate(FRAGMENTS, 1):
            payload = octets * (size // 16)
            sends = [b"".join(fragments(opcode, pieces(payload, part)))]
            says = f"{kind} of {size // KB} KB in fragments of {part}"
            yield plays(f"9.{group}.{number}", says, sends, (opcode, payload))


def chopped() -> Iterator[Case]:
    """9.5 and 9.6: one frame in many writes."""
    for group, (opcode, octets, kind) in enumerate(KINDS, 5):
        for number, part in enumerate(WRITES, 1):
            payload = octets * (256 * KB // 16)
            says = f"{kind} of 256 KB in writes of {part}"
            yield plays(f"9.{group}.{number}", says, pieces(frame(opcode, payload), part), (opcode, payload))


def rates() -> Iterator[Case]:
    """9.7 and 9.8: a hundred messages each after the answer to the last, then four hundred at once."""
    for group, (opcode, octets, kind) in enumerate(KINDS, 7):
        for number, size in enumerate(RATES, 1):
            payload = (octets * (size // 16 + 1))[:size]
            one = frame(opcode, payload)
            slow: list[Step] = [step for count in range(1, 101) for step in (one, count)]
            right = Outcome(plays("", "", [], *[(opcode, payload)] * 500).right[0].heard, 1000)
            steps = (*slow, one * 400, 500, GOODBYE)
            yield Case(f"9.{group}.{number}", f"500 times {kind} of {size}", steps, (right,))


CASES = [case for group in (large, large_fragmented, chopped, rates) for case in group()]
