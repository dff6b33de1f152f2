"""The chat protocol's WebSocket, as a command calls it: blocking, one connection at a time.

Owns the connection and the translation of what goes wrong with it. What frames mean is not known here.
"""

import json
import socket
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from typing import Any, Literal

from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect

from shared.contracts.chat_ws import SUBPROTOCOL
from shared.errors import CarrelError, UpstreamUnavailableError, from_problem

_OPEN_S = 10.0
_CLOSE_S = 1.0


class ChatSocket:
    """A WebSocket to the chat of ``server``, an http address, opened when it is needed.

    ``bearer`` is a visitor's token or the admin key; ``through_proxy`` honours the environment's proxies;
    ``headers`` are further ones of the handshake.
    """

    def __init__(
        self, server: str, *, bearer: str, through_proxy: bool, headers: Mapping[str, str] | None = None
    ) -> None:
        self._url = server.replace("http", "ws", 1) + "/v1/chat"
        self._headers = {**(headers or {}), "Authorization": f"Bearer {bearer}"}
        self._proxy: Literal[True] | None = True if through_proxy else None
        self._stack = ExitStack()
        self._connection: ClientConnection | None = None

    @property
    def is_open(self) -> bool:
        """Whether there is a connection, as far as is known."""
        return self._connection is not None

    def open(self) -> None:
        """Connect.

        Raises
        ------
        CarrelError
            What the server refused it with, or ``upstream_unavailable``.
        """
        try:
            self._connection = self._stack.enter_context(
                connect(
                    self._url,
                    subprotocols=[SUBPROTOCOL],  # type: ignore[list-item]  # websockets' own type for a name
                    additional_headers=self._headers,
                    open_timeout=_OPEN_S,
                    close_timeout=_CLOSE_S,
                    proxy=self._proxy,
                    max_size=None,
                )
            )
        except InvalidStatus as error:
            raise _refusal(error) from error
        except (OSError, TimeoutError, EOFError, WebSocketException) as error:
            raise UpstreamUnavailableError("The server cannot be reached") from error

    def send(self, frame: Mapping[str, Any]) -> None:
        """Send one frame; raises ``upstream_unavailable`` when the connection is lost."""
        try:
            self._opened().send(json.dumps(frame))
        except (OSError, WebSocketException) as error:
            raise self._lost() from error

    def receive(self, *, timeout_s: float) -> str | None:
        """Return the next frame, or None when none came in time.

        Raises
        ------
        UpstreamUnavailableError
            When the connection is lost.
        """
        try:
            return str(self._opened().recv(timeout=timeout_s))
        except TimeoutError:
            return None
        except (ConnectionClosed, OSError, EOFError) as error:
            raise self._lost() from error

    def drop(self) -> None:
        """Lose the connection, as when a cable is drawn: nothing is said to the server."""
        if self._connection is not None:
            with suppress(OSError):
                self._connection.socket.shutdown(socket.SHUT_RDWR)
        self.close()

    def close(self) -> None:
        """End the connection, if there is one."""
        self._connection = None
        self._stack.close()

    def _opened(self) -> ClientConnection:
        if self._connection is None:
            raise UpstreamUnavailableError("The connection is not open")
        return self._connection

    def _lost(self) -> UpstreamUnavailableError:
        self.close()
        return UpstreamUnavailableError("The connection broke off")


def _refusal(error: InvalidStatus) -> CarrelError:
    status, body = error.response.status_code, error.response.body or b""
    try:
        told = json.loads(body)
    except ValueError:
        told = None
    if not isinstance(told, dict) or "code" not in told:
        told = {"detail": f"The server answered HTTP {status}", "retryable": status in (429, 502, 503, 504)}
    return from_problem(told, status=status)
