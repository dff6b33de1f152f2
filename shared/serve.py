"""Running a service: one listening socket, uvicorn on it, a bounded graceful stop.

The socket is bound before uvicorn starts, so that a taken port is one clear line.
"""

import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from contextvars import copy_context
from types import FrameType
from typing import Any

import uvicorn

from shared.settings import refuse
from shared.tasks import spawn


def listen(host: str, port: int, *, variable: str) -> socket.socket:
    """Return a socket bound to ``host`` and ``port``, or end the process naming ``variable``."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
    except OSError as error:
        sock.close()
        refuse(f"{variable}: cannot listen on {host}:{port}: {error.strerror}; set {variable} to a free port")
    return sock


class _Server(uvicorn.Server):
    """uvicorn, but draining while it still serves: it would close every WebSocket first."""

    def __init__(
        self,
        config: uvicorn.Config,
        drain: Callable[[], Awaitable[None]] | None,
        last: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(config)
        self._drain, self._last = drain, last
        self._loop: asyncio.AbstractEventLoop | None = None
        self._context = copy_context()

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().serve(sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        # Here and not behind it: the signal is raised once more then, and ends the process.
        if self._last is not None:
            await asyncio.to_thread(self._last)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        drain, self._drain = self._drain, None
        if drain is None or self._loop is None or not self.started:
            super().handle_exit(sig, frame)
        else:
            # A signal comes in the middle of some request; its lines are not that request's.
            self._loop.call_soon_threadsafe(self._begin, drain, sig, context=self._context)

    def _begin(self, drain: Callable[[], Awaitable[None]], sig: int) -> None:
        _ = spawn(self._drain_and_exit(drain, sig), name="drain")

    async def _drain_and_exit(self, drain: Callable[[], Awaitable[None]], sig: int) -> None:
        try:
            await drain()
        finally:
            super().handle_exit(sig, None)


def serve(
    app: Any,
    *,
    sock: socket.socket,
    graceful_s: int,
    drain: Callable[[], Awaitable[None]] | None = None,
    last: Callable[[], None] | None = None,
    **options: Any,
) -> None:
    """Serve ``app`` on ``sock`` until SIGTERM or SIGINT.

    Then ``drain``, if given, runs while the service still answers; after it, what is still open has
    ``graceful_s`` seconds. A second signal ends the draining. ``last`` is done, in a thread, when all that is
    over. ``options`` are uvicorn's own.
    """
    configuration = config(app, graceful_s=graceful_s, **options)
    server = _Server(configuration, drain, last)
    # uvicorn raises the signal once more when all is over: neither Ctrl-C nor SIGTERM is an error.
    # Process 1 of a container is given no signal that it has no handler for.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with (
        contextlib.suppress(KeyboardInterrupt),
        asyncio.Runner(loop_factory=configuration.get_loop_factory()) as runner,
    ):
        runner.run(server.serve(sockets=[sock]))
    if not server.started:
        sys.exit(3)


def config(app: Any, *, graceful_s: int, **options: Any) -> uvicorn.Config:
    """Return how every service of ours is served."""
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="on",
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=graceful_s,
        **({"ws": "websockets-sansio"} | options),
    )
