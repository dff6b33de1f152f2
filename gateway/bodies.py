"""How large a request's body may be: an archive of documents has more room than everything else.

Pure.
"""

import re
from dataclasses import dataclass

_ARCHIVE = re.compile(rb"/v1/data-sources/[A-Za-z0-9_-]{1,64}/archive")


@dataclass(frozen=True)
class Bodies:
    """The limits, in bytes."""

    each: int
    archive: int

    def most(self, path: bytes) -> int:
        """Return how many bytes the body of a request for ``path`` may have."""
        return self.archive if path.endswith(b"/archive") and _ARCHIVE.fullmatch(path) else self.each
