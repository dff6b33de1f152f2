"""Buckets: never too much, never too little, and nothing to be gained by filling the table."""

from collections import defaultdict
from collections.abc import Sequence
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.limits import buckets as module
from gateway.limits.buckets import CROWD, Buckets
from gateway.limits.rates import Asked, Rate, Verdict

THREE = Rate(3, 3)
ONE = Rate(1, 3600)


def ask(key: str, rate: Rate = THREE, policy: str = "p") -> Asked:
    """One bucket's question."""
    return Asked(key, policy, rate)


def allowed(verdicts: Sequence[Verdict]) -> list[bool]:
    """Which of them were allowed."""
    return [verdict.allowed for verdict in verdicts]


def test_a_bucket_holds_its_quota_and_refills() -> None:
    """So many at once, then one each interval, and never more than the quota after a long rest."""
    buckets, asked = Buckets(), (ask("a"),)
    assert allowed([buckets.take(asked, now=10.0) for _ in range(4)]) == [True, True, True, False]
    assert allowed([buckets.take(asked, now=now) for now in (10.999, 11.0, 11.0)]) == [False, True, False]
    assert allowed([buckets.take(asked, now=99.0) for _ in range(4)]) == [True, True, True, False]


def test_a_verdict_tells_what_is_left() -> None:
    """Of the tightest bucket, after the taking; a refusal says when to come again."""
    buckets = Buckets()
    both = (ask("a"), ask("b", Rate(60, 60), "q"))
    first = buckets.take(both, now=10.0)
    assert (first.policy, first.remaining, first.reset_s) == ("p", 2, 1)
    assert [buckets.take((ask("a"),), now=10.0).remaining for _ in range(2)] == [1, 0]
    refused = buckets.take(both, now=10.5)
    assert (refused.allowed, refused.policy, refused.retry_after_s) == (False, "p", 1)
    assert buckets.take((ask("b", Rate(60, 60), "q"),), now=10.5).remaining == 58


def test_a_refused_request_takes_nothing() -> None:
    """One empty bucket, wherever it stands, leaves the others as they are."""
    buckets = Buckets()
    buckets.take((ask("empty", ONE),), now=10.0)
    for asked in ((ask("a"), ask("empty", ONE)), (ask("empty", ONE), ask("a"))):
        assert not buckets.take(asked, now=10.0).allowed
    assert buckets.take((ask("a"),), now=10.0).remaining == 2


def test_a_token_can_be_given_back() -> None:
    """What was taken and is given back was never taken; of an unknown bucket nothing comes back."""
    buckets, asked = Buckets(), (ask("a"), ask("b"))
    before = buckets.take(asked, now=10.0)
    for _ in range(9):
        buckets.give_back(asked)
        assert buckets.take(asked, now=10.0) == before
    buckets.give_back((ask("unknown"),))
    assert len(buckets) == 2


def test_time_that_steps_back_stands_still() -> None:
    """A clock set back gives no token twice and refuses nobody for longer than it takes to catch up."""
    buckets, asked = Buckets(), (ask("a"),)
    for _ in range(3):
        buckets.take(asked, now=100.0)
    assert allowed([buckets.take(asked, now=now) for now in (50.0, 99.0, 101.0)]) == [False, False, True]


def test_full_buckets_are_forgotten() -> None:
    """Keys that come once leave the table again: it holds about twice those that are not full."""
    buckets = Buckets(most=1000)
    for number in range(20_000):
        assert buckets.take((ask(f"k{number}", Rate(1, 1)),), now=10.0 + number / 10).allowed
    assert len(buckets) < 30


def test_the_table_is_bounded() -> None:
    """Rotating keys fill no more than the places and the shared buckets of a policy."""
    buckets = Buckets(most=10)
    for number in range(5_000):
        buckets.take((ask(f"k{number}", ONE),), now=10.0)
    assert len(buckets) == 10
    assert len(buckets._full_at) <= 10 + CROWD


def test_a_full_table_evicts_nobody_and_lets_nobody_through() -> None:
    """Whoever has used up a bucket stays refused; newcomers share; known visitors notice nothing."""
    buckets = Buckets(most=2)
    spent, known = (ask("spent", ONE),), (ask("known", THREE),)
    buckets.take(spent, now=10.0)
    buckets.take(known, now=10.0)
    passed = sum(buckets.take((ask(f"k{n}", ONE),), now=10.0).allowed for n in range(10_000))
    assert passed <= CROWD
    assert not buckets.take(spent, now=10.0).allowed
    assert not buckets.take((ask("k1", ONE),), now=10.0).allowed
    assert buckets.take(known, now=10.0).remaining == 1


def test_a_newcomer_who_gets_a_place_starts_with_what_the_crowd_left() -> None:
    """Waiting in the crowd for a place gives nobody a second quota; a token given back there comes back."""
    buckets = Buckets(most=1)
    late = (ask("late", ONE),)
    buckets.take((ask("holder", Rate(1, 60)),), now=10.0)
    assert buckets.take(late, now=10.0).allowed
    buckets.give_back(late)
    assert buckets.take(late, now=10.0).allowed
    assert not buckets.take(late, now=100.0).allowed
    assert len(buckets) == 1


KEYS = ("a", "b", "c", "d")
RATES = {"a": Rate(1, 1), "b": Rate(3, 1), "c": Rate(7, 60), "d": Rate(2, 3)}
STEPS = st.lists(
    st.tuples(
        st.lists(st.sampled_from(KEYS), min_size=1, max_size=2, unique=True),
        st.one_of(
            st.sampled_from([0.0, 0.0, 0.000001, 1 / 3, 1.0, 3.0, 60.0, -5.0]),
            st.floats(min_value=0, max_value=30, allow_nan=False),
        ),
        st.booleans(),
    ),
    max_size=80,
)


def test_a_known_key_keeps_its_place_while_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when its bucket is full, and a newcomer beside it joins a crowd that has less left."""
    monkeypatch.setattr(module, "CROWD", 1)
    buckets, known = Buckets(most=1), ask("known")
    assert buckets.take([known], now=5).allowed
    assert allowed([buckets.take([ask("new")], now=5.9) for _ in range(2)]) == [True, True]
    assert buckets.take([known, ask("other")], now=6).allowed
    assert buckets.take([known], now=6).remaining == 1


@pytest.mark.parametrize("most", [1, 2, 100])
@given(steps=STEPS)
def test_no_window_ever_holds_more_than_the_rate_allows(
    most: int, steps: list[tuple[list[str], float, bool]]
) -> None:
    """Between any two moments at most the quota and what has refilled passes, however full the table is."""
    buckets, now, latest = Buckets(most=most), 5.0, 0.0
    passed: dict[str, list[Fraction]] = defaultdict(list)
    for keys, step, back in steps:
        now = max(now + step, 0.0)
        latest = max(latest, now)
        asked = tuple(ask(key, RATES[key], policy=key) for key in keys)
        verdict = buckets.take(asked, now=now)
        if not verdict.allowed:
            assert verdict.retry_after_s > 0
        elif back:
            buckets.give_back(asked)
        else:
            for key in keys:
                passed[key].append(Fraction(latest))
    for key, moments in passed.items():
        rate = RATES[key]
        for first, start in enumerate(moments):
            for last in range(first, len(moments)):
                # A moment is floored to its microsecond.
                elapsed = moments[last] - start + Fraction(1, 1_000_000)
                assert last - first + 1 <= rate.quota + elapsed * rate.quota / rate.window_s


@given(steps=STEPS)
def test_nobody_gets_less_than_the_rate(steps: list[tuple[list[str], float, bool]]) -> None:
    """With room in the table, a request passes exactly when each bucket, by fractions, has a token."""
    buckets, now = Buckets(), Fraction(5)
    full = {key: (Fraction(rate.quota), now) for key, rate in RATES.items()}
    for keys, step, _ in steps:
        now += max(Fraction(round(step * 1_000_000), 1_000_000), Fraction(0))
        have = {}
        for key in keys:
            tokens, at = full[key]
            refilled = tokens + (now - at) * 1_000_000 / Fraction(RATES[key].interval)
            have[key] = min(Fraction(RATES[key].quota), refilled)
        verdict = buckets.take([ask(key, RATES[key], policy=key) for key in keys], now=microseconds(now))
        assert verdict.allowed == all(tokens >= 1 for tokens in have.values())
        if verdict.allowed:
            full |= {key: (tokens - 1, now) for key, tokens in have.items()}


def microseconds(now: Fraction) -> float:
    """The float that is floored to the microsecond of ``now``."""
    return float(now + Fraction(1, 10_000_000))
