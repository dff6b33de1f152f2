"""A proxy that refuses HEAD and passes everything else on, WebSockets too: what kept Spaces on Starting."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.support.in_thread import in_thread
from tests.support.streams import stream_server

_REFUSED = b"HTTP/1.1 405 Method Not Allowed\r\nallow: GET\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


@contextmanager
def refusing_head(port: int) -> Iterator[str]:
    """Stand in front of ``port`` of this machine; give the address."""

    async def through(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ours, theirs = await asyncio.open_connection("127.0.0.1", port)
        try:
            with suppress(OSError):
                async with asyncio.TaskGroup() as group:
                    group.create_task(_copy(reader, theirs, answer=writer))
                    group.create_task(_copy(ours, writer))
        finally:
            theirs.close()

    with in_thread(lambda: stream_server(through)) as (own, _):
        yield f"http://127.0.0.1:{own}"


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
