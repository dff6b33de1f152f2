"""Engine.IO 4 and Socket.IO 5 over a WebSocket: as much of the framing as a chat page's client needs.

Pure: text in, packets out. Sources: the protocol documents of the Socket.IO project.
"""

import json
from dataclasses import dataclass
from typing import Any, Literal

PATH = "/ws/socket.io/?EIO=4&transport=websocket"
"""Where both systems have it."""
PONG = "3"
Kind = Literal["open", "close", "ping", "connected", "refused", "event", "ack", "other"]
_ENGINE: dict[str, Kind] = {"0": "open", "1": "close", "2": "ping"}
_SOCKET: dict[str, Kind] = {"0": "connected", "1": "close", "2": "event", "3": "ack", "4": "refused"}


@dataclass(frozen=True)
class Packet:
    """What the server says. ``name`` is an event's, ``data`` its first argument or what else is said."""

    kind: Kind
    name: str = ""
    data: Any = None
    number: int | None = None
    """The acknowledgement that is given, or asked for."""


def connect(auth: dict[str, Any]) -> str:
    """Return the packet that enters the default namespace."""
    return f"40{json.dumps(auth)}"


def event(name: str, *arguments: Any, number: int | None = None) -> str:
    """Return the event ``name``; with a ``number`` it is to be acknowledged."""
    return f"42{'' if number is None else number}{json.dumps([name, *arguments])}"


def read(text: str) -> Packet:
    """Return what ``text`` says."""
    if text[:1] != "4":
        kind = _ENGINE.get(text[:1], "other")
        return Packet(kind, data=json.loads(text[1:]) if kind == "open" else None)
    kind, body = _SOCKET.get(text[1:2], "other"), text[2:]
    digits = len(body) - len(body.lstrip("0123456789"))
    number = int(body[:digits]) if digits else None
    data: Any = json.loads(body[digits:]) if body[digits:] else None
    if kind == "event":
        return Packet(kind, data[0], data[1] if len(data) > 1 else None, number)
    return Packet(kind, data=data, number=number)
