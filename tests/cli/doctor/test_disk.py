"""cli.doctor.disk: the data folder is tried and left as it was."""

import fcntl
from pathlib import Path

import pytest

from cli.doctor.disk import check, in_use, kind_of
from cli.findings import Finding
from cli.supervision.layout import Layout

MOUNTS = """\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
35 22 0:31 / {0}/bucket rw,nosuid shared:8 - fuse.hf-mount hf-mount rw
36 22 0:32 / {0}/with\\040space rw - tmpfs tmpfs rw
"""


@pytest.fixture
def mounts(tmp_path: Path) -> Path:
    file = tmp_path / "mountinfo"
    file.write_text(MOUNTS.format(tmp_path))
    return file


def colours(findings: list[Finding]) -> dict[str, str]:
    return {finding.name: finding.colour for finding in findings}


def test_a_folder_that_is_not_there_is_tried_where_it_would_be_made(tmp_path: Path) -> None:
    """Before the first start: green, and nothing is left there."""
    found = check(Layout(tmp_path / "deep" / "data"), in_use=False)

    assert colours(found)["data folder"] == "green"
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_there_is_left_as_it_was(tmp_path: Path) -> None:
    """What is in it stays, what was tried goes."""
    (tmp_path / "lock").write_text("")
    assert colours(check(Layout(tmp_path), in_use=True))["data folder"] == "green"
    assert [path.name for path in tmp_path.iterdir()] == ["lock"]


def test_a_file_in_the_place_of_the_folder_is_red(tmp_path: Path) -> None:
    """Nothing can be written into it."""
    (tmp_path / "data").write_text("")

    assert colours(check(Layout(tmp_path / "data"), in_use=False))["data folder"] == "red"


def test_a_mounted_bucket_is_warned_of(tmp_path: Path, mounts: Path) -> None:
    """By the type of the mount the folder lies on, the nearest one above it."""
    (tmp_path / "bucket").mkdir()

    found = check(Layout(tmp_path / "bucket" / "data"), in_use=False, mounts=mounts)

    assert colours(found)["file system"] == "yellow"


def test_the_kind_is_the_nearest_mounts(tmp_path: Path, mounts: Path) -> None:
    """Spaces in its place are escaped there; a system that tells nothing is no error."""
    assert kind_of(tmp_path / "bucket" / "x", mounts) == "fuse.hf-mount"
    assert kind_of(tmp_path / "with space", mounts) == "tmpfs"
    assert kind_of(tmp_path / "bucketful", mounts) == "ext4"
    assert kind_of(tmp_path, tmp_path / "no-such-file") == ""


def test_a_held_lock_is_seen_and_not_broken(tmp_path: Path) -> None:
    """Whoever holds it goes on holding it; afterwards it can be taken."""
    layout = Layout(tmp_path)
    assert not in_use(layout)
    assert not layout.lock.exists()
    with layout.lock.open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert in_use(layout)
    assert not in_use(layout)
    with layout.lock.open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
