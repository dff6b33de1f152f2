"""When a process counts as hung, and when it cannot live. Pure: times are arguments, in seconds."""

from collections import defaultdict, deque
from dataclasses import dataclass, field

HUNG_AFTER = 3
"""Consecutive failed probes of a process that was well before."""

START_GRACE_S = 60.0
"""How long a process may take to answer its first probe."""

CRASH_WINDOW_S = 60.0
CRASHES = 10
"""So many unexpected ends within the window are a crash loop; a few kills in a row are not."""

FAILED_STARTS = 5
"""So many starts in a row that ended at once: it never was alive, and will not be."""


@dataclass
class Liveness:
    """One process under probes."""

    pid: int = 0
    since: float = 0.0
    was_well: bool = False
    failures: int = 0

    def observe(self, *, pid: int, answered: bool, now: float, age_s: float = 0.0) -> bool:
        """Record a probe of process ``pid`` and return whether it is hung.

        ``age_s`` is how long it runs already: it may have hung before anybody looked.
        """
        if pid != self.pid:
            self.pid, self.since, self.was_well, self.failures = pid, now - max(age_s, 0.0), False, 0
        if answered:
            self.was_well, self.failures = True, 0
            return False
        self.failures += 1
        starts = not self.was_well and now - self.since <= START_GRACE_S
        return self.failures >= HUNG_AFTER and not starts


@dataclass
class CrashLoops:
    """Unexpected ends of every process."""

    _ends: dict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))

    def ended(self, name: str, *, now: float) -> bool:
        """Record an unexpected end of ``name`` and return whether it is in a crash loop."""
        ends = self._ends[name]
        ends.append(now)
        while ends[0] < now - CRASH_WINDOW_S:
            ends.popleft()
        return len(ends) >= CRASHES
