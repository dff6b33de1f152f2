"""``carrel chat`` in a terminal of its own, against the whole of Carrel, through a restart of chat_ws."""

import asyncio
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import book
from tests.support.fake_cohere import KEY, cohere
from tests.support.system import CARREL, Carrel

pytestmark = pytest.mark.system


class Terminal:
    """``carrel chat`` as a person sees it."""

    def __init__(self, carrel: Carrel) -> None:
        self._master, slave = pty.openpty()
        self._process = subprocess.Popen(
            [CARREL, "chat"], env=carrel.env, cwd=carrel.folder, stdin=slave, stdout=slave, stderr=slave
        )
        os.close(slave)
        self.seen = ""

    def type(self, line: str) -> None:
        """Write a line, as with the keyboard."""
        os.write(self._master, f"{line}\n".encode())

    async def shows(self, text: str, *, within: float = 60) -> None:
        """Wait until ``text`` is on the screen, after what was waited for before."""
        async with asyncio.timeout(within):
            while text not in self.seen:
                try:
                    data = await asyncio.to_thread(os.read, self._master, 4096)
                except OSError as error:  # the terminal is closed: the program has ended
                    raise AssertionError(f"it ended; seen: {self.seen}") from error
                self.seen += data.decode("utf-8", "replace")
        self.seen = self.seen.partition(text)[2]

    async def end(self) -> int:
        """Return the exit code."""
        code = await asyncio.to_thread(self._process.wait, 30)
        os.close(self._master)
        return code

    def kill(self) -> None:
        """End it, if it runs."""
        self._process.kill()
        self._process.wait()


async def supervisorctl(carrel: Carrel, *arguments: str) -> str:
    """Run supervisorctl as an operator does."""
    program = Path(sys.executable).with_name("supervisorctl")
    where = f"unix://{carrel.layout.run_dir}/supervisor.sock"
    # In another folder than the configuration's, which needs variables of the supervisor's own.
    process = await asyncio.create_subprocess_exec(
        program, "-s", where, *arguments, stdout=subprocess.PIPE, cwd=carrel.folder
    )
    said, _ = await asyncio.wait_for(process.communicate(), 60)
    return said.decode()


async def test_a_chat_outlives_a_restart_in_the_middle_of_an_answer(tmp_path: Path) -> None:
    """The answer grows, the service is restarted, the answer is given all the same; the talk goes on."""
    async with cohere() as fake:
        carrel = Carrel(tmp_path, COHERE_API_KEY=KEY, COHERE_BASE_URL=fake.url)
        terminal = None
        try:
            await asyncio.to_thread(carrel.start)
            await asyncio.to_thread(carrel.carrel, "ingest", book.write(tmp_path / "book"))
            terminal = Terminal(carrel)
            await terminal.shows("> ")
            fake.going.clear()
            terminal.type("What is a Fresnel lens?")
            await terminal.shows("What is a Fresnel lens?")  # what was typed
            await terminal.shows("A ")

            assert "chat_ws: started" in await supervisorctl(carrel, "restart", "chat_ws")
            fake.going.set()

            await terminal.shows("asked for once more")
            await terminal.shows("A Fresnel lens is a lens made of rings of glass")
            await terminal.shows("[1] ")
            await terminal.shows("> ")
            terminal.type("How long does a watch last?")
            await terminal.shows("[1] ")
            await terminal.shows("> ")
            terminal.type("/quit")
            assert await terminal.end() == 0
            key = {"X-API-Key": carrel.admin_key}
            kept = await asyncio.to_thread(carrel.get, "/v1/conversations", **key)
            assert [item["message_count"] for item in kept.json()["items"]] == [5]
        finally:
            fake.going.set()
            if terminal is not None:
                terminal.kill()
            await asyncio.to_thread(carrel.close)
