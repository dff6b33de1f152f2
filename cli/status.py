"""``carrel status``: how the server and each thing it needs is."""

import json
from collections.abc import Iterator

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli import connection
from cli.settings import CliSettings
from cli.terminal import complain, line, safe
from shared.clients.gateway import GatewayClient
from shared.contracts.gateway import OverallHealth
from shared.errors import CarrelError

EXIT_CODES = {"ok": 0, "degraded": 1, "down": 2}
UNREACHABLE = 2
_STYLES = {"ok": "green", "degraded": "yellow", "down": "red"}
_PLAIN_WIDTH = 200


def status(*, settings: CliSettings, as_json: bool) -> int:
    """Print the server's health; return the exit code."""
    with connection.connect(settings) as client:
        return show(client, settings=settings, as_json=as_json)


def show(client: GatewayClient, *, settings: CliSettings, as_json: bool) -> int:
    """Print the health that ``client`` is told; return the exit code."""
    try:
        health = client.health()
    except CarrelError as error:
        if as_json:
            typer.echo(json.dumps({"status": "unreachable", "url": settings.server, "detail": error.detail}))
        complain(connection.out_of_reach(settings, error))
        return UNREACHABLE
    if as_json:
        typer.echo(health.model_dump_json(indent=2))
    else:
        _draw(health, settings.server)
    return EXIT_CODES[health.status]


def _draw(health: OverallHealth, server: str) -> None:
    console = Console()
    if not console.is_terminal:
        console = Console(width=_PLAIN_WIDTH)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("service", "status", "latency", "detail"):
        table.add_column(heading, overflow="fold", justify="right" if heading == "latency" else "left")
    for name, state, latency, detail in rows(health):
        table.add_row(Text(safe(name)), _state(state), Text(latency), Text(line(detail)))
    about = f", version {line(health.version)}, up {_duration(health.uptime_s)}"
    console.print(Text.assemble(server, ": ", _state(health.status), about))
    console.print(table)


def rows(health: OverallHealth) -> Iterator[tuple[str, str, str, str]]:
    """Yield name, status, latency and detail of each service and, indented, of what it needs."""
    for name, service in health.services.items():
        yield name, service.status, f"{service.latency_ms:.1f} ms", service.detail
        for need, check in service.checks.items():
            yield f"  {need}", check.status, "", check.detail


def _state(status: str) -> Text:
    return Text(status, style=_STYLES[status])


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = ((days, "d"), (hours, "h"), (minutes, "min"), (rest, "s"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "0 s"
