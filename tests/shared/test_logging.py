import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from shared.logging import configure, request_id

CONTROLS = "a\nb\rc\td\0e\x1b[31mf\x7fg\x85h\u2028i\u2029j\x9bk"


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    """Leave logging as it was found."""
    names = ("", "httpx", "httpcore", "uvicorn", "uvicorn.error", "websockets", "markdown_it")
    loggers = [logging.getLogger(name) for name in names]
    before = [(logger, logger.level, list(logger.handlers), list(logger.filters)) for logger in loggers]
    yield
    for logger, level, handlers, filters in before:
        logger.setLevel(level)
        logger.handlers[:], logger.filters[:] = handlers, filters


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


def test_a_text_line_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Control characters, also a terminal's, are escaped; the request and fields stand in the line."""
    configure("chat_ws", level="info", log_format="text")
    token = request_id.set("r-1")
    logging.getLogger("a.b").info("said %s", CONTROLS, extra={"fields": {"path": "/x\n", "status": 200}})
    request_id.reset(token)
    [line] = lines(capsys)
    assert line.endswith(
        r"info    chat_ws: said a\nb\rc\td\x00e\x1b[31mf\x7fg\x85h\u2028i\u2029j\x9bk"
        r" request_id=r-1 path=/x\n status=200"
    )


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_what_utf_8_cannot_hold_is_escaped(capsys: pytest.CaptureFixture[str], log_format: Any) -> None:
    """A lone surrogate, which JSON's escapes let in, costs no line; in a trace neither."""
    configure("chat_ws", level="info", log_format=log_format)
    try:
        raise ValueError("\ud800")
    except ValueError:
        logging.getLogger("a").exception("said %s", "\udfff")
    said = capsys.readouterr().out
    said.encode()
    assert r"said \udfff" in said
    assert r"\ud800" in said


def test_a_json_line_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    """Every line is one object with time, level, service, logger and message."""
    configure("gateway", level="info", log_format="json")
    logging.getLogger("a.b").warning("said %s", CONTROLS, extra={"fields": {"error": ValueError("x")}})
    [line] = lines(capsys)
    entry: dict[str, Any] = json.loads(line)
    assert entry.pop("time").endswith("Z")
    assert entry == {
        "level": "warning",
        "service": "gateway",
        "logger": "a.b",
        "message": f"said {CONTROLS}",
        "error": "x",
    }


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_a_trace_is_in_the_log(capsys: pytest.CaptureFixture[str], log_format: Any) -> None:
    """An error has its trace; what its text holds breaks no line."""
    configure("chat_ws", level="info", log_format=log_format)
    token = request_id.set("r-2")
    try:
        raise ValueError("first\x1b[2J")
    except ValueError:
        logging.getLogger("a").exception("failed")
    request_id.reset(token)
    text = "\n".join(lines(capsys))
    assert "r-2" in text
    assert "Traceback" in text
    assert "\x1b" not in text
    if log_format == "json":
        assert "ValueError" in json.loads(text)["trace"]


def test_the_level_holds(capsys: pytest.CaptureFixture[str]) -> None:
    """Below the level nothing is said, and what others say at INFO is not repeated at any level."""
    configure("chat_ws", level="warning", log_format="text")
    logging.getLogger("a").info("hidden")
    configure("chat_ws", level="debug", log_format="text")
    logging.getLogger("httpx").info("hidden")
    logging.getLogger("uvicorn.error").info("hidden")
    logging.getLogger("a").debug("shown")
    assert len(lines(capsys)) == 1


def test_configuring_again_says_nothing_twice(capsys: pytest.CaptureFixture[str]) -> None:
    """A second configuration takes the place of the first."""
    for _ in range(2):
        configure("chat_ws", level="info", log_format="text")
    logging.getLogger("a").info("once")
    assert len(lines(capsys)) == 1
    assert len(logging.getLogger("uvicorn.error").filters) == 1


def test_what_any_client_can_cause_is_no_trace(capsys: pytest.CaptureFixture[str]) -> None:
    """Bad frames and refused handshakes write nothing; the server's own errors are still told."""
    configure("chat_ws", level="info", log_format="text")
    uvicorn = logging.getLogger("uvicorn.error")
    try:
        b"\xff".decode()
    except UnicodeDecodeError:
        uvicorn.exception("Invalid UTF-8 sequence received from client.")
    uvicorn.error("ASGI callable returned without completing handshake.")
    uvicorn.error("told")
    [line] = lines(capsys)
    assert line.endswith("told")
