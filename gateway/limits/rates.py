"""Rates, what a request asks of them, and what the answer tells about it.

Pure; times are data. A rate is a token bucket: it holds ``quota`` tokens and gets one back each ``interval``.
All is counted in whole microseconds held as floats, which are exact up to 2**53, so that the bucket in
memory and the one in Redis (Lua knows no other number) say the same to the token.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

_FORM = re.compile(r"([0-9]{1,9})/([0-9]{0,8})(s|min|h|d)")
_UNITS = {"s": 1, "min": 60, "h": 3600, "d": 86_400}
MAX_PER_SECOND = 10_000
MAX_WINDOW_S = 366 * 86_400


@dataclass(frozen=True, slots=True)
class Rate:
    """``quota`` requests at once, and as many again within each ``window_s`` seconds.

    Raises
    ------
    ValueError
        If it allows nothing, more than can be counted, or its window is no time.
    """

    quota: int
    window_s: int
    """Whole seconds: the header's ``w`` is an integer."""
    interval: float = field(init=False, repr=False, compare=False)
    """Microseconds until one token is back; rounded up, so that there is never more than ``quota``."""
    depth: float = field(init=False, repr=False, compare=False)
    """Microseconds until an empty bucket is full."""

    def __post_init__(self) -> None:
        if self.quota < 1:
            raise ValueError("must allow at least 1 request")
        if not 1 <= self.window_s <= MAX_WINDOW_S:
            raise ValueError("must have a window from 1 s to 366 d")
        if self.quota > MAX_PER_SECOND * self.window_s:
            raise ValueError(
                f"must allow at most {MAX_PER_SECOND} requests a second; LIMITS=off lifts them all"
            )
        interval = float(-(-self.window_s * 1_000_000 // self.quota))
        object.__setattr__(self, "interval", interval)
        object.__setattr__(self, "depth", interval * self.quota)

    def __str__(self) -> str:
        return f"{self.quota}/{self.window_s}s"

    @classmethod
    def parse(cls, text: str) -> "Rate":
        """Return the rate that ``text`` writes: ``60/min``, ``5/s``, ``1000/h``, ``1000/d`` or ``20/30s``.

        Raises
        ------
        ValueError
            If it is none; the text says what would be one and does not hold ``text``.
        """
        if (found := _FORM.fullmatch(text.strip())) is None:
            raise ValueError("must be requests in a window, such as 60/min, 5/s, 1000/h, 1000/d or 20/30s")
        quota, count, unit = found.groups()
        return cls(int(quota), int(count or 1) * _UNITS[unit])


class Asked(NamedTuple):
    """One bucket that a request takes one token of."""

    key: str
    """Names the bucket among all buckets of all policies."""
    policy: str
    """What the client is told, such as ``ask-visitor``."""
    rate: Rate


class Verdict(NamedTuple):
    """Whether a request may pass, and how its tightest bucket stands after it."""

    allowed: bool
    policy: str
    rate: Rate
    full_in: float
    """Microseconds until that bucket is full again."""

    @property
    def quota(self) -> int:
        """The bucket's size."""
        return self.rate.quota

    @property
    def window_s(self) -> int:
        """How long an empty bucket takes to be full."""
        return self.rate.window_s

    @property
    def remaining(self) -> int:
        """Whole tokens that are left."""
        return _standing(self.rate, self.full_in)[0]

    @property
    def reset_s(self) -> int:
        """Seconds, rounded up, until there is one more (the draft's ``t``); 0 when the bucket is full."""
        return _standing(self.rate, self.full_in)[1]

    @property
    def retry_after_s(self) -> int:
        """Seconds, rounded up, after which it would be allowed; 0 when it was."""
        return 0 if self.allowed else _seconds(_wait(self.rate, self.full_in))


def judge(asked: Sequence[Asked], full_in: Sequence[float], *, allowed: bool) -> Verdict:
    """Return what is told of buckets that will be full in so many microseconds.

    That of the bucket with the fewest tokens left, or when refused, of the one to wait for the longest.
    """
    buckets = list(zip(asked, full_in, strict=True))
    if allowed:
        ask, full = min(buckets, key=lambda bucket: _left(bucket[0].rate, bucket[1]))
    else:
        ask, full = max(buckets, key=lambda bucket: _wait(bucket[0].rate, bucket[1]))
    return Verdict(allowed, ask.policy, ask.rate, full)


def rate_headers(verdict: Verdict) -> tuple[tuple[bytes, bytes], ...]:
    """Return ``RateLimit-Policy`` and ``RateLimit`` (draft-ietf-httpapi-ratelimit-headers-10)."""
    told = (line.partition(b": ") for line in rate_lines(verdict).splitlines())
    return tuple((name, value) for name, _, value in told)


def rate_lines(verdict: Verdict) -> bytes:
    """Return what :func:`rate_headers` does as header lines, each with its end; made for hot paths."""
    _, policy, rate, full_in = verdict
    return _policy(policy, rate) % _standing(rate, full_in)


def _standing(rate: Rate, full_in: float) -> tuple[int, int]:
    """Return how many whole tokens are left, and the seconds until there is one more."""
    left = int((rate.depth - full_in) // rate.interval)
    # All but the last, unfinished interval are whole: what is left of that one is the wait.
    until = _seconds((full_in - 1.0) % rate.interval + 1.0) if full_in else 0
    return left, until


@lru_cache(maxsize=256)
def _policy(policy: str, rate: Rate) -> bytes:
    name = policy.encode("ascii")
    return b'ratelimit-policy: "%b";q=%d;w=%d\r\nratelimit: "%b";r=%%d;t=%%d\r\n' % (
        name,
        rate.quota,
        rate.window_s,
        name,
    )


def _left(rate: Rate, full_in: float) -> float:
    return (rate.depth - full_in) / rate.interval


def _wait(rate: Rate, full_in: float) -> float:
    return full_in + rate.interval - rate.depth


def _seconds(microseconds: float) -> int:
    return int(-(-microseconds // 1_000_000))
