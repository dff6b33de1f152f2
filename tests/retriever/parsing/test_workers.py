"""Whatever a document does to its parser, it alone is refused, with the reason, and others go on."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from retriever.parsers.registry import PARSERS
from retriever.parsing.process import PROGRAM as REAL
from retriever.parsing.workers import AT_MOST, Workers
from shared.errors import CarrelError, DrainingError, InvalidRequestError, OverloadedError
from tests.retriever.parsers.test_registry import SOUND
from tests.support.parsing_program import PROGRAM
from tests.support.waiting import eventually

MEMORY = 256 * 1024 * 1024
Made = Callable[..., Workers]


@pytest.fixture
async def make() -> AsyncIterator[Made]:
    made: list[Workers] = []

    def one(**options: Any) -> Workers:
        given: dict[str, Any] = {"timeout_s": 20, "memory_bytes": MEMORY, "program": PROGRAM} | options
        made.append(Workers(**given))
        return made[-1]

    yield one
    for workers in made:
        await workers.close()


async def text(workers: Workers, source: str | bytes, media_type: str = "text/markdown") -> str:
    return (await workers.parse(source, media_type=media_type, document_id="a.md")).text


async def refused(workers: Workers, source: str) -> CarrelError:
    with pytest.raises(CarrelError) as caught:
        await text(workers, source)
    return caught.value


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


async def test_a_document_comes_back_whole(make: Made) -> None:
    """Title, text, sections, blocks and metadata come through the pipe as they were parsed."""
    workers = make()
    source = "---\nlang: en\nurl: /x\n---\n# Head\n\nText *here* \U0001f600.\n\n- item\n"
    found = await workers.parse(source, media_type="text/markdown", document_id="a.md", title="Given")
    assert (found.title, found.url, found.metadata) == ("Given", "/x", {"lang": "en"})
    assert found.text == "Head\n\nText here \U0001f600.\n\n- item"
    assert [(s.heading_path, s.anchor) for s in found.sections] == [(("Head",), "head")]
    assert [block.kind for block in found.blocks] == ["prose", "item"]


async def test_processes_are_started_when_needed_and_used_again(make: Made) -> None:
    """No document, no process; one after another they take one, at the same time at most two."""
    workers = make()
    assert workers.pids == []
    await text(workers, "one")
    first = workers.pids
    await text(workers, "two")
    assert workers.pids == first
    await asyncio.gather(*(text(workers, f"number {number}") for number in range(8)))
    assert len(workers.pids) <= AT_MOST
    assert first[0] in workers.pids


async def test_plain_text_needs_no_process(make: Made) -> None:
    """Plain text cannot hang a parser: it is read at once."""
    workers = make()
    assert await text(workers, "Plain.", "text/plain") == "Plain."
    assert workers.pids == []


@pytest.mark.parametrize("source", ["!segfault", "!exit", "!nonsense"])
async def test_a_crash_is_the_documents_alone(
    make: Made, source: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A parser that ends its process, or answers nonsense, is a clear refusal; the next document works."""
    workers = make()
    await text(workers, "warm")
    error = await refused(workers, source)
    assert (error.status, error.code, error.retryable) == (422, "invalid_request", False)
    assert "crashed" in error.detail
    assert "a.md" in caplog.text
    assert await text(workers, "next") == "next"


async def test_a_parser_that_hangs_is_ended(make: Made) -> None:
    """After PARSE_TIMEOUT_S the document is refused and its process is gone; others go on meanwhile."""
    workers = make(timeout_s=2)
    await text(workers, "warm")
    (pid,) = workers.pids
    error, other = await asyncio.gather(refused(workers, "!sleep"), text(workers, "other"))
    assert (error.status, other) == (422, "other")
    assert "within 2 s (PARSE_TIMEOUT_S)" in error.detail
    assert is_gone(pid)


async def test_a_parser_that_eats_memory_is_refused(make: Made) -> None:
    """A document that needs more than PARSE_MEMORY_BYTES is too large, and its process is replaced."""
    workers = make(memory_bytes=64 * 1024 * 1024)
    error = await refused(workers, "- *a*\n" * 400_000)
    assert error.status == 413
    assert "PARSE_MEMORY_BYTES" in error.detail
    assert workers.pids == []
    assert await text(workers, "next") == "next"


@pytest.mark.parametrize(("before", "source"), [("warm", "!second"), ("!half", "!spent")])
async def test_no_document_suffers_for_the_one_before(make: Made, before: str, source: str) -> None:
    """What ends a used process, or finds it grown, is tried once more in a new one."""
    workers = make()
    await text(workers, before)
    assert (await text(workers, f"{source}\n\nread")).endswith("read")


async def test_a_document_too_large_for_a_small_process_is_not_tried_twice(make: Made) -> None:
    """Where the process held next to nothing before, running out of memory is the document's own doing."""
    workers = make()
    await text(workers, "warm")
    assert (await refused(workers, "!spent")).status == 413


async def test_a_process_that_has_grown_is_replaced(make: Made) -> None:
    """A process that holds half of its memory after a document is not used again."""
    workers = make()
    await text(workers, "!grown")
    assert workers.pids == []


async def test_a_process_is_replaced_after_many_documents(make: Made) -> None:
    """No process lives for ever."""
    workers = make(max_documents=2)
    await text(workers, "one")
    assert len(workers.pids) == 1
    await text(workers, "two")
    assert workers.pids == []


async def test_a_refusal_comes_through(make: Made, caplog: pytest.LogCaptureFixture) -> None:
    """A parser's own refusal keeps its status, words and field; an error it must not make is logged."""
    workers = make()
    with pytest.raises(InvalidRequestError) as caught:
        await text(workers, '{"text": 3}', "application/json")
    assert (caught.value.status, caught.value.param) == (422, "text")
    assert [field.message for field in caught.value.fields] == ["must be text"]
    assert "no readable text" in (await refused(workers, "")).detail
    assert (await refused(workers, "!status")).status == 422
    with pytest.raises(InvalidRequestError, match="broken, or not of its media type"):
        await text(workers, b"\xff")
    assert "UnicodeDecodeError in" in caplog.text


async def test_a_process_has_given_up_what_it_does_not_need(make: Made) -> None:
    """It opens no socket, starts no program, writes no file, and knows none of our variables."""
    assert "PATH" in os.environ
    workers = make()
    said = (await text(workers, "!try")).split("\n\n")
    assert said[:3] == [f"{name} refused: PermissionError" for name in ("socket", "program", "fork")]
    assert said[3] in ("file refused: OSError", "file refused: PermissionError")
    assert set(said[4].split()) <= {"LANG", "LC_CTYPE"}


@pytest.mark.parametrize("media_type", PARSERS)
async def test_a_confined_process_still_finds_its_libraries(make: Made, media_type: str) -> None:
    """Every parser is imported when its first document comes, after the process was shut off."""
    workers = make(program=REAL)
    assert (await text(workers, SOUND[media_type], media_type)).startswith("word word")


async def test_what_a_library_prints_is_no_answer(make: Made) -> None:
    """Standard output is not the pipe the answers go through."""
    assert await text(make(), "!print\n\nread") == "!print\n\nread"


async def test_a_killed_idle_process_is_replaced(make: Made) -> None:
    """A process somebody killed between two documents costs nobody anything."""
    workers = make()
    await text(workers, "one")
    (pid,) = workers.pids
    os.kill(pid, signal.SIGKILL)
    assert await text(workers, "two") == "two"
    assert workers.pids != [pid]


async def test_idle_processes_are_let_go(make: Made) -> None:
    """Processes nobody needs give their memory back after a while."""
    workers = make(idle_s=0.01)
    await text(workers, "one")
    await eventually(lambda: not workers.pids)
    assert await text(workers, "two") == "two"


async def test_stopping_ends_what_is_under_way(make: Made) -> None:
    """A stop does not wait for a document; whoever waits for it may try again."""
    workers = make()
    waiting = asyncio.ensure_future(refused(workers, "!sleep"))
    await eventually(lambda: bool(workers.pids))
    (pid,) = workers.pids
    await workers.close()
    assert isinstance(await waiting, DrainingError)
    assert is_gone(pid)
    assert isinstance(await refused(workers, "late"), DrainingError)


async def test_a_caller_that_leaves_takes_its_process_along(make: Made) -> None:
    """A parse that is cancelled leaves no process at work on it."""
    workers = make()
    task = asyncio.ensure_future(text(workers, "!sleep"))
    await eventually(lambda: bool(workers.pids))
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert workers.pids == []


async def test_without_processes_it_can_be_tried_again(make: Made) -> None:
    """Where no process comes up, the document is not to blame."""
    for program in (("-c", "pass"), ("-c", "print('no frame here at all')")):
        error = await refused(make(program=program), "x")
        assert isinstance(error, OverloadedError)
        assert error.retryable
