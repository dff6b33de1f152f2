"""What to do next while a Space builds and starts: a machine without I/O, fed with what was seen.

Owns when a Space is well: when it tells our revision and says that it is ready, never because of its stage
alone, which is that of the build before for a while.
"""

from dataclasses import dataclass
from typing import Literal

GRACE_S = 60.0
"""How long what is seen may be what was there before: a bad stage, or a Space that is yet to start again."""
BUILDING = frozenset({"BUILDING", "RUNNING_BUILDING", "APP_STARTING", "RUNNING_APP_STARTING", "RESTARTING"})
BAD = frozenset({"BUILD_ERROR", "RUNTIME_ERROR", "CONFIG_ERROR", "NO_APP_FILE", "DELETING"})
ASLEEP = frozenset({"SLEEPING"})
STOPPED = frozenset({"PAUSED", "STOPPED"})


@dataclass(frozen=True)
class Seen:
    """One look at the Space: its stage, the revision it tells ('' for none), whether it is ready."""

    stage: str
    revision: str = ""
    ready: bool = False


@dataclass(frozen=True)
class Step:
    """What to do: wait, wake it by a visit, restart it, or end, well or not."""

    do: Literal["wait", "wake", "restart", "well", "bad", "late", "stale"]


class Waiting:
    """Waits for ``revision``; times are seconds since the upload.

    Where settings were ``changed`` the Space starts again, and what is well before that does not count.
    """

    def __init__(self, revision: str, *, changed: bool, timeout_s: float) -> None:
        self._revision, self._changed, self._timeout_s = revision, changed, timeout_s
        self._built = self._restarted = False

    def take(self, seen: Seen, *, now_s: float) -> Step:
        """Return what to do after a look."""
        self._built = self._built or seen.stage in BUILDING
        begun_anew = self._built or now_s >= GRACE_S or not self._changed
        if seen.revision == self._revision and seen.ready and begun_anew:
            return Step("well")
        if now_s >= self._timeout_s:
            stale = seen.revision not in ("", self._revision)
            return Step("stale" if stale else "late")
        # Before anything was built a bad stage may be what the last deployment left.
        current = self._built or now_s >= GRACE_S
        if seen.stage in BAD and current:
            return Step("bad")
        if seen.stage in ASLEEP:
            return Step("wake")
        if seen.stage in STOPPED and current and not self._restarted:
            self._restarted = True
            return Step("restart")
        return Step("wait")
