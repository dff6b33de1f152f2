"""The access log's lines."""

import asyncio
import io
import json
import sys
from typing import Any

import pytest

from gateway.access import AccessLog, Entry

ENTRY = Entry("GET", "/v1/documents", "/v1/documents/a", 200, 12, 0.0123456, 0.01, "r1", "owner")


async def written(*entries: Entry, **options: Any) -> list[str]:
    """What a log writes for ``entries``, write by write."""
    texts: list[str] = []
    log = AccessLog(write=texts.append, **options)
    for entry in entries:
        log.add(entry)
    assert texts == []
    await asyncio.sleep(0)
    return texts


async def test_a_line_of_json_says_what_came_of_a_request() -> None:
    """Method, route, status, bytes, durations, id, and who it was as a hash."""
    (text,) = await written(ENTRY, log_format="json")
    line = json.loads(text)
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "info",
        "service": "gateway",
        "logger": "gateway.access",
        "message": "request",
        "request_id": "r1",
        "method": "GET",
        "route": "/v1/documents",
        "path": "/v1/documents/a",
        "status": 200,
        "bytes": 12,
        "duration_ms": 12.35,
        "upstream_ms": 10.0,
        "visitor": "owner",
    }


async def test_a_line_of_text_says_the_same() -> None:
    """One line, fields with their names; what there was none of is left out."""
    first, second = (await written(ENTRY, ENTRY._replace(upstream_s=0.0, visitor=""))).pop().splitlines()
    assert first.endswith(
        "info    gateway: request request_id=r1 method=GET path=/v1/documents/a status=200 bytes=12 "
        "duration_ms=12.35 upstream_ms=10.00 visitor=owner"
    )
    assert second.endswith("duration_ms=12.35")


@pytest.mark.parametrize("log_format", ["json", "text"])
async def test_a_line_stays_one_line(log_format: str) -> None:
    """Whatever is in a path."""
    (text,) = await written(ENTRY._replace(path='/a\r\n"\u2028\x1b'), log_format=log_format)
    assert text.count("\n") == 1
    assert text.isascii()
    assert text.endswith("\n")


async def test_a_busy_gateway_writes_once_for_many() -> None:
    """Lines that come together are written together, in order, and what comes later with the next."""
    texts: list[str] = []
    log = AccessLog(log_format="json", write=texts.append)
    for round_ in range(2):
        for number in range(3):
            log.add(ENTRY._replace(status=200 + 10 * round_ + number))
        await asyncio.sleep(0)
    assert [[json.loads(line)["status"] for line in text.splitlines()] for text in texts] == [
        [200, 201, 202],
        [210, 211, 212],
    ]
    log.flush()
    assert len(texts) == 2


@pytest.mark.parametrize(
    ("level", "path", "status", "lines"),
    [
        ("info", "/health/live", 200, 0),
        ("info", "/health", 503, 1),
        ("debug", "/health/live", 200, 1),
        ("warning", "/v1/documents", 500, 0),
    ],
)
async def test_what_is_worth_a_line(level: str, path: str, status: int, lines: int) -> None:
    """Probes only when they find something, unless everything is wanted; nothing above the level."""
    assert len(await written(ENTRY._replace(path=path, status=status), log_level=level)) == lines


async def test_lines_go_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    """Where nothing else is said."""
    AccessLog().add(ENTRY)
    await asyncio.sleep(0)
    assert "path=/v1/documents/a" in capsys.readouterr().out


async def test_a_log_nobody_reads_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """When standard output is gone, lines are lost and the gateway goes on."""

    class Gone(io.StringIO):
        def write(self, _text: str) -> int:
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stdout", Gone())
    log = AccessLog()
    log.add(ENTRY)
    log.flush()
    log.add(ENTRY)
    await asyncio.sleep(0)
