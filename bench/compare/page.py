"""What a page shows of one answer while it comes, and what is missing or doubled in it.

Pure. The fake model says words that bear their number and when they were said: ``w7@123456789`` is the
eighth, said at that many nanoseconds of the machine's monotonic clock.
"""

import re
from collections import Counter
from dataclasses import dataclass, field

_WORD = re.compile(r"w(\d+)@(\d+)")


def word(number: int, *, said_ns: int) -> str:
    """Return the word ``number`` of an answer, with the space after it."""
    return f"w{number}@{said_ns} "


def numbers(text: str) -> Counter[int]:
    """Return how often each word stands in ``text``."""
    return Counter(int(number) for number, _ in _WORD.findall(text))


@dataclass
class Page:
    """One answer of ``words`` words, as it is shown. Times are nanoseconds of the monotonic clock."""

    words: int
    asked_ns: int = 0
    text: str = ""
    first_ns: int | None = None
    """When the first piece of it came."""
    late_ms: list[float] = field(default_factory=list)
    """From when each word was said until it was first shown."""
    holes: int | None = None
    """How many words were missing when the last one was shown."""
    _shown: set[int] = field(default_factory=set)

    def append(self, text: str, *, now_ns: int) -> None:
        """Show ``text`` after what is there."""
        self._show(self.text + text, text, now_ns)

    def replace(self, text: str, *, now_ns: int) -> None:
        """Show ``text`` in place of what is there."""
        self._show(text, text, now_ns)

    @property
    def lost(self) -> int:
        """How many words are not shown."""
        return self.words - len(set(numbers(self.text)) & set(range(self.words)))

    @property
    def doubled(self) -> int:
        """How many words are shown more than once."""
        return sum(count > 1 for count in numbers(self.text).values())

    @property
    def whole(self) -> bool:
        """Whether each word is shown once, in order."""
        return [int(number) for number, _ in _WORD.findall(self.text)] == list(range(self.words))

    @property
    def first_ms(self) -> float | None:
        """From the question to the first piece."""
        return None if self.first_ns is None else (self.first_ns - self.asked_ns) / 1e6

    def _show(self, text: str, news: str, now_ns: int) -> None:
        self.text = text
        for number, said_ns in _WORD.findall(news):
            if int(number) not in self._shown:
                self._shown.add(int(number))
                self.late_ms.append((now_ns - int(said_ns)) / 1e6)
                self.first_ns = self.first_ns or now_ns
        if self.holes is None and self.words - 1 in self._shown:
            self.holes = self.lost
