"""A folder of backups: whole new files, known by their sha256, on file systems that can do little."""

import errno
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cli.backups.folder import Folder
from cli.backups.names import INDEX, MANIFEST, PARTS, SETTINGS, BrokenBackupError, Manifest, Part, backup_id

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
CONTENT = b"some lines\n" * 1000


def written(folder: Folder, now: datetime = NOW, *, finished: bool = True) -> str:
    """Write a backup and return its id."""
    parts: dict[str, Part] = {}
    id = backup_id(now)
    for part in PARTS:
        with folder.writing(id, part, parts) as file:
            file.write(CONTENT)
    if finished:
        folder.finish(Manifest(id, "0.1.0", 1, 0, 0, 0, 0, parts))
    return id


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path / "backups")
    made.prepare()
    return made


def test_what_is_written_is_read(folder: Folder) -> None:
    """Packed, but for the settings, which people read; each file as its manifest says."""
    id = written(folder)
    assert folder.finished() == [id]
    manifest = folder.check(id)
    assert manifest.parts[SETTINGS].bytes == len(CONTENT)
    assert manifest.parts[INDEX].bytes < len(CONTENT) / 10
    for part in PARTS:
        with folder.reading(id, part) as file:
            assert file.read() == CONTENT


@pytest.mark.parametrize("name", [*PARTS, MANIFEST])
@pytest.mark.parametrize("how", ["cut", "changed", "gone", "empty"])
def test_what_is_not_as_written_is_refused(folder: Folder, name: str, how: str) -> None:
    """Whichever file it is, and by name."""
    id = written(folder)
    path = folder.path / f"{id}.{name}"
    content = path.read_bytes()
    if how == "gone":
        path.unlink()
    else:
        middle = len(content) // 2
        other = bytes([content[middle] ^ 1])
        broken = {
            "cut": content[:-9],
            "changed": content[:middle] + other + content[middle + 1 :],
            "empty": b"",
        }
        path.write_bytes(broken[how])
    with pytest.raises(BrokenBackupError, match="manifest" if name == MANIFEST else name):
        folder.check(id)


def test_a_file_is_never_written_over(folder: Folder) -> None:
    """A second backup of the same second is refused, and the first stays."""
    id = written(folder)
    with pytest.raises(FileExistsError):
        written(folder)
    folder.check(id)


def test_nobody_else_reads_it(folder: Folder) -> None:
    """Neither the folder that was made nor a file in it."""
    written(folder)
    assert folder.path.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.path.iterdir()} == {0o600}


def test_the_newest_stay(folder: Folder) -> None:
    """Older ones go, and what was never finished; other people's files stay."""
    ids = [written(folder, NOW + timedelta(hours=hour)) for hour in range(3)]
    leftover = written(folder, NOW - timedelta(days=1), finished=False)
    (folder.path / "notes.txt").write_text("mine")
    gone = folder.tidy(keep=2, now=NOW + timedelta(hours=3))
    assert {name.split(".")[0] for name in gone} == {ids[0], leftover}
    assert folder.finished() == [ids[2], ids[1]]
    assert "notes.txt" in folder.names()


def test_what_came_to_nothing_is_removed(folder: Folder) -> None:
    """Without a trace."""
    id = written(folder, finished=False)
    folder.discard(id)
    assert folder.names() == []


def test_the_folder_around_must_be_there(tmp_path: Path) -> None:
    """A bucket that is not mounted is no place to write backups to."""
    with pytest.raises(FileNotFoundError):
        Folder(tmp_path / "not-mounted" / "backups").prepare()


def test_a_file_system_that_cannot_promise_durability(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Closing is what counts there; other errors are errors."""

    def failing(number: int) -> None:
        def fsync(_: int) -> None:
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr("cli.backups.folder.os.fsync", fsync)

    failing(errno.EINVAL)
    folder.check(written(folder))
    failing(errno.ENOSPC)
    with pytest.raises(OSError, match="No space"):
        written(folder, NOW + timedelta(hours=1))
