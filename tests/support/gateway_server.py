"""The gateway on a real socket, in front of whatever a test puts behind it; and a client without manners."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

from gateway.access import AccessLog
from gateway.app import create_app, default_adapters
from gateway.client.doors import Doors
from gateway.server import options
from gateway.settings import GatewaySettings
from shared.tracing import Tracer
from tests.support.gateway_upstream import WARM_UP
from tests.support.server import serving

ADMIN_KEY = "the-owner's-key-0123456789"
INTERNAL_TOKEN = "between-the-services-0123456789"
SESSION_SECRET = "signs-the-visitors'-tokens-0123456789"
Start = Callable[..., AbstractAsyncContextManager["Gateway"]]
"""Runs a gateway, as :func:`gateway` does."""
NOWHERE = "http://127.0.0.1:9"
"""Nobody listens there."""
OWNER = f"X-API-Key: {ADMIN_KEY}\r\n"


@dataclass
class Reply:
    """One answer of the gateway."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def get(self, name: str) -> str | None:
        """The only value of ``name``."""
        values = [value for key, value in self.headers if key == name]
        assert len(values) < 2, (name, values)
        return values[0] if values else None

    @property
    def json(self) -> Any:
        """The body, read."""
        return json.loads(self.body)


class Client:
    """One connection to the gateway, byte for byte."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def send(self, data: bytes | str) -> None:
        """Send ``data`` as it is."""
        self.writer.write(data.encode() if isinstance(data, str) else data)
        await self.writer.drain()

    async def ask(self, method: str, target: str, headers: str = "", body: bytes = b"") -> Reply:
        """Send one request and return its answer."""
        length = f"content-length: {len(body)}\r\n" if body else ""
        await self.send(
            f"{method} {target} HTTP/1.1\r\nhost: carrel.test\r\n{length}{headers}\r\n".encode() + body
        )
        return await self.reply(bodiless=method == "HEAD")

    async def head(self) -> Reply:
        """Read the head of an answer."""
        raw = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        line, *lines = raw.split("\r\n")[:-2]
        pairs = (entry.partition(":") for entry in lines)
        headers = [(name.lower(), value.strip()) for name, _, value in pairs]
        return Reply(int(line.split(" ")[1]), headers, b"")

    async def reply(self, *, bodiless: bool = False) -> Reply:
        """Read a whole answer; an answer that is cut raises IncompleteReadError."""
        reply = await self.head()
        if bodiless or reply.status in (204, 304):
            return reply
        if (length := reply.get("content-length")) is not None:
            reply.body = await self.reader.readexactly(int(length))
        else:
            assert reply.get("transfer-encoding") == "chunked"
            while chunk := await self.chunk():
                reply.body += chunk
        return reply

    async def chunk(self) -> bytes:
        """Read one chunk of an answer; nothing at its end."""
        size = int(await self.reader.readuntil(b"\r\n"), 16)
        return (await self.reader.readexactly(size + 2))[:-2]

    def take(self, *, nothing: bool = False) -> None:
        """Read again, or stop reading: the gateway's answers then stay where they are."""
        transport = cast(asyncio.Transport, self.writer.transport)
        if nothing:
            transport.pause_reading()
        else:
            transport.resume_reading()

    async def at_end(self) -> bytes:
        """Read what is left until the gateway closes."""
        return await self.reader.read()

    async def close(self) -> None:
        """Close the connection."""
        self.writer.close()


@dataclass
class Gateway:
    """A gateway that is running."""

    port: int
    doors: Doors
    written: list[str]
    """What the access log wrote, for :attr:`log`."""

    @property
    def log(self) -> list[dict[str, Any]]:
        """The lines of the access log, read."""
        return [json.loads(line) for text in self.written for line in text.splitlines()]

    @asynccontextmanager
    async def client(self) -> AsyncIterator[Client]:
        """Open a connection to it."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            yield Client(reader, writer)
        finally:
            writer.close()

    async def ask(self, method: str, target: str, headers: str = OWNER, body: bytes = b"") -> Reply:
        """Ask one thing on a connection of its own."""
        async with self.client() as client, asyncio.timeout(10):
            return await client.ask(method, target, headers, body)

    async def warm_up(self) -> None:
        """Let there be a kept connection to each service: requests then take the short way."""
        for path in ("/v1/documents", "/v1/conversations"):
            await self.ask("GET", path + WARM_UP)
        await asyncio.sleep(0)
        self.written.clear()

    async def session(self, headers: str = "") -> str:
        """Return a visitor's token."""
        token: str = (await self.ask("POST", "/v1/sessions", headers)).json["token"]
        return token


def settings(**changed: Any) -> GatewaySettings:
    """Return settings that reach nothing, with ``changed``."""
    plain = {
        "admin_api_key": ADMIN_KEY,
        "internal_token": INTERNAL_TOKEN,
        "session_secret": SESSION_SECRET,
        "retriever_url": NOWHERE,
        "chat_url": NOWHERE,
    }
    return GatewaySettings(**(plain | changed))


@asynccontextmanager
async def gateway(
    *, warm: bool = False, watched: bool = False, tracer: Tracer | None = None, **changed: Any
) -> AsyncIterator[Gateway]:
    """Run the gateway as ``python -m gateway`` does, with settings ``changed``.

    ``warm`` lets requests take the short way from the first one on. Unless ``watched``, nothing is asked of
    the services but what a test asks for. ``tracer`` is told of each request.
    """
    chosen = settings(**changed)
    written: list[str] = []
    access = AccessLog(log_format="json", log_level=chosen.log_level, write=written.append)
    adapters = default_adapters(chosen, access=access)
    made = create_app(chosen, adapters=adapters, watched=watched, tracer=tracer)
    async with serving(made.app, **options(chosen, made.doors)) as port:
        running = Gateway(port, made.doors, written)
        if warm:
            await running.warm_up()
        yield running


def lines(headers: Iterable[tuple[str, str]]) -> str:
    """Return ``headers`` as they go over the wire."""
    return "".join(f"{name}: {value}\r\n" for name, value in headers)
