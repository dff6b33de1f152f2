"""A proxy that refuses HEAD and passes everything else on, WebSockets too: what kept Spaces on Starting."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_REFUSED = b"HTTP/1.1 405 Method Not Allowed\r\nallow: GET\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


@contextmanager
def refusing_head(port: int) -> Iterator[str]:
    """Stand in front of ``port`` of this machine; give the address."""
    loop = asyncio.new_event_loop()
    started: list[int] = []
    ready, over = threading.Event(), asyncio.Event()

    async def serve() -> None:
        server = await asyncio.start_server(lambda r, w: _through(r, w, port), "127.0.0.1", 0)
        started.append(server.sockets[0].getsockname()[1])
        ready.set()
        await over.wait()
        server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        assert ready.wait(10)
        yield f"http://127.0.0.1:{started[0]}"
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()


async def _through(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
    ours, theirs = await asyncio.open_connection("127.0.0.1", port)
    with suppress(asyncio.CancelledError, OSError):
        async with asyncio.TaskGroup() as group:
            group.create_task(_copy(reader, theirs, answer=writer))
            group.create_task(_copy(ours, writer))
    for one in (writer, theirs):
        one.close()


async def _copy(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answer: asyncio.StreamWriter | None = None
) -> None:
    """Copy to the end; of what goes up, each piece of a plain client is the beginning of a request."""
    while data := await reader.read(65_536):
        if answer is not None and data.startswith(b"HEAD "):
            answer.write(_REFUSED)
            await answer.drain()
            break
        writer.write(data)
        await writer.drain()
    with suppress(OSError):
        writer.write_eof()
