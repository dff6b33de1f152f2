"""``carrel ingest``: files and folders into the index, with a summary that hides nothing."""

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cli.connection import ALL_WELL, INTERRUPTED, NOTHING_TRIED, SOME_FAILED, patiently
from cli.settings import CliSettings
from cli.terminal import complain, line
from cli.upload import Done, Job, Upload
from cli.walk import BadPathError, Found, Walk, walk
from shared.clients.gateway import GatewayClient

PUBLISHED = ("text/markdown", "text/mdx", "text/x-rst")
"""What a site is built from; other kinds of file stand on it as they are."""
_GRACE_S = 5.0
"""How long documents under way may take once the command was interrupted."""


@dataclass(frozen=True)
class Options:
    """How the documents are to be named and described."""

    prefix: str = ""
    base_url: str = ""
    url_suffix: str = ".html"
    metadata: Mapping[str, str] = field(default_factory=dict)
    concurrency: int = 4
    verbose: bool = False


@dataclass
class Tally:
    """What became of the documents so far."""

    total: int
    outcomes: Counter[str] = field(default_factory=Counter)
    failures: list[tuple[str, str]] = field(default_factory=list)
    fatal: str = ""

    def add(self, done: Done) -> None:
        """Count ``done``."""
        if done.outcome is not None:
            self.outcomes[done.outcome] += 1
        else:
            self.failures.append((str(done.job.path), done.reason))
        if done.fatal:
            self.fatal = done.reason

    @property
    def not_tried(self) -> int:
        """How many were left when it stopped."""
        return self.total - self.outcomes.total() - len(self.failures)

    def summary(self, *, skipped: int) -> str:
        """Return all counts in one line."""
        counts = {
            "added": self.outcomes["created"],
            "replaced": self.outcomes["replaced"],
            "unchanged": self.outcomes["unchanged"],
            "failed": len(self.failures),
        }
        if self.not_tried:
            counts["not tried"] = self.not_tried
        text = f"{_plural(self.total, 'document')}: " + ", ".join(f"{n} {what}" for what, n in counts.items())
        return f"{text} ({_plural(skipped, 'other file')} skipped)" if skipped else text


def ingest(paths: Sequence[Path], options: Options, *, settings: CliSettings) -> int:
    """Put all documents under ``paths``; return the exit code."""
    try:
        found = walk(paths)
    except BadPathError as error:
        complain(str(error))
        return NOTHING_TRIED
    if not (found.documents or found.unusable):
        complain(f"no documents in {', '.join(map(str, paths))}")
        return NOTHING_TRIED
    stop = threading.Event()

    def work(client: GatewayClient) -> int:
        return put_all(found, options, client=client, stop=stop)

    return patiently(settings, work, stop=stop)


def put_all(found: Walk, options: Options, *, client: GatewayClient, stop: threading.Event) -> int:
    """Put what was ``found``, show how far it is, print the summary; return the exit code."""
    upload = Upload(
        [job(document, options) for document in found.documents],
        client,
        concurrency=options.concurrency,
        stop=stop,
    )
    tally = Tally(len(found.documents) + len(found.unusable), failures=list(found.unusable))
    interrupted = False
    try:
        _count(upload, tally)
    except KeyboardInterrupt:
        interrupted = True
        stop.set()
        for done in upload.results(within_s=_GRACE_S):
            tally.add(done)
    _report(found, tally, verbose=options.verbose)
    if interrupted:
        return INTERRUPTED
    if tally.fatal and not tally.outcomes:
        return NOTHING_TRIED
    return SOME_FAILED if tally.failures or tally.not_tried else ALL_WELL


def job(document: Found, options: Options) -> Job:
    """Return what is sent for ``document``."""
    prefix = f"{options.prefix.strip('/')}/" if options.prefix.strip("/") else ""
    return Job(
        path=document.path,
        document_id=prefix + document.name,
        media_type=document.media_type,
        url=_url(document, options),
        metadata=options.metadata,
    )


def _url(document: Found, options: Options) -> str:
    if not options.base_url:
        return ""
    name = document.name
    if document.media_type in PUBLISHED:
        name = name[: -len(document.path.suffix)] + options.url_suffix
    return f"{options.base_url.rstrip('/')}/{quote(name)}"


def _count(upload: Upload, tally: Tally) -> None:
    console = Console(stderr=True)
    columns = (TextColumn("Ingesting"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=tally.total, completed=len(tally.failures))
        for done in upload.results():
            tally.add(done)
            progress.advance(task)


def _report(found: Walk, tally: Tally, *, verbose: bool) -> None:
    if verbose:
        for path in found.skipped:
            typer.echo(line(f"skipped: {path}"), err=True)
    for path, reason in sorted(tally.failures):
        typer.echo(line(f"{path}: {reason}"), err=True)
    if tally.fatal:
        complain(f"stopped: {tally.fatal}")
    typer.echo(tally.summary(skipped=len(found.skipped)))


def _plural(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
