"""What a host's robots.txt allows to whom it calls ``Carrel`` (RFC 9309).

Pure. Reading is bounded; the library matches patterns without regular expressions, in time that grows with
the file alone.
"""

from protego import Protego

AGENT = "Carrel"
MAX_BYTES = 500 * 1024
"""So much is read of it, to the end of a line; what stands behind is not (RFC 9309, section 2.5)."""
LONGEST_DELAY_S = 60.0


class Robots:
    """The rules of one host."""

    def __init__(self, content: bytes = b"") -> None:
        if len(content) > MAX_BYTES:
            content = content[:MAX_BYTES].rpartition(b"\n")[0]
        text = content.decode("utf-8", "replace")
        self._rules = Protego.parse(text.removeprefix("\ufeff"))

    def allows(self, url: str) -> bool:
        """Whether the page may be fetched."""
        return self._rules.can_fetch(url, AGENT)

    @property
    def delay_s(self) -> float:
        """The seconds asked for between two pages, at most :data:`LONGEST_DELAY_S`."""
        return min(self._rules.crawl_delay(AGENT) or 0.0, LONGEST_DELAY_S)
