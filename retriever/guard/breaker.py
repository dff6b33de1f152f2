"""Whether a dependency is asked at all, by how it answered before. Pure: the time arrives as data."""

FAILURES = 3
"""So many in a row, and it is left alone for a while."""
PAUSE_S = 30.0
MAX_PAUSE_S = 300.0


class Breaker:
    """Counts failures in a row; after a pause one call at a time is let through to try."""

    def __init__(self) -> None:
        self._failures = 0
        self._failed = self._until = 0.0
        self.reason = ""

    def allows(self, now: float) -> bool:
        """Return whether to ask; while it is being tried again, only the first who asks may."""
        if self._failures < FAILURES:
            return True
        if now < self._until:
            return False
        self._until = now + PAUSE_S
        return True

    def ill(self, now: float, *, answered: float) -> bool:
        """Return whether the dependency is believed not to be well.

        ``answered`` is when something like it was answered last: after the pause that speaks for it, too,
        however seldom it is wanted itself.
        """
        return self._failures >= FAILURES and not (now >= self._until and answered > self._failed)

    def succeeded(self) -> None:
        """It answered."""
        self._failures, self.reason = 0, ""

    def failed(self, now: float, reason: str, *, pause_s: float | None = None) -> None:
        """It failed because of ``reason``; ``pause_s`` is how long it asked to be left alone, if it did."""
        self._failures = FAILURES if pause_s is not None else self._failures + 1
        self._failed, self._until = now, now + min(pause_s or PAUSE_S, MAX_PAUSE_S)
        self.reason = reason
