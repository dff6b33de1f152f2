"""Which files are a backup, which go, and when the next is due."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cli.backups.names import (
    MANIFEST,
    PARTS,
    BrokenBackupError,
    Manifest,
    Part,
    backup_id,
    decode,
    due_in,
    encode,
    file_name,
    finished,
    leftovers,
    made_at,
    named,
    superseded,
)

NOW = datetime(2026, 11, 27, 12, 0, 5, 999, UTC)
ID = "carrel-20261127T120005Z"
WHOLE = Manifest(ID, "0.1.0", 8, 2, 4, 3, 9, {part: Part(10, "ab") for part in PARTS})
HOUR = timedelta(hours=1)


def whole(hour: int) -> list[str]:
    return [file_name(f"carrel-20261127T{hour:02}0000Z", part) for part in (*PARTS, MANIFEST)]


def test_a_name_tells_the_time() -> None:
    """In UTC, to the second, so that names sort as times do."""
    assert backup_id(NOW) == ID
    assert made_at(ID) == NOW.replace(microsecond=0)


def test_a_manifest_comes_back() -> None:
    """All of it."""
    assert decode(encode(WHOLE), id=ID) == WHOLE


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not whole"),
        (encode(WHOLE)[:-20], "not whole"),
        (b"[]", "not whole"),
        (b'{"format": 1}', "not whole"),
        (json.dumps(json.loads(encode(WHOLE)) | {"format": 2}).encode(), "newer version"),
        (json.dumps(json.loads(encode(WHOLE)) | {"parts": 7}).encode(), "not whole"),
        (encode(replace(WHOLE, id="carrel-20261127T120006Z")), "not its own"),
        (encode(replace(WHOLE, parts={"index.gz": Part(1, "a")})), "not its own"),
    ],
)
def test_anything_else_is_no_manifest(content: bytes, reason: str) -> None:
    """Cut, of another backup, of a format to come."""
    with pytest.raises(BrokenBackupError, match=reason):
        decode(content, id=ID)


def test_a_backup_has_a_manifest() -> None:
    """Newest first; what has none is no backup, and what is not ours is nobody's business."""
    names = [*whole(3), *whole(5), *whole(4)[:-1], "notes.txt", "carrel-20261399T000000Z.manifest.json"]
    assert finished(names) == ["carrel-20261127T050000Z", "carrel-20261127T030000Z"]


@pytest.mark.parametrize("wanted", [ID, f"{ID}.manifest.json", f"{ID}.index.gz"])
def test_any_of_its_names_will_do(wanted: str) -> None:
    """A backup is named by its id or by one of its files."""
    assert named(wanted) == ID


def test_another_name_is_refused() -> None:
    """With an example of one that is right."""
    with pytest.raises(BrokenBackupError, match="such as carrel-"):
        named("latest")


def test_the_newest_are_kept() -> None:
    """Of those that go, the manifest goes first: half of one is never taken for whole."""
    names = sorted([*whole(1), *whole(2), *whole(3), *whole(4)[:-1], "other"])
    gone = superseded(names, keep=2)
    assert sorted(gone) == sorted(whole(1))
    assert gone[0] == whole(1)[-1]
    assert superseded(names, keep=3) == []


def test_what_was_never_finished_goes_later() -> None:
    """Somebody may be writing it now."""
    names = [*whole(1)[:-1], *whole(11)[:2], *whole(2)]
    assert sorted(leftovers(names, now=NOW)) == sorted(whole(1)[:-1])


def test_when_the_next_is_due() -> None:
    """At once where there is none or the clock was set back, else so long after the newest."""
    assert due_in([], now=NOW, interval=HOUR) == timedelta()
    assert due_in([ID], now=NOW + HOUR / 4, interval=HOUR) == HOUR * 3 / 4 - timedelta(microseconds=999)
    assert due_in([ID], now=NOW + HOUR * 2, interval=HOUR) == timedelta()
    assert due_in([ID], now=NOW - HOUR, interval=HOUR) == timedelta()
