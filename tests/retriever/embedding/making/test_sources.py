"""The published files, from wherever they can be had."""

from pathlib import Path

import pytest

from retriever.embedding.making.sources import MINILM, WEIGHTS, Published, SourceError, fetch
from tests.support.tiny_model import tiny_files
from tests.support.tiny_source import PACKAGE, published, serving, use_packages_of, write_files, write_package


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """A folder to download into."""
    (tmp_path / "scratch").mkdir()
    return tmp_path / "scratch"


@pytest.fixture(autouse=True)
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that is all pip knows."""
    (tmp_path / "packages").mkdir()
    use_packages_of(tmp_path / "packages", monkeypatch)
    return tmp_path / "packages"


def fetched(model: Published, scratch: Path, local: Path | None = None) -> tuple[dict[str, bytes], list[str]]:
    """Fetch ``model``; return its files and what was told."""
    told: list[str] = []
    return fetch(model, local=local, scratch=scratch, tell=told.append), told


def test_a_folder_comes_first(tmp_path: Path, scratch: Path) -> None:
    """With the files in the folder given, nobody else is asked."""
    files, told = fetched(published(), scratch, write_files(tmp_path / "local"))

    assert files == tiny_files()
    assert told == ["looking for tiny in the folder given"]


def test_then_the_hub(tmp_path: Path, scratch: Path) -> None:
    """What the folder does not have comes from the hub's address."""
    with serving(write_files(tmp_path / "hub")) as address:
        files, told = fetched(published(address=address), scratch, tmp_path / "none")

    assert files == tiny_files()
    assert told[-1] == "looking for tiny in the model hub"


def test_then_the_package(scratch: Path, packages: Path) -> None:
    """Where nobody answers, the package is downloaded by its digest and its files are taken out of it."""
    files, told = fetched(published(package_sha256=write_package(packages)), scratch)

    assert files == tiny_files()
    assert told[-1] == "looking for tiny in the package index"


def test_a_file_that_was_not_published_is_not_used(tmp_path: Path, scratch: Path) -> None:
    """Another content is refused wherever it comes from, and the next source is asked."""
    local, hub = write_files(tmp_path / "local"), write_files(tmp_path / "hub")
    (local / WEIGHTS).write_bytes(b"other weights")

    with serving(hub) as address:
        files, told = fetched(published(address=address), scratch, local)

    assert files == tiny_files()
    assert told[1] == f"the folder given: {WEIGHTS} is not the file that was published: its sha256 is another"


def test_another_package_is_not_used(scratch: Path, packages: Path) -> None:
    """pip refuses a package whose digest is not the pinned one."""
    write_package(packages)

    with pytest.raises(SourceError, match="the package index: THESE PACKAGES DO NOT MATCH THE HASHES"):
        fetched(published(package_sha256="0" * 64), scratch)


@pytest.mark.parametrize("content", [b"no archive", b"PK\x05\x06" + bytes(18)])
def test_a_package_without_the_files_is_told(scratch: Path, content: bytes) -> None:
    """An archive that is broken or holds other things is no crash."""
    (scratch / PACKAGE).write_bytes(content)

    with pytest.raises(SourceError, match=f"{WEIGHTS} is not in the package"):
        fetched(published(), scratch)


def test_nobody_has_it(tmp_path: Path, scratch: Path) -> None:
    """The error says of each source what was wrong."""
    (tmp_path / "hub").mkdir()
    with serving(tmp_path / "hub") as address, pytest.raises(SourceError) as raised:
        fetched(published(address=address), scratch, tmp_path / "none")

    folder, hub, index = str(raised.value).split("; ")
    assert folder == f"the folder given: {WEIGHTS}: No such file or directory"
    assert hub == f"the model hub: {WEIGHTS}: answered 404"
    assert index.startswith("the package index: No matching distribution found for tiny-model==1.0")


def test_the_pins_are_whole() -> None:
    """Each digest is one, and the hub is asked at one revision."""
    for digest in [*MINILM.digests.values(), MINILM.package_sha256]:
        assert len(bytes.fromhex(digest)) == 32
    assert "1110a243fdf4706b3f48f1d95db1a4f5529b4d41" in MINILM.address
