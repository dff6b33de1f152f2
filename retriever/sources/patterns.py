"""Which of the listed pages are wanted: patterns over the path or the whole address.

Pure. ``*`` is anything within a segment, ``**`` anything at all, everything else itself. Matching takes time
that grows with the pattern times the address, whatever they are.
"""

from collections.abc import Sequence

MAX_PATTERN_CHARS = 500


def problem(pattern: str) -> str:
    """Return what is wrong with ``pattern``, or an empty string."""
    if not pattern.startswith(("/", "http://", "https://")):
        return "a pattern begins with / (the path) or with http:// or https:// (the whole address)"
    if len(pattern) > MAX_PATTERN_CHARS or not pattern.isprintable():
        return f"a pattern has at most {MAX_PATTERN_CHARS} characters, all of them visible"
    return ""


def wanted(url: str, path: str, *, include: Sequence[str], exclude: Sequence[str]) -> bool:
    """Whether one of ``include`` (all, where there is none) and none of ``exclude`` is the page's."""

    def is_of(pattern: str) -> bool:
        return matches(pattern, path if pattern.startswith("/") else url)

    return (not include or any(map(is_of, include))) and not any(map(is_of, exclude))


def matches(pattern: str, text: str) -> bool:
    """Whether the whole of ``text`` is of ``pattern``."""
    parts = _parts(pattern)
    # The set of places in the pattern that the text so far may have led to.
    places = _with_skips({0}, parts)
    for char in text:
        places = _with_skips(_after(places, parts, char), parts)
        if not places:
            return False
    return len(parts) in places


def _parts(pattern: str) -> list[str]:
    parts: list[str] = []
    position = 0
    while position < len(pattern):
        step = 2 if pattern.startswith("**", position) else 1
        parts.append(pattern[position : position + step])
        position += step
    return parts


def _after(places: set[int], parts: list[str], char: str) -> set[int]:
    after: set[int] = set()
    for place in places:
        if place == len(parts):
            continue
        part = parts[place]
        if part == "**" or (part == "*" and char != "/"):
            after.add(place)
        elif part == char and part != "*":
            after.add(place + 1)
    return after


def _with_skips(places: set[int], parts: list[str]) -> set[int]:
    """A star may also stand for nothing."""
    reached = set(places)
    for place in places:
        while place < len(parts) and parts[place] in ("*", "**"):
            place += 1
            reached.add(place)
    return reached
