"""What asking for a page comes to: a reply, or the reason why there is none. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from retriever.web.urls import Url


class FetchError(Exception):
    """The page was not had; ``str()`` says why. ``temporary`` when asking again may help."""

    def __init__(self, reason: str, *, temporary: bool = False, status: int = 0) -> None:
        super().__init__(reason)
        self.temporary, self.status = temporary, status

    @property
    def is_gone(self) -> bool:
        """Whether the server says that there is no such page."""
        return self.status in (404, 410)


@dataclass(frozen=True)
class Reply:
    """What a server answered."""

    url: Url
    """Where it was in the end."""
    status: int
    headers: Mapping[str, str]
    """Names in lower case; the last of several."""
    body: bytes = b""


class Sink(Protocol):
    """Takes a file that is too large to be held, piece by piece."""

    async def begin(self) -> None:
        """Forget what came: the file comes from its beginning."""
        ...

    async def write(self, piece: bytes) -> None:
        """Take a further piece."""
        ...


class Fetches(Protocol):
    """Gets pages, politely; :class:`retriever.web.crawler.Crawler` is one."""

    async def fetch(self, address: str, *, headers: Mapping[str, str], limit: int) -> Reply:
        """Return the page (200), or that it is as it was (304); else raise :class:`FetchError`."""
        ...

    async def download(self, address: str, *, headers: Mapping[str, str], limit: int, into: Sink) -> Reply:
        """Put a file that the owner named ``into`` a sink (200), or return that it is as it was (304)."""
        ...

    async def close(self) -> None:
        """Close what is open."""
        ...
