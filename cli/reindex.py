"""``carrel reindex``: the index built anew beside the living one, watched until the switch."""

import threading
from collections.abc import Callable

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from cli.connection import ALL_WELL, INTERRUPTED, NOTHING_TRIED, patiently
from cli.settings import CliSettings
from cli.terminal import complain, line
from shared.clients.gateway import GatewayClient
from shared.clients.index import IndexClient
from shared.contracts.retriever import IndexReport
from shared.errors import CarrelError

GOES_ON = 1
EVERY_S = 0.5


def reindex(*, settings: CliSettings, as_json: bool, watch_only: bool = False) -> int:
    """Have the index built anew, or watch the rebuild that is going; return the exit code."""
    stop = threading.Event()

    def work(client: GatewayClient) -> int:
        try:
            return run(IndexClient(client), as_json=as_json, watch_only=watch_only, pause=stop.wait)
        except CarrelError as error:
            complain(error.detail)
            return NOTHING_TRIED

    return patiently(settings, work, stop=stop)


def run(
    client: IndexClient, *, as_json: bool, watch_only: bool = False, pause: Callable[[float], object]
) -> int:
    """Begin and watch; return the exit code."""
    report = client.read() if watch_only else client.rebuild()
    try:
        report = _watched(client, report, pause)
    except KeyboardInterrupt:
        complain("the server goes on with the rebuild; see how far it is with `carrel reindex --watch`")
        return INTERRUPTED
    if as_json:
        typer.echo(report.model_dump_json(indent=2))
    else:
        model = report.embedding_model or "no model: words alone"
        typer.echo(line(f"{report.documents} documents, {report.chunks} chunks, {model}"))
    if report.rebuild.status == "waiting":
        complain(f"the rebuild waits and goes on by itself: {line(report.rebuild.reason)}")
        return GOES_ON
    return ALL_WELL


def _watched(client: IndexClient, report: IndexReport, pause: Callable[[float], object]) -> IndexReport:
    console = Console(stderr=True)
    columns = (TextColumn("Rebuilding"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=None)
        while report.rebuild.status == "running":
            progress.update(task, total=report.rebuild.total or None, completed=report.rebuild.done)
            pause(EVERY_S)
            report = client.read()
    return report
