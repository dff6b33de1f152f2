"""Where one WebSocket frame ends and the next begins, in bytes that only pass through.

Pure. RFC 6455, section 5.2: enough of it to know whether a frame of our own may be put between two others;
payloads are neither unmasked nor looked at.
"""

RESTART = 1012
SERVICE_LOST = "the chat service was lost"
"""Then a client hears RESTART: the service will be back, and a run can be resumed."""
MAX_REASON_BYTES = 123
_CLOSE = 8
_SHORT, _LONG = 126, 127
_LEAST_HEAD = 2
_EXTENDED = {_SHORT: 2, _LONG: 8}


class Frames:
    """Follows one direction of a connection from its first frame on."""

    __slots__ = ("_head", "_left", "closed")

    def __init__(self) -> None:
        self._left = 0
        """Bytes of a payload that are still to come."""
        self._head = b""
        """The beginning of a frame whose length is not known yet."""
        self.closed = False
        """Whether a close frame has begun: nothing may follow it."""

    @property
    def at_edge(self) -> bool:
        """Whether the last frame has ended and no other has begun."""
        return not self._left and not self._head

    def feed(self, data: bytes) -> None:
        """Take the next bytes."""
        if self._head:
            data, self._head = self._head + data, b""
        at, size = self._left, len(data)
        while at < size:
            # The head's first two bytes are looked at here, for the sake of small frames.
            if size - at < _LEAST_HEAD or (length := data[at + 1] & 0x7F) >= _SHORT:
                end = self._end(data, at, size)
                if not end:
                    self._head, self._left = data[at:], 0
                    return
            else:
                end = at + length + (6 if data[at + 1] & 0x80 else 2)
            if data[at] & 0x0F == _CLOSE:
                self.closed = True
            at = end
        self._left = at - size

    @staticmethod
    def _end(data: bytes, at: int, size: int) -> int:
        """Return where the frame that begins at ``at`` ends, or 0 when its head is not whole."""
        if size < at + _LEAST_HEAD:
            return 0
        more = _EXTENDED[data[at + 1] & 0x7F]
        if size < at + 2 + more:
            return 0
        length = int.from_bytes(data[at + 2 : at + 2 + more], "big")
        return at + 2 + more + length + (4 if data[at + 1] & 0x80 else 0)


def close_frame(code: int, reason: str) -> bytes:
    """Return the close frame of a server."""
    text = reason.encode()[:MAX_REASON_BYTES].decode(errors="ignore")
    payload = code.to_bytes(2, "big") + text.encode()
    return bytes((0x80 | _CLOSE, len(payload))) + payload
