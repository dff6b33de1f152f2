"""Server-sent events, as text in and out (the WHATWG HTML standard, section 9.2).

Pure: bytes and lines in, events out.
"""

import codecs
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

MEDIA_TYPE = "text/event-stream"
HEADERS: Mapping[str, str] = {"cache-control": "no-store", "x-accel-buffering": "no"}
"""What every stream says beside its media type: keep nothing, and hold nothing back (nginx's word for it)."""
COMMENT = b": keep-alive\n\n"
"""What keeps a silent stream open: a comment, which every client ignores."""

MAX_EVENT_BYTES = 16 * 1024 * 1024
"""More than this in one event is not an event of ours."""


@dataclass(frozen=True)
class Event:
    """One server-sent event."""

    data: str
    type: str = "message"
    id: str = ""


def encode(data: Mapping[str, Any], *, type: str, id: str = "") -> bytes:
    """Return ``data`` as one event of ``type``, as JSON on a single ``data`` line."""
    # json.dumps escapes line ends, so the data line cannot be broken by its content.
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    head = f"id: {id}\n" if id else ""
    return f"{head}event: {type}\ndata: {text}\n\n".encode()


class Decoder:
    """Turns a byte stream, cut anywhere, into events.

    Raises
    ------
    ValueError
        From :meth:`feed`, when an event is larger than ``max_bytes`` or is not UTF-8.
    """

    def __init__(self, *, max_bytes: int = MAX_EVENT_BYTES) -> None:
        self._max_bytes = max_bytes
        self._text = codecs.getincrementaldecoder("utf-8")()
        self._rest = ""
        self._data: list[str] = []
        self._size = 0
        self._type = ""
        self._id = ""

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """Yield the events that ``chunk`` completes."""
        text = self._rest + self._text.decode(chunk)
        # A lone CR at the end may be half of a CRLF: it waits for the next chunk.
        held = "\r" if text.endswith("\r") else ""
        lines = text.removesuffix("\r").replace("\r\n", "\n").replace("\r", "\n").split("\n")
        self._rest = lines.pop() + held
        if self._size + len(self._rest) > self._max_bytes:
            raise ValueError("server-sent event too large")
        for line in lines:
            if (event := self._line(line)) is not None:
                yield event

    def _line(self, line: str) -> Event | None:
        if not line:
            return self._dispatch()
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            self._data.append(value)
            self._size += len(value) + 1
            if self._size > self._max_bytes:
                raise ValueError("server-sent event too large")
        elif field == "event":
            self._type = value
        elif field == "id" and "\0" not in value:
            self._id = value
        return None

    def _dispatch(self) -> Event | None:
        data, type_ = self._data, self._type
        self._data, self._type, self._size = [], "", 0
        return Event(data="\n".join(data), type=type_ or "message", id=self._id) if data else None
