"""bench.plot"""

import xml.etree.ElementTree as ElementTree

from bench.growth import Point
from bench.plot import Panel, svg

_SVG = "{http://www.w3.org/2000/svg}"


def test_each_life_is_a_line() -> None:
    """A line for each life, a name for each program, a mark for each fault, within the picture."""
    lives = [[Point(0, 1), Point(60, 2)], [Point(120, 2), Point(180, 1)]]
    picture = ElementTree.fromstring(svg([Panel("memory <MB>", {"a": lives, "b": lives[:1]}, [30.0])]))  # noqa: S314 - of our own making

    lines = picture.findall(f"{_SVG}polyline")
    texts = [text.text for text in picture.findall(f"{_SVG}text")]
    assert len(lines) == 3
    assert lines[0].get("points") == "60.0,160.9 360.0,51.8"
    assert {"memory <MB>", "a", "b", "3.0 min"} <= set(texts)
    assert len(picture.findall(f"{_SVG}path")) == 2


def test_nothing_measured_is_an_empty_panel() -> None:
    """Without a point there is a frame and nothing else."""
    picture = ElementTree.fromstring(svg([Panel("nothing", {})]))  # noqa: S314 - of our own making

    assert picture.findall(f"{_SVG}polyline") == []
