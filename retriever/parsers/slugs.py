"""Anchors of headings, as GitHub and mdBook make them."""

import re

_DROPPED = re.compile(r"[^\w\- ]")


class Slugs:
    """Gives each heading of one document its own anchor: the second ``Usage`` becomes ``usage-1``."""

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}

    def take(self, heading: str) -> str:
        """Return the anchor of ``heading``."""
        slug = _DROPPED.sub("", heading.strip().lower()).replace(" ", "-")
        count = self._seen.get(slug)
        self._seen[slug] = 0 if count is None else count + 1
        if count is None:
            return slug
        taken = f"{slug}-{count + 1}"
        return self.take(taken) if taken in self._seen else self._mark(taken)

    def _mark(self, slug: str) -> str:
        self._seen[slug] = 0
        return slug
