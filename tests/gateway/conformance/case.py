"""What a conformance case is: what a client sends, and what may come of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from tests.support.websocket_wire import PONG, Heard, Outcome, Step, brief, closing

PROTOCOL_ERROR, INVALID_DATA = 1002, 1007
GOODBYE = closing(1000)


@dataclass(frozen=True)
class Case:
    """One case; ``id`` is the number that the Autobahn test suite gives one of this meaning."""

    id: str
    says: str
    steps: tuple[Step, ...]
    right: tuple[Outcome, ...]
    """What RFC 6455 asks for."""
    allowed: tuple[Outcome, ...] = ()
    """What it bears besides."""


def plays(number: str, says: str, sends: Iterable[bytes], *heard: Heard, first: Iterable[Step] = ()) -> Case:
    """Return a case that ends well: all of ``heard`` comes, then the client closes."""
    known = tuple((opcode, brief(payload)) for opcode, payload in heard)
    steps = (*first, *sends, len(heard), GOODBYE)
    return Case(number, says, steps, (Outcome(known, 1000),))


def fails(number: str, says: str, sends: Sequence[bytes], *heard: Heard, code: int = PROTOCOL_ERROR) -> Case:
    """Return a case in which the service fails the connection; it may drop what came just before."""
    known = [Outcome(heard[:count], code, first=True) for count in range(len(heard), -1, -1)]
    return Case(number, says, tuple(sends), tuple(known[:1]), tuple(known[1:]))


def octets(sends: Iterable[bytes]) -> list[bytes]:
    """Return the same bytes, each sent alone."""
    return [bytes((octet,)) for octet in b"".join(sends)]


def three_ways(numbers: Sequence[str], case: Case) -> list[Case]:
    """Return ``case`` sent in one write, a frame a write, and an octet a write."""
    frames = [step for step in case.steps if isinstance(step, bytes) and step != GOODBYE]
    rest = case.steps[len(frames) :]
    ways = (("in one write", [b"".join(frames)]), ("frame by frame", frames), ("by octets", octets(frames)))
    return [
        replace(case, id=number, says=f"{case.says}, {how}", steps=(*sends, *rest))
        for number, (how, sends) in zip(numbers, ways, strict=False)
    ]


def pong(payload: bytes = b"") -> Heard:
    """Return the answer to a ping."""
    return PONG, payload
