"""A server of streams that leaves nothing behind, not even a connection that nobody has begun to serve."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]


@asynccontextmanager
async def stream_server(serve: Serve) -> AsyncIterator[int]:
    """Serve each connection to a free port of 127.0.0.1, which is given; all ends with the block."""
    tasks: set[asyncio.Task[None]] = set()
    writers: list[asyncio.StreamWriter] = []

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)

        def ended(task: asyncio.Task[None]) -> None:
            tasks.discard(task)
            # A task that is cancelled before it begins closes nothing itself.
            writer.close()

        task = asyncio.get_running_loop().create_task(serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(ended)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(set(tasks))
        for writer in writers:
            # What a peer never reads would keep it open.
            writer.transport.abort()
