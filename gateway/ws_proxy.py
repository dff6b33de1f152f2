"""The chat's WebSocket, passed on message by message.

Owns the connection to the chat service and the relay between the two sockets. Who may open one was decided
before; a refusal of the service is answered as HTTP, before the upgrade. The token goes no further.
"""

import asyncio
import json
import logging
import time
from collections.abc import Iterable
from contextlib import suppress

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol

from gateway.closing import toward_client, toward_service
from gateway.headers import Header
from gateway.identity import Caller
from gateway.limits import Places
from shared import tasks
from shared.contracts.chat_ws import SUBPROTOCOL
from shared.errors import (
    CarrelError,
    MalformedError,
    UnauthorizedError,
    UpstreamUnavailableError,
    from_problem,
)
from shared.http import Receive, Scope, Send

_log = logging.getLogger(__name__)
_CLOSE_TIMEOUT_S = 2.0
MAX_ANSWER_BYTES = 16 * 1024 * 1024
"""The largest frame of the chat service; the largest of a client is the public server's to refuse."""


class SocketProxy:
    """Relays WebSockets to the chat service at ``url``."""

    def __init__(self, url: str, *, places: Places, connect_timeout_s: float) -> None:
        self._url = "ws" + url.removeprefix("http")
        self._places = places
        self._connect_timeout_s = connect_timeout_s

    async def __call__(
        self, scope: Scope, receive: Receive, send: Send, *, caller: Caller, headers: Iterable[Header]
    ) -> None:
        """Relay one WebSocket until either side closes; ``headers`` are what the service is told.

        Raises
        ------
        CarrelError
            Before the upgrade only: too many connections, no service, or the service's own refusal.
        """
        offered = scope["subprotocols"]
        if offered and SUBPROTOCOL not in offered:
            raise MalformedError(f"The subprotocol is {SUBPROTOCOL}: offer it")
        await receive()  # websocket.connect
        with self._places.taken(caller.principal.id):
            upstream = await self._open(scope["raw_path"], headers)
            try:
                await send({"type": "websocket.accept", "subprotocol": SUBPROTOCOL if offered else None})
                await _relay(upstream, receive, send, expires=caller.expires)
            except OSError:
                # The server's way of saying that the client is gone; there is nobody to tell.
                pass
            finally:
                await upstream.close(*toward_service(1006, ""))

    async def _open(self, raw_path: bytes, headers: Iterable[Header]) -> ClientConnection:
        try:
            return await connect(
                self._url + raw_path.decode("ascii"),
                additional_headers=[
                    (name.decode("ascii"), value.decode("latin-1")) for name, value in headers
                ],
                subprotocols=[Subprotocol(SUBPROTOCOL)],
                user_agent_header=None,
                compression=None,
                max_size=MAX_ANSWER_BYTES,
                open_timeout=self._connect_timeout_s,
                close_timeout=_CLOSE_TIMEOUT_S,
                proxy=None,
            )
        except InvalidStatus as refusal:
            raise _refusal(refusal) from None
        except (InvalidHandshake, OSError):
            raise UpstreamUnavailableError(
                "The chat service cannot be reached", retry_after_ms=1_000
            ) from None


async def _relay(upstream: ClientConnection, receive: Receive, send: Send, *, expires: int | None) -> None:
    down = tasks.spawn(_down(upstream, send), name="gateway socket")
    try:
        async with asyncio.timeout(None if expires is None else expires - time.time()):
            await _up(upstream, receive)
    except TimeoutError:
        error = UnauthorizedError("the visitor token has expired")
        await send({"type": "websocket.close", "code": error.close_code, "reason": error.detail})
    finally:
        await tasks.cancel(down)


async def _up(upstream: ClientConnection, receive: Receive) -> None:
    while (event := await receive())["type"] != "websocket.disconnect":
        text = event.get("text")
        try:
            await upstream.send(event["bytes"] if text is None else text)
        except ConnectionClosed:
            # The other direction tells the client; what it still says goes nowhere.
            continue
    await upstream.close(*toward_service(event.get("code", 1005), event.get("reason") or ""))


async def _down(upstream: ClientConnection, send: Send) -> None:
    try:
        while True:
            message = await upstream.recv()
            kind = "text" if isinstance(message, str) else "bytes"
            await send({"type": "websocket.send", kind: message})
    except ConnectionClosed as closed:
        code, reason = (
            toward_client(closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else toward_client(None, "")
        )
        await _close(send, code, reason)
    except OSError:
        # The client is gone: the other direction has been told, too.
        pass


async def _close(send: Send, code: int, reason: str) -> None:
    with suppress(OSError):
        await send({"type": "websocket.close", "code": code, "reason": reason})


def _refusal(refusal: InvalidStatus) -> CarrelError:
    """Return what the service answered instead of the upgrade; one that was not for the client is ours."""
    status = refusal.response.status_code
    try:
        body = json.loads(refusal.response.body or b"")
    except ValueError:
        body = {}
    if not isinstance(body, dict) or "code" not in body or status < 400 or status == 401:
        _log.error("the chat service answered HTTP %d to a handshake", status)
        return UpstreamUnavailableError("The chat service refused the connection", retry_after_ms=1_000)
    return from_problem(body, status=status)
