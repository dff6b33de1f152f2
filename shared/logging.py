"""One log line per event, on standard output, as JSON or as text, with the request's id.

Owns the format. Control characters are escaped, so that a line stays one line whatever was in it.
"""

import json
import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Literal

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the request being served; it is in every line logged meanwhile."""

_ESCAPES = {code: f"\\x{code:02x}" for code in (*range(0x20), 0x7F, *range(0x80, 0xA0))}
_ESCAPES |= {0x0A: "\\n", 0x0D: "\\r", 0x09: "\\t", 0x2028: "\\u2028", 0x2029: "\\u2029"}


class _Formatter(logging.Formatter):
    def __init__(self, service: str, *, as_json: bool) -> None:
        super().__init__()
        self._service, self._as_json = service, as_json

    def format(self, record: logging.LogRecord) -> str:
        when = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        when = when.replace("+00:00", "Z")
        fields: dict[str, Any] = dict(getattr(record, "fields", {}))
        rid = request_id.get()
        trace = self.formatException(record.exc_info) if record.exc_info else ""
        if self._as_json:
            line = {
                "time": when,
                "level": record.levelname.lower(),
                "service": self._service,
                "logger": record.name,
                "message": record.getMessage(),
                **({"request_id": rid} if rid else {}),
                **fields,
                **({"trace": trace} if trace else {}),
            }
            return json.dumps(line, ensure_ascii=True, default=str)
        if rid:
            fields = {"request_id": rid, **fields}
        extra = "".join(f" {key}={value}" for key, value in fields.items())
        head = f"{when} {record.levelname.lower():<7} {self._service}: {record.getMessage()}{extra}"
        return _escaped(head) + "".join(f"\n    {_escaped(line)}" for line in trace.splitlines())


def _escaped(line: str) -> str:
    return line.translate(_ESCAPES).encode("utf-8", "backslashreplace").decode()


def configure(service: str, *, level: str, log_format: Literal["json", "text"]) -> None:
    """Send every logger's lines of ``level`` and above to standard output.

    ``service`` is named in each line. Called once, by a service's ``__main__``.
    """
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_Formatter(service, as_json=log_format == "json"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # Both say at INFO what our own access line says already.
    for noisy in ("httpx", "httpcore", "uvicorn", "websockets", "markdown_it"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))
    logging.getLogger("uvicorn.error").addFilter(_not_the_clients)


def _not_the_clients(record: logging.LogRecord) -> bool:
    """Drop what uvicorn writes for frames that are not UTF-8 and refused handshakes: anybody can cause it.

    A refusal is answered over HTTP, has its access line, and is called a handshake not completed.
    """
    return not str(record.msg).startswith(
        ("Invalid UTF-8 sequence", "ASGI callable returned without completing handshake")
    )
