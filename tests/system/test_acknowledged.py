"""What was acknowledged is stored, once: through kills of the service and of the database, and a full disk.

Real processes; the writers go on through every fault and resend what nobody confirmed.
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.support.chat_process import ChatProcess
from tests.support.ledger import Writer, audit
from tests.support.postgres import PostgresServer
from tests.support.small_disk import SmallDisk
from tests.support.waiting import eventually

pytestmark = pytest.mark.system
WRITERS = 6
_QUESTIONS = (
    "SELECT m.client_message_id::text, m.id, m.conversation_id, m.run_id FROM messages AS m"
    " WHERE m.role = 'user' AND m.client_message_id IS NOT NULL"
)


class Place:
    """A database, a chat service, and those who write."""

    def __init__(self, server: PostgresServer, chat: ChatProcess) -> None:
        self.server, self.chat = server, chat
        self.writers = [Writer(chat.port, f"visitor_{number}") for number in range(WRITERS)]

    def total(self, count: Callable[[Writer], int]) -> int:
        """The sum over all writers."""
        return sum(count(writer) for writer in self.writers)

    async def grows(self, count: Callable[[Writer], int], by: int) -> None:
        """Wait until a count is higher by so much."""
        wanted = self.total(count) + by
        await eventually(lambda: self.total(count) >= wanted, within=90)

    async def writes(self) -> None:
        """Wait until every writer has had something acknowledged from now on."""
        before = [len(writer.promises) for writer in self.writers]

        def all_wrote() -> bool:
            return all(len(w.promises) > b for w, b in zip(self.writers, before, strict=True))

        await eventually(all_wrote, within=90)

    async def check(self) -> None:
        """All is stored once; every resend is recognised; no run is left open."""
        await asyncio.gather(*(writer.resend() for writer in self.writers))
        assert self.total(lambda writer: writer.found) >= self.total(lambda writer: len(writer.promises))
        assert audit(self.writers, self.server.execute(_QUESTIONS)) == []
        open_runs = "SELECT r.id FROM runs AS r WHERE r.status = 'running'"
        await eventually(lambda: not self.server.execute(open_runs), within=70)


@asynccontextmanager
async def place(folder: Path, data: Path) -> AsyncIterator[Place]:
    """The writers at work; afterwards all of it is ended."""
    server = PostgresServer(data)
    await asyncio.to_thread(server.start)
    chat = ChatProcess(server.url(), folder, LIMITS="off")
    try:
        await asyncio.to_thread(chat.start)
        yield Place(server, chat)
    finally:
        chat.kill()
        if server.runs:
            await asyncio.to_thread(server.stop)


@asynccontextmanager
async def writing(here: Place) -> AsyncIterator[None]:
    """The writers write within the block; their last questions are seen to the end."""
    stop = asyncio.Event()
    tasks = [asyncio.ensure_future(writer.run(stop)) for writer in here.writers]
    try:
        await here.writes()
        yield
        await here.writes()
    finally:
        stop.set()
        await asyncio.gather(*tasks)


async def test_through_kills_of_the_service(tmp_path: Path) -> None:
    """kill -9 of chat_ws under writing, again and again."""
    async with place(tmp_path, tmp_path / "pg") as here:
        async with writing(here):
            for _ in range(3):
                here.chat.kill()
                await here.grows(lambda writer: writer.lost, WRITERS)
                await asyncio.to_thread(here.chat.start)
                await here.writes()
        await here.check()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT, signal.SIGKILL])
async def test_through_restarts_of_the_database(tmp_path: Path, how: signal.Signals) -> None:
    """PostgreSQL ends in the middle of writes, orderly, at once or killed; writers are told: not now."""
    async with place(tmp_path, tmp_path / "pg") as here:
        async with writing(here):
            for _ in range(2):
                await asyncio.to_thread(here.server.stop, how)
                await here.grows(lambda writer: writer.refused, WRITERS)
                await asyncio.to_thread(here.server.start)
                await here.writes()
        assert here.chat.alive
        await here.check()


async def test_through_a_full_disk(tmp_path: Path) -> None:
    """Nothing is acknowledged that the disk had no room for; with room again, writing goes on by itself."""
    with SmallDisk(tmp_path / "disk").mounted(160) as disk:
        async with place(tmp_path, disk.folder / "pg") as here:
            async with writing(here):
                disk.fill()
                await here.grows(lambda writer: writer.refused + writer.lost, 5 * WRITERS)
                full = "No space left" in here.chat.log.read_text() or not here.server.runs
                disk.free()
                # Where the log found no room the server ends itself, and its supervisor starts it again.
                if not here.server.runs:
                    await asyncio.to_thread(here.server.start)
                await here.writes()
            assert here.chat.alive
            assert full
            await here.check()
