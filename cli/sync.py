"""``carrel sync``: a site into the index, and again whenever it changed, with a report that hides nothing."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from cli.connection import ALL_WELL, INTERRUPTED, NOTHING_TRIED, SOME_FAILED, patiently
from cli.settings import CliSettings
from cli.sources import Wanted, named
from cli.terminal import complain, line
from shared.clients.data_sources import DataSourcesClient
from shared.clients.gateway import GatewayClient
from shared.contracts.data_sources import DataSource, IngestionJob
from shared.errors import CarrelError


@dataclass(frozen=True)
class Options:
    """How the job is to be begun and told."""

    full: bool = False
    as_json: bool = False
    verbose: bool = False


def sync(wanted: Wanted, options: Options, *, settings: CliSettings) -> int:
    """Bring the documents of a source up to date; return the exit code."""
    stop = threading.Event()

    def work(client: GatewayClient) -> int:
        return run(wanted, options, client=DataSourcesClient(client, pause=stop.wait))

    return patiently(settings, work, stop=stop)


def run(wanted: Wanted, options: Options, *, client: DataSourcesClient) -> int:
    """Find or make the source, run its job to the end, print the report; return the exit code."""
    try:
        source = settle(wanted, client)
        if source is None:
            complain(f"there is no data source {wanted.address}: give the address of a site's list")
            return NOTHING_TRIED
        if wanted.is_file:
            client.upload(source.id, Path(wanted.address))
        job, begun = client.sync(source.id, full=options.full)
    except CarrelError as error:
        complain(error.detail)
        return NOTHING_TRIED
    except OSError as error:
        complain(f"{wanted.address}: {error.strerror}")
        return NOTHING_TRIED
    if not begun:
        complain(f"{source.id} was being synced already: this is that job")
    try:
        ended = _watch(job, client)
    except KeyboardInterrupt:
        complain(f"the server goes on with job {job.id} of {source.id}")
        return INTERRUPTED
    except CarrelError as error:
        complain(f"job {job.id}: {error.detail}")
        return SOME_FAILED
    return _report(source, ended, options)


def settle(wanted: Wanted, client: DataSourcesClient) -> DataSource | None:
    """Return the source that is wanted, made or changed where it has to be."""
    known = list(client.every())
    found = named(wanted, known)
    request = wanted.request(found)
    if request is None:
        return found
    if found is not None and not wanted.changes(found):
        return found
    return client.put(found.id if found else wanted.new_id(source.id for source in known), request)


def _watch(job: IngestionJob, client: DataSourcesClient) -> IngestionJob:
    console = Console(stderr=True)
    columns = (TextColumn("Syncing"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=None)
        for news in client.watch(job.id):
            if isinstance(news, IngestionJob):
                return news
            counts = news.counts
            done = counts.unchanged + counts.embedded + counts.failed
            told = f"{counts.embedded} taken in, {counts.removed} removed, {counts.failed} failed"
            progress.update(task, total=counts.found or None, completed=done, description=told)
    raise AssertionError("a watch ends with its job")


def _report(source: DataSource, job: IngestionJob, options: Options) -> int:
    counts = job.counts
    if options.as_json:
        typer.echo(job.model_dump_json(indent=2))
    else:
        _tell([f"{failure.url}: {failure.reason}" for failure in job.failures])
        if options.verbose:
            _tell([f"{change.change}: {change.url}" for change in job.changes])
        beside = f" ({counts.passed_over} others passed over)" if counts.passed_over else ""
        what = "files" if source.kind == "archive" else "pages"
        typer.echo(
            f"{source.id}: {counts.found} {what} wanted, {counts.embedded} taken in, "
            f"{counts.unchanged} unchanged, {counts.removed} removed, {counts.failed} failed{beside}"
        )
    if job.status != "completed":
        complain(f"the sync has {job.status}" + (f": {job.reason}" if job.reason else ""))
    return ALL_WELL if job.status == "completed" and not job.failures else SOME_FAILED


def _tell(lines: Sequence[str]) -> None:
    for text in lines:
        typer.echo(line(text), err=True)
