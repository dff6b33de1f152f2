"""How findings are printed: as a table for people, as one object with ``--json``."""

import json
from collections.abc import Sequence

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.findings import Finding, as_json, worst
from cli.terminal import line, safe

_PLAIN_WIDTH = 400
"""Of what is no terminal: a line that a script reads is not broken."""


def report(title: str, findings: Sequence[Finding], *, in_json: bool) -> None:
    """Print ``findings`` under ``title``."""
    if in_json:
        typer.echo(json.dumps(as_json(findings), indent=2))
        return
    console = Console()
    if not console.is_terminal:
        console = Console(width=_PLAIN_WIDTH)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("", "checked", "", "found"):
        table.add_column(heading, overflow="fold")
    group = ""
    for finding in findings:
        told = Text(line(finding.found))
        if finding.fix:
            told.append(f"\n→ {line(finding.fix)}")
        shown = "" if finding.group == group else finding.group
        table.add_row(Text(shown, "bold"), safe(finding.name), _coloured(finding.colour), told)
        group = finding.group
    console.print(table)
    console.print(Text.assemble(safe(title), ": ", _coloured(worst(findings)), f", {_counted(findings)}"))


def _counted(findings: Sequence[Finding]) -> str:
    counts = {colour: sum(finding.colour == colour for finding in findings) for colour in _SHOWN}
    return ", ".join(f"{count} {colour}" for colour, count in counts.items() if count)


_SHOWN = ("red", "yellow", "green")


def _coloured(colour: str) -> Text:
    return Text(colour, style=colour)
