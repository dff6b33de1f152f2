"""An archive is kept whole or not at all, and what is kept is found again."""

import hashlib
from pathlib import Path

import pytest

from retriever.sources.archive.members import ArchiveError
from retriever.sources.archive.vault import Kept, Vault
from shared.errors import OverloadedError
from tests.support.archives import targz
from tests.support.retriever_room import ticking

FIRST, SECOND = targz({"a.md": "Apples."}), targz({"a.md": "Bees."})


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "archives", now_us=ticking())


async def keep(vault: Vault, content: bytes, id: str = "docs", **said: str) -> Kept:
    async with vault.incoming() as incoming:
        await incoming.write(b"is forgotten")
        await incoming.begin()
        await incoming.write(content[:100])
        await incoming.write(content[100:])
        return await vault.keep(incoming, id, **said)


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


async def test_what_is_kept_is_found(vault: Vault, tmp_path: Path) -> None:
    """By this process and the next, with what was said of it."""
    assert await vault.find("docs") is None
    kept = await keep(vault, FIRST, url="https://x.org/a.zip", etag='"1"', last_modified="then")
    assert (kept.sha256, kept.bytes) == (hashlib.sha256(FIRST).hexdigest(), len(FIRST))
    assert (kept.url, kept.etag, kept.last_modified) == ("https://x.org/a.zip", '"1"', "then")
    again = Vault(tmp_path / "archives", now_us=ticking())
    assert await again.find("docs") == await vault.find("docs") == kept
    with again.open(kept) as file:
        assert file.read() == FIRST


async def test_another_takes_its_place(vault: Vault, tmp_path: Path) -> None:
    """The old one goes, and whoever has opened it reads on."""
    first = await keep(vault, FIRST)
    with vault.open(first) as file:
        second = await keep(vault, SECOND)
        assert file.read() == FIRST
    assert await vault.find("docs") == second
    assert files(tmp_path) == [f"archives/docs/{second.sha256}", "archives/docs/archive.json"]
    with pytest.raises(FileNotFoundError):
        vault.open(first)


async def test_what_is_no_archive_changes_nothing(vault: Vault, tmp_path: Path) -> None:
    """What was kept stays, what came is gone."""
    kept = await keep(vault, FIRST)
    with pytest.raises(ArchiveError, match="neither a tar"):
        await keep(vault, b"<html>Sign in</html>")
    assert await vault.find("docs") == kept
    assert len(files(tmp_path)) == 2


async def test_an_upload_that_breaks_off_leaves_nothing(vault: Vault, tmp_path: Path) -> None:
    """Whoever was writing it."""

    async def broken() -> None:
        async with vault.incoming() as incoming:
            await incoming.write(FIRST[:50])
            raise ConnectionError

    with pytest.raises(ConnectionError):
        await broken()
    assert files(tmp_path) == []


async def test_a_killed_process_leaves_nothing_for_long(vault: Vault, tmp_path: Path) -> None:
    """The next one removes what was coming; an index without its file, or broken, is none."""
    kept = await keep(vault, FIRST)
    async with vault.incoming() as incoming:
        await incoming.write(FIRST)
        await Vault(tmp_path / "archives", now_us=ticking()).tidy()
        assert len(files(tmp_path)) == 2
    folder = tmp_path / "archives" / "docs"
    (folder / "leftover").write_bytes(b"x")
    await keep(vault, FIRST)
    assert "archives/docs/leftover" not in files(tmp_path)
    (folder / kept.sha256).unlink()
    assert await vault.find("docs") is None
    (folder / "archive.json").write_text("[1]")
    assert await vault.find("docs") is None


async def test_removed_is_removed(vault: Vault, tmp_path: Path) -> None:
    """The source's own alone, and twice is as good as once."""
    await keep(vault, FIRST)
    other = await keep(vault, SECOND, "other")
    for _ in range(2):
        await vault.remove("docs")
    assert await vault.find("docs") is None
    assert await vault.find("other") == other
    assert len(files(tmp_path)) == 2


async def test_a_disk_that_does_not_take_it_is_told(tmp_path: Path) -> None:
    """It may be tried again; nothing of the machine is named."""
    (tmp_path / "archives").write_text("in the way")
    with pytest.raises(OverloadedError, match="cannot be kept") as caught:
        await keep(Vault(tmp_path / "archives", now_us=ticking()), FIRST)
    assert caught.value.retryable
    assert str(tmp_path) not in str(caught.value)
