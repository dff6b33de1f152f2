"""What a host's robots.txt allows to whom it calls ``Carrel`` (RFC 9309).

Pure. Reading is bounded; the library matches patterns without regular expressions, in time that grows with
the file alone.
"""

from protego import Protego

AGENT = "Carrel"
MAX_BYTES = 500 * 1024
LONGEST_DELAY_S = 60.0


class Robots:
    """The rules of one host."""

    def __init__(self, content: bytes = b"") -> None:
        text = content[:MAX_BYTES].decode("utf-8", "replace")
        self._rules = Protego.parse(text.removeprefix("\ufeff"))

    def allows(self, url: str) -> bool:
        """Whether the page may be fetched."""
        return self._rules.can_fetch(url, AGENT)

    @property
    def delay_s(self) -> float:
        """The seconds asked for between two pages, at most :data:`LONGEST_DELAY_S`."""
        return min(self._rules.crawl_delay(AGENT) or 0.0, LONGEST_DELAY_S)
