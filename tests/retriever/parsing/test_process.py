"""A process that parses is started, asked and ended, and never outlives anybody."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from retriever.parsing.frames import Question
from retriever.parsing.process import ParsingProcess, ProcessLostError
from tests.support.parsing_program import PROGRAM
from tests.support.waiting import eventually

ROOT = Path(__file__).parents[3]
MEMORY = 256 * 1024 * 1024
ASKED = Question("text/markdown", "a.md", "", 30)
PARENT = """
import asyncio
from retriever.parsing.process import ParsingProcess
from tests.retriever.parsing.test_process import ASKED, MEMORY
from tests.support.parsing_program import PROGRAM

async def main():
    idle = await ParsingProcess.start(memory_bytes=MEMORY, program=PROGRAM)
    busy = await ParsingProcess.start(memory_bytes=MEMORY, program=PROGRAM)
    asking = asyncio.ensure_future(busy.ask(ASKED, b"!sleep"))
    await asyncio.sleep(0)
    print(idle.pid, busy.pid, flush=True)
    await asking

asyncio.run(main())
"""


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


async def test_it_answers_again_and_again() -> None:
    """One process answers one document after the other, empty ones too, and is gone after its end."""
    process = await ParsingProcess.start(memory_bytes=MEMORY)
    for text in (b"# One\n\nx", b"", b"y" * 300_000):
        told, packed = await process.ask(ASKED, text)
        assert (told.problem is None) == bool(text) == bool(packed)
        assert told.resident_bytes > 0
    assert process.documents == 3
    await process.end()
    assert is_gone(process.pid)
    await process.end()


async def test_one_that_ends_is_lost() -> None:
    """A process that ends before its answer is an error that tells its exit code, and stays one."""
    process = await ParsingProcess.start(memory_bytes=MEMORY, program=PROGRAM)
    with pytest.raises(ProcessLostError, match="code 3"):
        await process.ask(ASKED, b"!exit")
    with pytest.raises(ProcessLostError, match="it ended"):
        await process.ask(ASKED, b"x" * 10_000_000)
    await process.end()


async def test_a_monstrous_answer_is_not_read() -> None:
    """A process cannot fill its parent's memory."""
    program = ("-c", "import os; os.write(1, b'\\xff' * 8)")
    with pytest.raises(ProcessLostError, match="bytes"):
        await ParsingProcess.start(memory_bytes=MEMORY, program=program)


async def test_one_that_begins_wrongly_is_ended() -> None:
    """What says something else at first is no process of ours; nothing of it is left."""
    program = ("-c", "import os; os.write(1, bytes(7) + b'\\x03who'); input()")
    with pytest.raises(ProcessLostError, match="something else"):
        await ParsingProcess.start(memory_bytes=MEMORY, program=program)


async def test_it_dies_with_its_parent() -> None:
    """When the retriever is killed, its processes end, also one in the middle of a document."""
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    assert parent.stdout is not None
    pids = [int(pid) for pid in (await parent.stdout.readline()).split()]
    assert len(pids) == 2
    assert not any(map(is_gone, pids))
    os.kill(parent.pid, signal.SIGKILL)
    await parent.wait()
    await eventually(lambda: all(map(is_gone, pids)))
