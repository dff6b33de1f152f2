"""How large a request's body may be: an archive of documents, or a whole index, has more room than the rest.

Pure.
"""

import re
from dataclasses import dataclass

_ARCHIVE = re.compile(rb"/v1/data-sources/[A-Za-z0-9_-]{1,64}/archive|/v1/index/import")
_LAST = (b"/archive", b"/import")


@dataclass(frozen=True)
class Bodies:
    """The limits, in bytes."""

    each: int
    archive: int

    def most(self, path: bytes) -> int:
        """Return how many bytes the body of a request for ``path`` may have."""
        return self.archive if path.endswith(_LAST) and _ARCHIVE.fullmatch(path) else self.each
