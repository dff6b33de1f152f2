"""The access log: one line a request, put together cheaply and written many at a time.

Owns the line. It holds the path and never the query, a token or a body; a visitor stands in it as a hash.
Lines wait until the event loop has done what is ready, so that a busy gateway writes once for many.
"""

import asyncio
import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from json.encoder import encode_basestring_ascii as quoted
from typing import Literal, NamedTuple


class Entry(NamedTuple):
    """What is said of one request."""

    method: str
    route: str
    """The row of the route table; empty when there is none."""
    path: str
    """Without the query: whatever a client puts there is its own affair."""
    status: int
    bytes: int
    """Of the answer's body."""
    seconds: float
    upstream_s: float
    """Until the service had answered whole; 0 when none was asked."""
    request_id: str
    visitor: str
    """A hash, ``owner``, or empty for nobody."""


class AccessLog:
    """Writes entries to ``write`` as lines of JSON or text."""

    def __init__(
        self,
        *,
        log_format: Literal["json", "text"] = "text",
        log_level: str = "info",
        write: Callable[[str], None] | None = None,
    ) -> None:
        self._render = _as_json if log_format == "json" else _as_text
        self._on, self._probes = log_level in ("info", "debug"), log_level == "debug"
        self._write = write or _to_stdout
        self._waiting: list[Entry] = []
        self._second, self._stamp = -1, ""

    def add(self, entry: Entry) -> None:
        """Note ``entry``; it is written once the event loop has done what is ready."""
        # Probes come every few seconds for ever: they are worth a line only when they find something.
        if not self._on or (entry.status < 400 and not self._probes and entry.path.startswith("/health")):
            return
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self.flush)
        self._waiting.append(entry)

    def flush(self) -> None:
        """Write what waits."""
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            # They have ended within one turn of the event loop: one time is right for all.
            when, render = self._when(), self._render
            self._write("".join([render(when, entry) for entry in waiting]))

    def _when(self) -> str:
        now = time.time()
        second = int(now)
        if second != self._second:
            self._second = second
            self._stamp = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S.")
        return f"{self._stamp}{int((now - second) * 1000):03d}Z"


def _as_json(when: str, entry: Entry) -> str:
    method, route, path, status, size, seconds, upstream_s, request_id, visitor = entry
    who = f', "visitor": "{visitor}"' if visitor else ""
    upstream = f', "upstream_ms": {upstream_s * 1000:.2f}' if upstream_s else ""
    return (
        f'{{"time": "{when}", "level": "info", "service": "gateway", "logger": "gateway.access", '
        f'"message": "request", "request_id": "{request_id}", "method": "{method}", '
        f'"route": "{route}", "path": {quoted(path)}, "status": {status}, "bytes": {size}, '
        f'"duration_ms": {seconds * 1000:.2f}{upstream}{who}}}\n'
    )


def _as_text(when: str, entry: Entry) -> str:
    who = f" visitor={entry.visitor}" if entry.visitor else ""
    upstream = f" upstream_ms={entry.upstream_s * 1000:.2f}" if entry.upstream_s else ""
    # Quoted as JSON, without the marks: a line stays one line whatever was in the path.
    path = json.dumps(entry.path)[1:-1]
    return (
        f"{when} info    gateway: request request_id={entry.request_id} method={entry.method} path={path} "
        f"status={entry.status} bytes={entry.bytes} duration_ms={entry.seconds * 1000:.2f}{upstream}{who}\n"
    )


def _to_stdout(text: str) -> None:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError:
        return  # nobody reads any more: the gateway goes on
