"""Undoing a transfer's compression within a bound, so that a small answer cannot become a large one.

Pure: bytes in, bytes out.
"""

import zlib

_GZIP = b"\x1f\x8b"
_STEP = 64 * 1024
_MAX_MEMBERS = 100
"""A file of nothing but empty members costs time without ever growing."""


class TooMuchError(ValueError):
    """There is more than the bound."""


class BrokenError(ValueError):
    """It is not compressed as it says, or cut."""


class Inflater:
    """Takes a body in pieces and counts what comes out; ``encoding`` is that of ``Content-Encoding``.

    Raises
    ------
    BrokenError
        From the constructor if the encoding is not one of ours.
    """

    def __init__(self, encoding: str, *, limit: int) -> None:
        self._limit, self._out, self._taken = limit, bytearray(), 0
        self._encoding = encoding.strip().lower()
        if self._encoding not in ("", "identity", "gzip", "x-gzip", "deflate"):
            raise BrokenError(f"it is encoded as {self._encoding[:40]}, which was not asked for")
        self._codec = zlib.decompressobj(wbits=47) if self._encoding in ("gzip", "x-gzip") else None
        self._came = self._members = 0

    def feed(self, piece: bytes) -> None:
        """Take a further piece.

        Raises
        ------
        TooMuchError
            As soon as there is more than the bound.
        BrokenError
            If it is not what the encoding says.
        """
        self._came += len(piece)
        if self._came > self._limit + _STEP:
            raise self._too_much()
        if not piece:
            return
        if self._encoding in ("", "identity"):
            self._add(piece)
            return
        if self._codec is None:
            # "deflate" is zlib's form by the standard, and raw from some servers (RFC 9110, section 8.4.1.2).
            zlibs = piece[0] & 0x0F == 8 and piece[0] >> 4 <= 7
            self._codec = zlib.decompressobj(wbits=15 if zlibs else -15)
        self._inflate(self._codec, piece)

    def _inflate(self, codec: "zlib._Decompress", piece: bytes) -> None:
        while True:
            try:
                came = codec.decompress(piece, _STEP)
            except zlib.error:
                raise BrokenError("its compression is broken") from None
            self._add(came)
            piece = codec.unconsumed_tail
            if codec.eof:
                piece = codec.unused_data
                if not piece.startswith(_GZIP[:1]):
                    return  # the end, or padding after it
                self._members += 1
                if self._members > _MAX_MEMBERS:
                    raise BrokenError("it is compressed in too many parts")
                codec = self._codec = zlib.decompressobj(wbits=47)
            elif not piece and len(came) < _STEP:
                return

    def _add(self, piece: bytes) -> None:
        self._out += piece
        if self._taken + len(self._out) > self._limit:
            raise self._too_much()

    def _too_much(self) -> TooMuchError:
        return TooMuchError(f"it has more than {self._limit} bytes")

    @property
    def ready(self) -> int:
        """How many bytes came out and were not taken."""
        return len(self._out)

    def take(self) -> bytes:
        """Return what came out so far, and hold it no longer; it stays counted."""
        out = bytes(self._out)
        self._taken += len(out)
        self._out.clear()
        return out

    def finish(self) -> bytes:
        """Return the whole, or what of it was not taken.

        Raises
        ------
        BrokenError
            If it ended in the middle.
        """
        if self._codec is not None and self._came and not self._codec.eof:
            raise BrokenError("it was cut in the middle")
        return bytes(self._out)


def unpacked(content: bytes, *, limit: int) -> bytes:
    """Return what a gzip file holds, and anything else as it is."""
    if not content.startswith(_GZIP):
        return content
    inflater = Inflater("gzip", limit=limit)
    inflater.feed(content)
    return inflater.finish()
