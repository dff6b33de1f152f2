"""Data sources as their owner sets them: checked, kept, listed, removed with all that came of them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator

from retriever.documents.records import instant
from retriever.ingest import Ingest
from retriever.sources.archive.selection import template_problem
from retriever.sources.archive.upload import receive
from retriever.sources.archive.vault import Vault
from retriever.sources.jobs import Jobs
from retriever.sources.patterns import problem
from retriever.sources.records import Source, describe
from retriever.sources.shelf import Shelf
from retriever.sources.visits import Visits
from retriever.web.addresses import refusal
from retriever.web.urls import UrlError, parse
from shared.contracts.data_sources import ArchiveFile, DataSource, DataSourceRequest
from shared.contracts.wire import Page
from shared.errors import FieldError, InvalidRequestError, NotFoundError


class Registry:
    """Keeps sources. ``now_us`` gives the time in microseconds since 1970."""

    def __init__(
        self,
        shelf: Shelf,
        jobs: Jobs,
        visits: Visits,
        ingest: Ingest,
        vault: Vault,
        *,
        archive_bytes: int,
        now_us: Callable[[], int],
        allow_loopback: bool,
    ) -> None:
        self._shelf, self._jobs, self._visits, self._ingest = shelf, jobs, visits, ingest
        self._vault, self._archive_bytes = vault, archive_bytes
        self._now_us, self._allow_loopback = now_us, allow_loopback

    async def put(self, source_id: str, request: DataSourceRequest) -> tuple[DataSource, bool]:
        """Keep a source; return it and whether it is new.

        Raises
        ------
        InvalidRequestError
            If a field does not fit its kind, or an address is not one that is fetched.
        """
        fields = list(problems(request, allow_loopback=self._allow_loopback))[:20]
        if fields:
            detail = "; ".join(f"{found.field}: {found.message}" for found in fields)
            raise InvalidRequestError(detail[:1000], fields=fields)
        old, now = await self._shelf.find(source_id), self._now_us()
        created = old.created if old else now
        await self._shelf.save_source(Source(source_id, request.model_dump(), created, updated=now))
        if request.kind != "archive":
            await self._vault.remove(source_id)
        return await self.get(source_id), old is None

    async def get(self, source_id: str) -> DataSource:
        """Return a source with its last job.

        Raises
        ------
        NotFoundError
            If there is none of this id.
        """
        return await self._described(await self._shelf.source(source_id))

    async def page(self, *, limit: int, cursor: str | None) -> Page[DataSource]:
        """Return a page of the sources, the newest first."""
        sources, following = await self._shelf.list_sources(limit=limit, cursor=cursor)
        return Page(items=[await self._described(source) for source in sources], next_cursor=following)

    async def delete(self, source_id: str, *, keep_documents: bool) -> None:
        """Remove a source, its jobs, and unless they are to be kept its documents.

        Raises
        ------
        NotFoundError
            If there is none of this id.
        """
        await self._shelf.source(source_id)
        async with self._jobs.removing(source_id):
            if not keep_documents:
                await self._remove_documents(source_id)
            await self._shelf.remove_source(source_id)
            await self._vault.remove(source_id)

    async def keep_archive(
        self, source_id: str, parts: AsyncIterator[bytes], *, declared: int | None
    ) -> DataSource:
        """Keep an archive that is uploaded, once it came whole; the next sync reads it.

        ``declared`` is how many bytes it is said to have.

        Raises
        ------
        NotFoundError
            If there is no such source.
        InvalidRequestError
            If the source takes no upload, or it is no archive, or too large.
        """
        request = (await self._shelf.source(source_id)).request
        if request.kind != "archive" or request.url is not None:
            raise InvalidRequestError(
                "This data source takes no upload: only kind archive without a url does"
            )
        async with self._vault.incoming() as incoming:
            await receive(parts, incoming, limit=self._archive_bytes, declared=declared)
            await self._vault.keep(incoming, source_id)
        try:
            return await self.get(source_id)
        except NotFoundError:  # removed meanwhile: the next source of this name is not to find it
            await self._vault.remove(source_id)
            raise

    async def _remove_documents(self, source_id: str) -> None:
        pages = (await self._shelf.pages(source_id)).values()
        owned = await self._visits.owned(source_id, [page.document_id for page in pages])
        for document_id, is_ours in owned.items():
            if is_ours:
                try:
                    await self._ingest.delete(document_id)
                except NotFoundError:
                    await asyncio.sleep(0)  # somebody was quicker

    async def _described(self, source: Source) -> DataSource:
        last, archive = await self._jobs.last(source.id), None
        if source.request.kind == "archive" and (kept := await self._vault.find(source.id)) is not None:
            archive = ArchiveFile(bytes=kept.bytes, sha256=kept.sha256, received_at=instant(kept.received))
        return describe(source, last, archive)


def problems(request: DataSourceRequest, *, allow_loopback: bool) -> Iterator[FieldError]:
    """Yield what is wrong with ``request``, by field."""
    if request.kind == "urls":
        if request.url is not None:
            yield FieldError("url", "is not for kind urls: put the addresses into urls")
        if not request.urls:
            yield FieldError("urls", "lists at least one address for kind urls")
    else:
        if request.url is None and request.kind != "archive":
            yield FieldError("url", f"is the address of the {request.kind}")
        if request.urls:
            yield FieldError("urls", f"is for kind urls only, not {request.kind}")
    yield from _archive_problems(request)
    addresses = [("url", request.url)] if request.url is not None else []
    addresses += [(f"urls.{number}", address) for number, address in enumerate(request.urls)]
    for name, address in addresses:
        if why := unfetchable(address or "", allow_loopback=allow_loopback):
            yield FieldError(name, why)
    for number, host in enumerate(request.hosts):
        why = unfetchable(f"https://{host}/", allow_loopback=allow_loopback)
        if why or set(host) & set("/?#:"):
            yield FieldError(
                f"hosts.{number}", why or "is the name of a host alone, such as docs.example.com"
            )
    for name, patterns in (("include", request.include), ("exclude", request.exclude)):
        for number, pattern in enumerate(patterns):
            if why := problem(pattern):
                yield FieldError(f"{name}.{number}", why)


def _archive_problems(request: DataSourceRequest) -> Iterator[FieldError]:
    template = request.url_template
    if request.kind != "archive":
        if template is not None:
            yield FieldError("url_template", "is for kind archive only: pages have their addresses")
        return
    if request.hosts:
        yield FieldError("hosts", "are for lists of pages, not for an archive")
    if request.url is None and request.interval_s is not None:
        yield FieldError(
            "interval_s", "is for an archive with a url: what is uploaded is synced when it came"
        )
    if template is not None and (why := template_problem(template)):
        yield FieldError("url_template", why)


def unfetchable(address: str, *, allow_loopback: bool) -> str:
    """Return why ``address`` is not fetched, as far as it can be told without resolving its name."""
    try:
        url = parse(address)
    except UrlError as error:
        return str(error)
    if not (":" in url.host or url.host.replace(".", "").isdecimal()):
        return ""
    why = refusal(url.host, allow_loopback=allow_loopback)
    return f"{url.host} is not a public address ({why})" if why else ""
