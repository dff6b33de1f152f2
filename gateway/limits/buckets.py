"""Token buckets of this process: a bounded table that no caller can grow, or lift a limit through.

Pure; the time is an argument. A bucket is one number: the time at which it will be full (the generic cell
rate algorithm's view of a token bucket).

Why rotating keys gain nothing. A bucket is forgotten only when it is full, and a full bucket is what an
unknown key gets: so forgetting changes no answer, and nobody can push another's bucket, or an empty one of
their own, out of the table. When all places are taken by buckets that are not full, a new key is counted in
one of ``CROWD`` shared buckets of its policy, chosen by Python's salted hash; who gets a place later starts
with what the shared bucket has left. That can only be stricter. What an attacker gains is that newcomers
share: known visitors do not notice. The price is one token per place each interval, 100 000 requests a second
with a rate of 60/min, for buckets filled no quicker than one token a second. Each new key looks at a few of
the oldest places, so that no request ever pays for a sweep of the table.
"""

from collections import deque
from collections.abc import Sequence, Set
from math import inf

from gateway.limits.rates import Asked, Verdict, judge

MOST = 100_000
"""Places in the table; about 25 MB when all are taken."""
CROWD = 64
_LOOKED_AT = 2
"""So many old places are looked at for each key of a request with a new one."""
_UNKNOWN = -1.0
"""Before every time."""


class Buckets:
    """At most ``most`` buckets, and those that newcomers share when there are as many."""

    def __init__(self, *, most: int = MOST) -> None:
        self._most = most
        self._full_at: dict[str, float] = {}
        self._places: deque[str] = deque()
        self._latest = 0.0

    def __len__(self) -> int:
        """How many keys have a bucket of their own."""
        return len(self._places)

    def take(self, asked: Sequence[Asked], *, now: float) -> Verdict:
        """Take a token from each of one or more different buckets, or from none of them.

        ``now`` is in seconds and may start anywhere above 0; when it steps back, time stands still until
        it has caught up.
        """
        at = self._time(now)
        full_at, least, tightest = self._full_at, inf, 0
        ends: list[float] = []
        for key, _, rate in asked:
            end = full_at.get(key, _UNKNOWN)
            if end < at:
                if end < 0.0:
                    return self.take(self._placed(asked, at), now=now)
                end = at
            end += rate.interval
            left = (at + rate.depth - end) / rate.interval
            if left < least:
                least, tightest = left, len(ends)
            ends.append(end)
        if least < 0.0:
            return judge(asked, self._full_in(asked, at), allowed=False)
        for index, end in enumerate(ends):
            full_at[asked[index][0]] = end
        _, policy, rate = asked[tightest]
        return Verdict(True, policy, rate, ends[tightest] - at)

    def give_back(self, asked: Sequence[Asked]) -> None:
        """Put back the token of each bucket that :meth:`take` has just taken."""
        for key, policy, rate in asked:
            place = key if key in self._full_at else _crowd(policy, key)
            if (end := self._full_at.get(place)) is not None:
                self._full_at[place] = max(end - rate.interval, 0.0)

    def _time(self, now: float) -> float:
        at = now * 1e6 // 1.0
        if at > self._latest:
            self._latest = at
            return at
        return self._latest

    def _full_in(self, asked: Sequence[Asked], at: float) -> list[float]:
        shared = self._full_at
        ends = (shared.get(a.key, shared.get(_crowd(a.policy, a.key), at)) for a in asked)
        return [max(end - at, 0.0) for end in ends]

    def _placed(self, asked: Sequence[Asked], at: float) -> list[Asked]:
        """Return ``asked`` with every key in the table: its own, or that of the crowd it has to join."""
        self._forget(_LOOKED_AT * len(asked), at, but={ask.key for ask in asked})
        return [ask if ask.key in self._full_at else self._place(ask, at) for ask in asked]

    def _place(self, ask: Asked, at: float) -> Asked:
        crowd = _crowd(ask.policy, ask.key)
        if len(self._places) < self._most:
            self._places.append(ask.key)
            self._full_at[ask.key] = self._full_at.get(crowd, at)
            return ask
        self._full_at.setdefault(crowd, at)
        return ask._replace(key=crowd)

    def _forget(self, count: int, at: float, *, but: Set[str]) -> None:
        """Forget the full ones among the ``count`` places that were looked at the longest ago.

        Those in ``but`` are being asked for: placed anew, they would have only what their crowd has left.
        """
        for _ in range(min(count, len(self._places))):
            key = self._places.popleft()
            if self._full_at[key] <= at and key not in but:
                del self._full_at[key]
            else:
                self._places.append(key)


def _crowd(policy: str, key: str) -> str:
    return f"\0{policy} {hash(key) % CROWD}"
