"""Which pages a source lists now, and whether the lists were all read.

Owns the bounds of lists. Without a complete list nothing may be called gone.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from retriever.sources.listings import Kind, Listed, Listing, ListingError, read_listing
from retriever.sources.patterns import wanted
from retriever.web.inflating import BrokenError, TooMuchError, unpacked
from retriever.web.replies import FetchError, Fetches
from retriever.web.urls import Url, UrlError, parse
from shared.contracts.data_sources import DataSourceRequest

MAX_LIST_BYTES = 50 * 1024 * 1024
"""Of one sitemap unpacked, by its protocol."""
MAX_LISTS = 500
MAX_DEPTH = 3
MAX_LISTED = 100_000


class UnreadableError(Exception):
    """The source cannot be read at all; ``str()`` says why."""


@dataclass
class Discovery:
    """The pages that are listed and wanted."""

    pages: dict[str, Listed] = field(default_factory=dict)
    passed_over: int = 0
    """How many are listed and not wanted."""
    hosts: set[str] = field(default_factory=set)
    """Hosts whose pages are taken, without www."""
    complete: bool = True
    """Whether every list was read to its end."""
    failures: list[tuple[str, str]] = field(default_factory=list)
    """Lists and addresses that could not be used, with the reason."""


async def discover(request: DataSourceRequest, fetches: Fetches) -> Discovery:
    """Return what the source lists.

    Raises
    ------
    UnreadableError
        If its list cannot be had, is not of its kind, or lists nothing.
    """
    found = Discovery()

    def of_patterns(url: Url) -> bool:
        return wanted(str(url), url.path, include=request.include, exclude=request.exclude)

    if request.kind == "urls":
        await asyncio.to_thread(_add, found, [Listed(parse(text)) for text in request.urls], of_patterns)
        if not found.pages:
            raise UnreadableError("include and exclude leave none of the urls")
        return found
    if request.kind == "archive":
        raise UnreadableError("an archive is no list of pages")
    root = _root(request)
    found.hosts = {_bare(root), *(_bare(parse(f"https://{host}/")) for host in request.hosts)}
    listed = await _lists(request.kind, root, fetches, found)
    if not listed:
        raise UnreadableError(f"{root} lists no pages")

    await asyncio.to_thread(_add, found, listed, lambda url: _bare(url) in found.hosts and of_patterns(url))
    if not found.pages:
        hosts = ", ".join(sorted(found.hosts))
        raise UnreadableError(
            f"{root} lists {found.passed_over} pages, none of them wanted: hosts taken are {hosts}; "
            "hosts, include and exclude say which are"
        )
    return found


def _root(request: DataSourceRequest) -> Url:
    try:
        return parse(request.url or "")
    except UrlError as error:
        raise UnreadableError(f"{request.url}: {error}") from None


async def _lists(kind: Kind, root: Url, fetches: Fetches, found: Discovery) -> list[Listed]:
    """Read the list and those it names, breadth first."""
    listed: list[Listed] = []
    level = seen = {str(root): root}
    for _ in range(MAX_DEPTH):
        further: dict[str, Url] = {}
        for address, url in level.items():
            try:
                listing = await _read(kind, url, fetches)
            except (FetchError, ListingError) as error:
                if url is root:
                    raise UnreadableError(f"{root} cannot be read: {error}") from None
                found.failures.append((address, str(error)))
                found.complete = False
                continue
            if url is root:
                found.hosts.add(_bare(listing.base))
            listed += listing.pages
            found.failures += listing.dropped
            found.complete = found.complete and listing.complete
            further |= {str(name): name for name in listing.further}
        level = {address: url for address, url in further.items() if address not in seen}
        seen = seen | level
        if len(seen) > MAX_LISTS or len(listed) > MAX_LISTED:
            break
        if not level:
            return listed
    found.complete = False
    found.failures.append(
        (str(root), f"it names more than {MAX_LISTS} lists, too many pages, or is too deep")
    )
    return listed


async def _read(kind: Kind, url: Url, fetches: Fetches) -> Listing:
    reply = await fetches.fetch(str(url), headers={}, limit=MAX_LIST_BYTES)
    try:
        content = await asyncio.to_thread(unpacked, reply.body, limit=MAX_LIST_BYTES)
    except (BrokenError, TooMuchError) as error:
        raise ListingError(str(error)) from None
    return await asyncio.to_thread(read_listing, kind, content, base=reply.url)


def _add(found: Discovery, listed: list[Listed], is_wanted: Callable[[Url], bool]) -> None:
    for page in listed:
        if is_wanted(page.url):
            found.pages.setdefault(str(page.url), page)
        else:
            found.passed_over += 1


def _bare(url: Url) -> str:
    """A site is the same with and without www."""
    return url.host.removeprefix("www.")
