"""An upload is bounded and known while it comes."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from retriever.sources.archive.upload import PIECE, receive
from retriever.sources.archive.vault import Vault
from shared.errors import CarrelError, TooLargeError, UnsupportedMediaTypeError
from tests.support.archives import tar, targz
from tests.support.retriever_room import ticking

LIMIT = 4 * PIECE


async def parts(content: bytes, size: int) -> AsyncIterator[bytes]:
    for first in range(0, len(content), size):
        yield content[first : first + size]


async def received(folder: Path, content: bytes, *, size: int = 65_536, declared: int | None = None) -> bytes:
    """What was written to the file."""
    async with Vault(folder, now_us=ticking()).incoming() as incoming:
        await receive(parts(content, size), incoming, limit=LIMIT, declared=declared)
        path, _ = incoming.finish()
        return path.read_bytes()


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("size", [1, 511, 65_536, 10**7])
async def test_it_is_written_as_it_came(tmp_path: Path, size: int) -> None:
    """In whatever parts."""
    archive = targz({"a.md": "Apples."}) if size < 600 else tar({"a.md": "x" * 3 * PIECE})
    assert await received(tmp_path, archive, size=size, declared=len(archive)) == archive


@pytest.mark.parametrize(
    ("content", "declared", "kind"),
    [
        (b"\x1f\x8b" + bytes(LIMIT), None, TooLargeError),
        (b"\x1f\x8b", LIMIT + 1, TooLargeError),
        (b"", 0, UnsupportedMediaTypeError),
        (b"<html>", None, UnsupportedMediaTypeError),
        (b"<html>" * 1000, None, UnsupportedMediaTypeError),
    ],
)
async def test_what_is_refused(
    tmp_path: Path, content: bytes, declared: int | None, kind: type[CarrelError]
) -> None:
    """Too large, said or seen; no archive, seen at its beginning or at its end. Nothing stays on the disk."""
    with pytest.raises(kind):
        await received(tmp_path, content, declared=declared)
    assert files(tmp_path) == []
