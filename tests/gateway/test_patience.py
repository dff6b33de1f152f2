"""How much must pass, and in which time."""

from gateway.patience import Progress


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
