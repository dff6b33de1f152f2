"""Running a service: one listening socket, uvicorn on it, a bounded graceful stop.

The socket is bound before uvicorn starts, so that a taken port is one clear line. Where the kernel can,
the process asks to be stopped when its supervisor dies, so that a killed supervisor leaves no orphan.
"""

import asyncio
import ctypes
import signal
import socket
import sys
from typing import Any

import uvicorn

from shared.settings import refuse

_PR_SET_PDEATHSIG = 1


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


def serve(app: Any, *, sock: socket.socket, graceful_s: int, **options: Any) -> None:
    """Serve ``app`` on ``sock`` until SIGTERM or SIGINT, then drain for at most ``graceful_s`` seconds."""
    die_with_parent(signal.SIGTERM)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="on",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=graceful_s,
        **options,
    )
    server = uvicorn.Server(config)
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(server.serve(sockets=[sock]))
    if not server.started:
        sys.exit(3)


def die_with_parent(signum: int) -> None:
    """Ask the kernel for ``signum`` when the parent process dies; does nothing where it cannot."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signum, 0, 0, 0)
