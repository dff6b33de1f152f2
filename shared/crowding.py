"""Whether a line moves so slowly that nobody else should join it. Pure: times are arguments, in seconds.

A burst may wait: for its first ``wait_s`` a line takes everybody. After that whoever would have to wait for
longer, as fast as the line has moved so far, is to be refused.
"""

QUIET_S = 2.0
"""For so long a line is empty before the next one is a burst of its own."""
_WEIGHT = 0.2
"""Of the newest in the mean time between two who go."""


class Crowding:
    """One line, told of all that changes it."""

    def __init__(self, wait_s: float) -> None:
        self._wait_s = wait_s
        self._waiting = False
        self._began = 0.0
        """When the line began that there is, or was within ``QUIET_S``."""
        self._emptied = float("-inf")
        self._last = 0.0
        """When somebody went the last time, or the line began."""
        self._pace_s = 0.0

    def waits(self, count: int, now: float) -> None:
        """Take notice that ``count`` wait now."""
        if count and not self._waiting:
            if now - self._emptied > QUIET_S:
                self._began, self._pace_s = now, 0.0
            self._last = now
        if self._waiting and not count:
            self._emptied = now
        self._waiting = count > 0

    def went(self, now: float) -> None:
        """Take notice that one of those who waited has their turn."""
        took = now - self._last
        self._pace_s = self._pace_s + (took - self._pace_s) * _WEIGHT if self._pace_s else took
        self._last = now

    def is_too_much(self, count: int, now: float) -> bool:
        """Return whether nobody else should wait behind the ``count`` who do."""
        if not self._waiting or now - self._began <= self._wait_s:
            return False
        # While nobody goes, the next one takes at least as long as it has taken so far.
        return count * max(self._pace_s, now - self._last) > self._wait_s
