"""A Space is well when it tells our revision and is ready, whatever its stage was before."""

import pytest

from cli.deploy.waiting import GRACE_S, Seen, Waiting


def steps(*seen: Seen, every_s: float = 5.0, timeout_s: float = 1000.0, changed: bool = False) -> list[str]:
    waiting = Waiting("new", changed=changed, timeout_s=timeout_s)
    return [waiting.take(one, now_s=every_s * number).do for number, one in enumerate(seen)]


def test_through_a_build() -> None:
    """The build before runs on meanwhile, and does not count."""
    assert steps(
        Seen("RUNNING", "old", ready=True),
        Seen("RUNNING_BUILDING", "old", ready=True),
        Seen("APP_STARTING"),
        Seen("RUNNING", "new"),
        Seen("RUNNING", "new", ready=True),
    ) == ["wait", "wait", "wait", "wait", "well"]


def test_the_same_again_is_well_at_once() -> None:
    """Nothing changed, so nothing is built."""
    assert steps(Seen("RUNNING", "new", ready=True)) == ["well"]


def test_settings_that_changed_start_it_again() -> None:
    """What is well before that has the old ones; where nobody sees it start, a while will do."""
    well = Seen("RUNNING", "new", ready=True)
    assert steps(well, Seen("APP_STARTING"), well, changed=True) == ["wait", "wait", "well"]
    assert steps(well, well, every_s=GRACE_S, changed=True) == ["wait", "well"]


@pytest.mark.parametrize("stage", ["BUILD_ERROR", "RUNTIME_ERROR", "CONFIG_ERROR", "NO_APP_FILE"])
def test_a_bad_stage_may_be_an_old_one(stage: str) -> None:
    """It counts once something was built, or after a while."""
    assert steps(Seen(stage), Seen("BUILDING"), Seen(stage)) == ["wait", "wait", "bad"]
    assert steps(Seen(stage), Seen(stage), every_s=GRACE_S) == ["wait", "bad"]


def test_one_that_sleeps_is_woken() -> None:
    """By a visit, each time."""
    assert steps(Seen("SLEEPING"), Seen("SLEEPING"), Seen("APP_STARTING")) == ["wake", "wake", "wait"]


def test_one_that_is_paused_is_restarted() -> None:
    """Once: somebody may pause it again."""
    told = steps(Seen("PAUSED"), Seen("BUILDING"), Seen("PAUSED"), Seen("PAUSED"))
    assert told == ["wait", "wait", "restart", "wait"]


def test_it_does_not_wait_for_ever() -> None:
    """Nothing served is late, an older revision that is still served is another thing."""
    assert steps(Seen("BUILDING"), Seen("BUILDING"), every_s=1000) == ["wait", "late"]
    assert steps(Seen("RUNNING", "new"), Seen("RUNNING", "new"), every_s=1000) == ["wait", "late"]
    assert steps(Seen("RUNNING", "old"), Seen("RUNNING", "old", ready=True), every_s=1000)[1] == "stale"


def test_a_stage_that_nobody_knows_is_waited_for() -> None:
    """The platform has more of them than its library."""
    assert steps(Seen("SOMETHING_NEW")) == ["wait"]
