"""cli.supervision.verdicts"""

from cli.supervision.verdicts import CRASH_WINDOW_S, CRASHES, START_GRACE_S, CrashLoops, Liveness


def test_a_process_that_was_well_is_hung_after_three_failures() -> None:
    """One or two missed probes are not a hang; the third in a row is."""
    liveness = Liveness()
    liveness.observe(pid=1, answered=True, now=0)

    verdicts = [liveness.observe(pid=1, answered=False, now=t) for t in (2, 4, 6)]

    assert verdicts == [False, False, True]


def test_an_answer_forgives() -> None:
    """Failures count in a row only."""
    liveness = Liveness()
    for t, answered in enumerate([True, False, False, True, False, False]):
        assert not liveness.observe(pid=1, answered=answered, now=t)


def test_a_slow_start_is_not_a_hang() -> None:
    """Until its first answer a process has its whole time to start, and no more."""
    liveness = Liveness()
    for seconds in range(int(START_GRACE_S) + 1):
        assert not liveness.observe(pid=1, answered=False, now=100 + seconds)

    assert liveness.observe(pid=1, answered=False, now=101 + START_GRACE_S)


def test_what_hung_before_anybody_looked_has_had_its_time() -> None:
    """A new watchdog finds an old process that does not answer: three failures are enough."""
    liveness = Liveness()

    verdicts = [liveness.observe(pid=1, answered=False, now=t, age_s=START_GRACE_S + t) for t in (0, 2, 4)]

    assert verdicts == [False, False, True]


def test_a_clock_that_went_back_makes_no_process_older() -> None:
    """An age below nothing is none."""
    liveness = Liveness()
    for t in (0, 2, 4):
        assert not liveness.observe(pid=1, answered=False, now=t, age_s=-3600)

    assert liveness.observe(pid=1, answered=False, now=START_GRACE_S + 1, age_s=-3600)


def test_a_new_process_begins_anew() -> None:
    """What the last process did is not held against the one started after it."""
    liveness = Liveness()
    liveness.observe(pid=1, answered=True, now=0)
    liveness.observe(pid=1, answered=False, now=2)
    liveness.observe(pid=1, answered=False, now=4)

    assert not liveness.observe(pid=2, answered=False, now=6)
    assert not liveness.observe(pid=2, answered=False, now=8)


def test_a_crash_loop_is_many_ends_in_a_window() -> None:
    """Ends are counted per process, within the window only."""
    crashes = CrashLoops()
    slow = [crashes.ended("slow", now=n * CRASH_WINDOW_S / (CRASHES - 2)) for n in range(50)]
    quick = [crashes.ended("quick", now=n) for n in range(CRASHES)]

    assert not any(slow)
    assert quick == [False] * (CRASHES - 1) + [True]
