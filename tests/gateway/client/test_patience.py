"""How much must pass, and in which time."""

import pytest

from gateway.client.patience import CLOSING_S, Due, Patience, Progress, Waits

PATIENCE = Patience(head=10, idle=60, body=15, send=20, total=1000, first_byte=300, silence=100)


def due(waits: Waits, now: float, *, received: int | None = None, unsent: int | None = None) -> Due:
    """What time has made of it."""
    return waits.due(now, received=received, unsent=unsent)


def answered(now: float) -> Waits:
    """A connection that has had a request and its answer by ``now``."""
    waits = Waits(PATIENCE, now=0)
    waits.head_begins(0)
    waits.head_ends(0)
    waits.answered(now, more=False)
    return waits


def test_a_new_connection_says_something_soon() -> None:
    """It has the time of a head; one that has been used has the time between two requests."""
    assert due(Waits(PATIENCE, now=100), 110) is Due.NOTHING
    assert due(Waits(PATIENCE, now=100), 111) is Due.CLOSE
    assert due(answered(100), 160) is Due.NOTHING
    assert due(answered(100), 161) is Due.CLOSE


def test_a_head_has_its_time_from_its_first_byte() -> None:
    """More bytes of it give no more time; a head that had to wait for an answer has its time from there."""
    waits = answered(100)
    waits.head_begins(150)
    waits.head_begins(159)
    assert (due(waits, 160), due(waits, 161)) == (Due.NOTHING, Due.HEAD)
    waits = Waits(PATIENCE, now=0)
    waits.head_ends(0)
    waits.head_begins(1)
    assert due(waits, 500) is Due.NOTHING
    waits.answered(500, more=False)
    assert (due(waits, 510), due(waits, 511)) == (Due.NOTHING, Due.HEAD)


def test_a_body_that_trickles_is_due() -> None:
    """While it is waited for; what came while nobody waited does not count against it."""
    waits = Waits(PATIENCE, now=0)
    waits.head_ends(0)
    assert due(waits, 1, received=0) is Due.NOTHING
    assert due(waits, 16, received=100) is Due.NOTHING
    assert due(waits, 17, received=110) is Due.BODY
    assert due(waits, 18) is Due.NOTHING
    assert due(waits, 30, received=120) is Due.NOTHING
    assert due(waits, 46, received=130) is Due.BODY


def test_another_body_is_another_wait() -> None:
    """What has come of the one before does not count for it, nor against it."""
    waits = Waits(PATIENCE, now=0)
    waits.head_ends(0)
    assert due(waits, 1, received=100) is Due.NOTHING
    waits.answered(2, more=False)
    waits.head_ends(20)
    waits.body_begins()
    assert due(waits, 21, received=101) is Due.NOTHING
    assert due(waits, 37, received=102) is Due.BODY


def test_a_client_that_takes_too_little_is_left() -> None:
    """While it is slower than its answer; having taken all, it begins anew."""
    waits = Waits(PATIENCE, now=0)
    waits.head_ends(0)
    assert due(waits, 1, unsent=1_000_000) is Due.NOTHING
    assert due(waits, 20, unsent=900_000) is Due.NOTHING
    assert due(waits, 41, unsent=899_000) is Due.ABORT
    waits.taken()
    assert due(waits, 42, unsent=899_000) is Due.NOTHING


@pytest.mark.parametrize("more", [True, False])
def test_an_exchange_lasts_only_so_long(more: bool) -> None:
    """Each request has its own time; without one there is none."""
    waits = Waits(PATIENCE, now=0)
    waits.head_ends(0)
    waits.head_ends(5)
    assert (due(waits, 1000), due(waits, 1001)) == (Due.NOTHING, Due.ABORT)
    waits.answered(900, more=more)
    assert due(waits, 950) is Due.NOTHING
    assert due(waits, 1901) is (Due.ABORT if more else Due.CLOSE)


def test_closing_ends() -> None:
    """Whatever else is due: what is being closed has so long, from the first time it was said."""
    waits = Waits(PATIENCE, now=0)
    waits.closes(10)
    waits.closes(12)
    assert due(waits, 10 + CLOSING_S, unsent=5) is Due.NOTHING
    assert due(waits, 11 + CLOSING_S) is Due.ABORT


def test_enough_within_the_time_is_no_stall() -> None:
    """Every so many bytes the time begins anew."""
    progress = Progress(least=100, seconds=10)
    assert not progress.stalled(0, now=0)
    assert not progress.stalled(100, now=9)
    assert not progress.stalled(150, now=18)
    assert not progress.stalled(200, now=19)
    assert not progress.stalled(299, now=29)


def test_a_trickle_is_a_stall() -> None:
    """A byte now and then does not count, however regular it is."""
    progress = Progress(least=100, seconds=10)
    assert not any(progress.stalled(now, now=now) for now in range(11))
    assert progress.stalled(11, now=11)


def test_what_begins_anew_is_measured_anew() -> None:
    """After a reset, and when the count falls (another message), the time before does not count."""
    progress = Progress(least=100, seconds=10)
    assert not progress.stalled(50, now=0)
    progress.reset()
    assert not progress.stalled(50, now=100)
    assert not progress.stalled(20, now=120)
    assert progress.stalled(20, now=131)
