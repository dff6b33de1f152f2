"""WebSocket frames (RFC 6455, section 5), as much of them as a load client and an echo need.

Pure: bytes in, frames out.
"""

import base64
import hashlib

TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA
_FIN = 0x80
_MASKED = 0x80
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class FrameReader:
    """Gathers what comes and gives the whole frames of it."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """Return the opcode and the unmasked payload of each frame that ``data`` completes."""
        data = self._rest + data if self._rest else data
        frames, at = [], 0
        while (found := _frame(data, at)) is not None:
            opcode, payload, at = found
            frames.append((opcode, payload))
        self._rest = data[at:]
        return frames


def _frame(data: bytes, at: int) -> tuple[int, bytes, int] | None:
    """Return opcode, payload and end of the frame at ``at``, or nothing when it is not whole."""
    if len(data) < at + 2:
        return None
    opcode, length = data[at] & 0x0F, data[at + 1] & 0x7F
    begin = at + 2
    if length >= 126:
        width = 2 if length == 126 else 8
        length = int.from_bytes(data[begin : begin + width])
        begin += width
    mask = b""
    if data[at + 1] & _MASKED:
        mask = data[begin : begin + 4]
        begin += 4
    end = begin + length
    # A length or a mask that is cut off puts the end behind what has come, too.
    if len(data) < end:
        return None
    return opcode, unmasked(data[begin:end], mask), end


def unmasked(payload: bytes, mask: bytes) -> bytes:
    """Return ``payload`` with ``mask`` taken off, or put on: it is the same."""
    if not any(mask):
        return payload
    whole = (mask * (len(payload) // 4 + 1))[: len(payload)]
    return (int.from_bytes(payload) ^ int.from_bytes(whole)).to_bytes(len(payload))


def server_frame(opcode: int, payload: bytes) -> bytes:
    """Return one final frame as a server sends it."""
    return bytes((_FIN | opcode,)) + _length(len(payload), 0) + payload


def client_frame(opcode: int, payload: bytes) -> bytes:
    """Return one final frame as a client sends it; its mask is zero, which costs the load nothing."""
    return bytes((_FIN | opcode,)) + _length(len(payload), _MASKED) + b"\0\0\0\0" + payload


def accept_key(key: bytes) -> bytes:
    """Return the ``Sec-WebSocket-Accept`` for a ``Sec-WebSocket-Key``."""
    return base64.b64encode(hashlib.sha1(key + _GUID, usedforsecurity=False).digest())


def _length(length: int, masked: int) -> bytes:
    if length < 126:
        return bytes((masked | length,))
    if length < 1 << 16:
        return bytes((masked | 126,)) + length.to_bytes(2)
    return bytes((masked | 127,)) + length.to_bytes(8)
