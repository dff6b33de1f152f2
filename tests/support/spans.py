"""A tracer that keeps its spans in a list."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from shared import tracing
from shared.tracing import Attributes, Kind


@dataclass
class Kept:
    """One span: what it was begun with, and what became of it."""

    name: str
    kind: Kind
    parent: str
    traceparent: str
    attributes: dict[str, str | int | float | bool]
    began_ns: int | None = None
    ended: int = 0
    error: str = ""

    def note(self, attributes: Attributes, *, name: str = "") -> None:
        """Add to it."""
        self.attributes |= attributes
        self.name = name or self.name

    def end(self, *, error: str = "") -> None:
        """End it."""
        self.ended += 1
        self.error = error


@dataclass
class Keeping:
    """Fulfils ``shared.tracing.Tracer``."""

    spans: list[Kept] = field(default_factory=list)

    def start(
        self, name: str, *, kind: Kind, parent: str, attributes: Attributes, began_ns: int | None = None
    ) -> Kept:
        """Begin one in its parent's trace, or in a new one."""
        number = len(self.spans) + 1
        trace_id = parent.split("-")[1] if parent else f"{number:032x}"
        context = f"00-{trace_id}-{number:016x}-01"
        self.spans.append(Kept(name, kind, parent, context, dict(attributes), began_ns))
        return self.spans[-1]

    def close(self) -> None:
        """Nothing is open."""


@contextmanager
def kept() -> Iterator[list[Kept]]:
    """Keep this process's spans meanwhile."""
    tracer = Keeping()
    tracing.use(tracer)
    try:
        yield tracer.spans
    finally:
        tracing.use(None)
