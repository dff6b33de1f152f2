"""The open connections of clients: how many there may be, and that each is looked at every second."""

import asyncio
import fcntl
import struct
import termios
from typing import Protocol

from gateway.client.patience import Patience
from gateway.desk import Desk
from gateway.headers import Headers, lines

EVERY_S = 1.0
"""How often they are looked at."""


class Door(Protocol):
    """One connection."""

    def check(self, now: float) -> None:
        """Look whether anything takes too long."""


class Doors:
    """The open connections, and how long each may take."""

    def __init__(self, desk: Desk, *, patience: Patience, most: int | None) -> None:
        self.desk, self.patience, self._most = desk, patience, most
        self.open: set[Door] = set()
        self._dated: Headers = ()
        self._date = b""

    def full(self, connections: int) -> bool:
        """Return whether ``connections``, of all kinds, are too many."""
        return self._most is not None and connections > self._most

    def date(self, headers: Headers) -> bytes:
        """Return the server's own ``headers`` as lines; they are others every second."""
        if headers is not self._dated:
            self._dated, self._date = headers, lines(headers)
        return self._date

    def check(self, *, now: float) -> None:
        """Look at every connection once."""
        for door in tuple(self.open):
            door.check(now)

    async def watch(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            await asyncio.sleep(EVERY_S)
            self.check(now=asyncio.get_running_loop().time())


def unsent(transport: asyncio.Transport) -> int:
    """Return how many bytes the other end has not taken yet, here and in the kernel."""
    left = transport.get_write_buffer_size()
    sock = transport.get_extra_info("socket")
    (queued,) = struct.unpack("i", fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, b"\0\0\0\0"))
    return int(left + queued)
