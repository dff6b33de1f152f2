"""What was looked at and how it is: the lines that ``carrel doctor`` and ``carrel verify`` print.

Pure. Owns which of several red lines are only the consequence of another, and what the exit code is.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

Colour = Literal["green", "yellow", "red"]
_ORDER: tuple[Colour, ...] = ("green", "yellow", "red")


@dataclass(frozen=True)
class Finding:
    """One line: what was found, and what is to be done about it."""

    group: str
    """What it belongs to, such as ``Postgres``."""
    name: str
    """What was looked at; no other line has the same name."""
    colour: Colour
    found: str
    fix: str = ""
    """What mends it; empty where nothing is to be done."""
    needs: tuple[str, ...] = ()
    """Names of lines without which this one cannot be well."""


def explained(findings: Iterable[Finding]) -> list[Finding]:
    """Return ``findings``, those yellow that are red only because a line they need is red.

    So what stays red is the cause, and whoever mends it has mended the rest.
    """
    found = list(findings)
    red = {finding.name for finding in found if finding.colour == "red"}
    return [_explained(finding, red) for finding in found]


def _explained(finding: Finding, red: set[str]) -> Finding:
    causes = [name for name in finding.needs if name in red and name != finding.name]
    if finding.colour != "red" or not causes:
        return finding
    return replace(finding, colour="yellow", fix=f"follows from: {', '.join(causes)}")


def worst(findings: Sequence[Finding]) -> Colour:
    """Return the worst colour of ``findings``; green where there are none."""
    return max((finding.colour for finding in findings), key=_ORDER.index, default="green")


def exit_code(findings: Sequence[Finding]) -> int:
    """Return 1 when a line is red, else 0."""
    return 1 if worst(findings) == "red" else 0


def as_json(findings: Sequence[Finding]) -> dict[str, Any]:
    """Return ``findings`` as one object."""
    return {"status": worst(findings), "findings": [asdict(finding) for finding in findings]}
