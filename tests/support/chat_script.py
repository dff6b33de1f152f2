"""A chat server that does as a script says: for clients that must cope with a bad one."""

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

Frame = dict[str, Any]
Script = Callable[["Talk"], None]


class Talk:
    """One connection: what came, and what is said."""

    def __init__(self, connection: ServerConnection) -> None:
        self._connection = connection

    def hear(self) -> Frame:
        """Return the next frame."""
        frame: Frame = json.loads(self._connection.recv(timeout=10))
        return frame

    def say(self, *frames: Frame) -> None:
        """Send ``frames``."""
        for frame in frames:
            self._connection.send(json.dumps(frame))

    def cut(self) -> None:
        """End the connection without a word."""
        self._connection.socket.shutdown(2)


class ScriptedChat:
    """Serves one script a connection; a number in the place of one refuses the handshake with that status."""

    def __init__(self, *scripts: Script | int) -> None:
        self._scripts = deque(scripts)
        self.authorizations: list[str] = []
        self.address = ""

    @contextmanager
    def running(self) -> Iterator["ScriptedChat"]:
        """Serve within the block."""
        with serve(
            self._serve,
            "127.0.0.1",
            0,
            process_request=self._refuse,
            subprotocols=["carrel.v1"],  # type: ignore[list-item]  # websockets' own types
        ) as server:
            self.address = f"http://127.0.0.1:{server.socket.getsockname()[1]}"
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            try:
                yield self
            finally:
                server.shutdown()
                thread.join()

    def _refuse(self, connection: ServerConnection, request: Request) -> Response | None:
        self.authorizations.append(request.headers["Authorization"])
        if isinstance(self._scripts[0], int):
            return connection.respond(HTTPStatus(self._scripts.popleft()), "no")  # type: ignore[arg-type]  # websockets' own types
        return None

    def _serve(self, connection: ServerConnection) -> None:
        script = self._scripts.popleft()
        assert not isinstance(script, int)
        try:
            script(Talk(connection))
        except ConnectionClosed:
            return
