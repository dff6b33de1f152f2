"""What is to be sent, gathered while the event loop works off what has come, and sent all at once.

Owns the order of it. A write that wakes its reader costs several times one whose reader is awake; sent one by
one, with the work on the next request in between, each finds its reader asleep again. With next to nothing
under way there is nothing to gather, and the turn's end would only come later.
"""

import asyncio
import logging

FEW = 2
_log = logging.getLogger(__name__)


class Outbox:
    """Writes to transports at the end of the event loop's turn. One for each gateway."""

    __slots__ = ("_waiting",)

    def __init__(self) -> None:
        self._waiting: list[tuple[asyncio.Transport, bytes]] = []

    def write(self, transport: asyncio.Transport, data: bytes, *, under_way: int) -> None:
        """Send ``data`` soon, at once when few requests are ``under_way``.

        Whoever then writes or closes otherwise calls :meth:`flush` first.
        """
        if not self._waiting:
            if under_way <= FEW:
                if not transport.is_closing():
                    transport.write(data)
                return
            asyncio.get_running_loop().call_soon(self.flush)
        self._waiting.append((transport, data))

    def flush(self) -> None:
        """Send what waits."""
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, []
        for transport, data in waiting:
            try:
                if not transport.is_closing():
                    transport.write(data)
            except Exception:
                # Of one connection; those behind it have nothing to do with it.
                _log.exception("a connection could not be written to")
                transport.abort()
