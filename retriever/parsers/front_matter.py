"""The block of ``key: value`` lines before a Markdown document.

Reads the part of YAML (``---``) and TOML (``+++``) that documentation uses: scalars and lists of
scalars. What is deeper is passed over; a block that is not one is left in the text.
"""

import re
import tomllib
from typing import Any

from retriever.parsers.structure import MetadataValue

_BLOCK = re.compile(r"\A(---|\+\+\+)[ \t]*\n(.*?)^(?:\1|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_LINE = re.compile(r"([A-Za-z_][\w.-]{0,63})[ \t]*:(?:[ \t]+(.*))?")
_ITEM = re.compile(r"[ \t]*-[ \t]+(.*)")
_NUMBER = re.compile(r"[-+]?\d{1,15}(\.\d{1,15})?")
_COMMENT = re.compile(r"\s#.*$")
MAX_CHARS = 20_000


def split(text: str) -> tuple[dict[str, MetadataValue], str]:
    """Return the front matter of ``text`` and what follows it."""
    match = _BLOCK.match(text[:MAX_CHARS])
    if match is None:
        return {}, text
    values = _toml(match[2]) if match[1] == "+++" else _yaml(match[2])
    return (values, text[match.end() :]) if values else ({}, text)


def _toml(block: str) -> dict[str, MetadataValue]:
    try:
        parsed = tomllib.loads(block)
    except tomllib.TOMLDecodeError:
        return {}
    return {key: value for key, raw in parsed.items() if (value := _plain(raw)) is not None}


def _plain(value: Any) -> MetadataValue | None:
    if isinstance(value, list):
        scalars = [item for item in value if isinstance(item, str | bool | int | float)]
        return scalars if len(scalars) == len(value) else None
    if isinstance(value, str | bool | int | float):
        return value
    return str(value) if hasattr(value, "isoformat") else None


def _yaml(block: str) -> dict[str, MetadataValue]:
    values: dict[str, MetadataValue] = {}
    open_list: list[str | bool | int | float] | None = None
    for line in block.split("\n"):
        if open_list is not None and (item := _ITEM.fullmatch(line)):
            open_list.append(_scalar(item[1]))
        elif (match := _LINE.fullmatch(line)) is None:
            open_list = None if line.strip() else open_list
        elif match[2]:
            open_list = None
            values[match[1]] = _value(match[2].strip())
        else:
            values[match[1]] = open_list = []
    return {key: value for key, value in values.items() if value not in ([], "")}


def _value(text: str) -> MetadataValue:
    if text.startswith("[") and text.endswith("]"):
        return [_scalar(part) for part in text[1:-1].split(",") if part.strip()]
    return _scalar(text)


def _scalar(text: str) -> str | bool | int | float:
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    text = _COMMENT.sub("", text).strip()
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    if match := _NUMBER.fullmatch(text):
        return float(text) if match[1] else int(text)
    return text
