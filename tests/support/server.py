"""An application on a real listening socket, in the test's own event loop."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn

from shared.serve import config, listen


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers and without its tenth of a second between looks."""

    def __init__(self, configuration: uvicorn.Config) -> None:
        super().__init__(configuration)
        self.ready, self.over = asyncio.Event(), asyncio.Event()

    async def main_loop(self) -> None:
        self.ready.set()
        await self.over.wait()

    async def run_on(self, sock: socket.socket) -> None:
        await self._serve([sock])


@asynccontextmanager
async def serving(app: Any, **options: Any) -> AsyncIterator[int]:
    """Serve ``app`` as our services are served; give the port. ``options`` are uvicorn's."""
    sock = listen("127.0.0.1", 0, variable="PORT")
    server = _Server(config(app, graceful_s=1, **options))
    running = asyncio.get_running_loop().create_task(server.run_on(sock))
    started = asyncio.get_running_loop().create_task(server.ready.wait())
    await asyncio.wait([running, started], return_when=asyncio.FIRST_COMPLETED)
    started.cancel()
    try:
        yield sock.getsockname()[1]
    finally:
        server.over.set()
        await running
