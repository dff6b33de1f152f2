"""How many answers the retriever is asked to begin at once: as many as it takes without a crowd. Pure.

As TCP finds out what a network carries (RFC 5681): one more for each that began, until it says that it is too
much; then fewer, and one more each time that all have begun.
"""

_FIRST, _LEAST, _LESS = 16.0, 2.0, 0.7


class Window:
    """Between 2 and ``most``."""

    def __init__(self, most: int) -> None:
        self._most, self._size = float(most), min(_FIRST, float(most))
        self._careful = False
        self._round = 0

    @property
    def size(self) -> int:
        """How many may be on their way to their first word at the same time."""
        return int(self._size)

    @property
    def round(self) -> int:
        """What is to be given back with what is too much: all that was asked for in one round is one."""
        return self._round

    def began(self) -> None:
        """Take notice that an answer has begun while all the window was in use."""
        more = 1 / self._size if self._careful else 1.0
        self._size = min(self._size + more, self._most)

    def crowded(self, round_: int) -> None:
        """Take notice that it was too much, of what was asked for in ``round_``."""
        if round_ != self._round:
            return
        self._round += 1
        self._careful = True
        self._size = max(self._size * _LESS, min(_LEAST, self._most))
