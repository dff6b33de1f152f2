"""A WebSocket service that says everything back, each frame as it came. Its cost is not counted."""

import argparse
import asyncio
from typing import cast

import uvloop

from bench.clients.frames import CLOSE, PING, PONG, FrameReader, accept_key, server_frame


class Echo(asyncio.Protocol):
    """One connection: the handshake, then frames."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._head = b""
        self._frames: FrameReader | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        if self._frames is None:
            self._shake(self._transport, data)
            return
        answers = []
        for opcode, payload in self._frames.feed(data):
            answers.append(server_frame(PONG if opcode == PING else opcode, payload))
            if opcode == CLOSE:
                self._transport.write(b"".join(answers))
                self._transport.close()
                return
        self._transport.write(b"".join(answers))

    def _shake(self, transport: asyncio.Transport, data: bytes) -> None:
        self._head += data
        head, end, rest = self._head.partition(b"\r\n\r\n")
        if not end:
            return
        lines = [line.partition(b":") for line in head.split(b"\r\n")[1:]]
        headers = {name.strip().lower(): value.strip() for name, _, value in lines}
        key, offered = headers.get(b"sec-websocket-key"), headers.get(b"sec-websocket-protocol", b"")
        if key is None:
            transport.write(
                b"HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            )
            transport.close()
            return
        answer = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        answer += b"Sec-WebSocket-Accept: %s\r\n" % accept_key(key)
        if offered:
            answer += b"Sec-WebSocket-Protocol: %s\r\n" % offered.partition(b",")[0]
        transport.write(answer + b"\r\n")
        self._frames, self._head = FrameReader(), b""
        if rest:
            self.data_received(rest)


async def serve(port: int) -> None:
    """Serve on ``port`` until the process is ended."""
    server = await asyncio.get_running_loop().create_server(Echo, "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


def main() -> None:
    """Serve on the given port."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    uvloop.run(serve(parser.parse_args().port))


if __name__ == "__main__":
    main()
