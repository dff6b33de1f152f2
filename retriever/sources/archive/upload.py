"""An archive as it comes over HTTP: counted while it comes, and known by its first bytes."""

from collections.abc import AsyncIterator

from retriever.sources.archive.members import HEAD_BYTES, format_of
from retriever.sources.archive.vault import Incoming
from shared.errors import TooLargeError, UnsupportedMediaTypeError

PIECE = 1024 * 1024
"""An upload comes in smaller parts, each of which would be a thread's work."""


async def receive(
    parts: AsyncIterator[bytes], incoming: Incoming, *, limit: int, declared: int | None
) -> None:
    """Put what comes into ``incoming``; ``declared`` is how many bytes it is said to have.

    Raises
    ------
    TooLargeError
        If it has more than ``limit`` bytes.
    UnsupportedMediaTypeError
        If it is no archive.
    """
    if declared is not None and declared > limit:
        raise _too_large(limit)
    held, is_known = bytearray(), False
    async for part in parts:
        held += part
        if incoming.bytes + len(held) > limit:
            raise _too_large(limit)
        if not is_known and len(held) >= HEAD_BYTES:
            is_known = _checked(held)
        if len(held) >= PIECE:
            await incoming.write(bytes(held))
            held.clear()
    if not is_known:
        _checked(held)
    await incoming.write(bytes(held))


def _checked(held: bytearray) -> bool:
    if format_of(bytes(held[:HEAD_BYTES])) is None:
        raise UnsupportedMediaTypeError("This is neither a tar, a tar.gz nor a zip", param="body")
    return True


def _too_large(limit: int) -> TooLargeError:
    return TooLargeError(f"An archive has at most {limit} bytes (MAX_ARCHIVE_BYTES)")
