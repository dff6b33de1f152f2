"""How often to try again and how long to wait: the polite side of fetching, as numbers.

Pure: times come in as seconds.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

ATTEMPTS = 3
LONGEST_WAIT_S = 120.0
"""Who asks for a longer pause is not waited for: the page fails, and the next sync asks again."""
_TEMPORARY = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True)
class Wait:
    """Ask again after so many seconds; ``whole_host`` when the pause is for all of its pages."""

    seconds: float
    whole_host: bool = False


def is_temporary(status: int) -> bool:
    """Whether the same request may be answered later."""
    return status in _TEMPORARY


def again(attempt: int, *, retry_after: float | None = None, base_s: float = 0.5) -> Wait | None:
    """Return how to go on after the failed ``attempt`` (from 1), or None when that was the last."""
    if attempt >= ATTEMPTS:
        return None
    if retry_after is None:
        return Wait(base_s * 4.0 ** (attempt - 1))
    return None if retry_after > LONGEST_WAIT_S else Wait(retry_after, whole_host=True)


def retry_after(value: str, *, now: datetime) -> float | None:
    """Return the seconds that a Retry-After header asks for (RFC 9110, section 10.2.3)."""
    value = value.strip()
    if value.isascii() and value.isdecimal():
        return float(value[:9])
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, IndexError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


class Pace:
    """When a host's next page may be asked for: ``delay_s`` after the one before, not before a pause ends."""

    def __init__(self, delay_s: float) -> None:
        self.delay_s = delay_s
        self._next = 0.0

    def take(self, now: float) -> float:
        """Take the next turn; return in how many seconds it is."""
        turn = max(now, self._next)
        self._next = turn + self.delay_s
        return turn - now

    def pause(self, now: float, seconds: float) -> None:
        """Let nobody begin for ``seconds`` from ``now``."""
        self._next = max(self._next, now + seconds)
