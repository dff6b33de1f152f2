"""Lines over time, or over a rate, as an SVG, one panel under another. Pure; owns how a plot looks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

from bench.growth import Point

_WIDTH, _HEIGHT, _LEFT, _TOP, _GAP = 900, 240, 60, 30, 60
_COLOURS = ("#1b6ca8", "#c0392b", "#2e8b57", "#b9770e", "#6c3483", "#566573")


@dataclass(frozen=True)
class Axis:
    """What goes from left to right: ``scale`` of a point's ``at_s`` make one ``unit``."""

    unit: str
    scale: float = 1.0


MINUTES, SECONDS, RATE = Axis("min", 60.0), Axis("s"), Axis("questions/s")


@dataclass(frozen=True)
class Panel:
    """A title with its unit, and lines by name; a line is broken between its parts."""

    title: str
    lines: Mapping[str, Sequence[Sequence[Point]]]
    marks: Sequence[float] = field(default=())
    """Times at which something happened."""
    across: Axis = MINUTES


def svg(panels: Sequence[Panel]) -> str:
    """Return the picture; panels with the same axis go from 0 to the last point of them all."""
    height = len(panels) * (_HEIGHT + _GAP) + _TOP
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH + _LEFT + 150} {height}"'
        ' font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="white"/>',
    ]
    for number, panel in enumerate(panels):
        alike = [point.at_s for one in panels if one.across == panel.across for point in _points(one)]
        parts += _panel(panel, top=_TOP + number * (_HEIGHT + _GAP), end_s=max(alike, default=0.0) or 1.0)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _panel(panel: Panel, *, top: int, end_s: float) -> list[str]:
    most = max((point.value for point in _points(panel)), default=0.0) * 1.1 or 1.0
    bottom = top + _HEIGHT
    parts = [
        f'<text x="{_LEFT}" y="{top - 8}" font-weight="bold">{escape(panel.title)}</text>',
        f'<path d="M{_LEFT} {top}V{bottom}H{_LEFT + _WIDTH}" fill="none" stroke="#333"/>',
    ]
    for at in panel.marks:
        x = _LEFT + at / end_s * _WIDTH
        parts.append(f'<path d="M{x:.1f} {top}V{bottom}" stroke="#eee"/>')
    for step in range(5):
        x, y = _LEFT + step / 4 * _WIDTH, bottom - step / 4 * _HEIGHT
        parts.append(f'<text x="{_LEFT - 6}" y="{y + 4:.0f}" text-anchor="end">{most * step / 4:.0f}</text>')
        reached = f"{end_s * step / 4 / panel.across.scale:.1f} {panel.across.unit}"
        parts.append(f'<text x="{x:.0f}" y="{bottom + 16}" text-anchor="middle">{reached}</text>')
    for number, (name, lives) in enumerate(panel.lines.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        y = top + 14 + 18 * number
        parts.append(f'<text x="{_LEFT + _WIDTH + 10}" y="{y}" fill="{colour}">{escape(name)}</text>')
        for life in lives:
            where = " ".join(
                f"{_LEFT + point.at_s / end_s * _WIDTH:.1f},{bottom - point.value / most * _HEIGHT:.1f}"
                for point in life
            )
            parts.append(f'<polyline points="{where}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
    return parts


def _points(panel: Panel) -> list[Point]:
    return [point for lives in panel.lines.values() for life in lives for point in life]
