"""Which files a path stands for, and what each would be called in the index.

Reads folders, never a file's content. Hidden files and folders are passed over, links are followed.
"""

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from retriever.parsers.registry import SUFFIXES

ONLY_BY_NAME = (".json",)
"""Kinds of file that are taken only when somebody names them: in a folder most are no documents."""


class BadPathError(Exception):
    """A path that was asked for is none, or nothing that could hold documents."""


@dataclass(frozen=True)
class Found:
    """A file that is a document."""

    path: Path
    name: str
    """Its path within the folder that was asked for, in POSIX form."""

    @property
    def media_type(self) -> str:
        """What it is, by its suffix."""
        return SUFFIXES[self.path.suffix.lower()]


@dataclass
class Walk:
    """What was found under the paths that were asked for."""

    documents: list[Found] = field(default_factory=list)
    unusable: list[tuple[str, str]] = field(default_factory=list)
    """Path and reason of what looked like a document and cannot be one."""
    skipped: list[str] = field(default_factory=list)
    """Paths of files of other kinds."""


def walk(paths: Sequence[Path]) -> Walk:
    """Return the documents under ``paths``, sorted by name.

    Raises
    ------
    BadPathError
        If one of ``paths`` itself is missing, unreadable or of no use.
    """
    found = Walk()
    for path in paths:
        _root(path, found)
    found.documents.sort(key=lambda document: document.name)
    _refuse_doubles(found)
    return found


def _root(path: Path, found: Walk) -> None:
    try:
        info = path.stat()
        if stat.S_ISDIR(info.st_mode):
            with os.scandir(path):
                pass
    except OSError as error:
        raise BadPathError(f"{path}: {error.strerror}") from error
    if stat.S_ISDIR(info.st_mode):
        _folder(path, info, found)
    elif stat.S_ISREG(info.st_mode):
        _file(path, path.absolute().name, info, found, asked_for=True)
    else:
        raise BadPathError(f"{path}: is neither a file nor a folder")


def _folder(root: Path, info: os.stat_result, found: Walk) -> None:
    # Not recursive: folders may nest deeper than Python's stack.
    pending = [(root, "", frozenset({(info.st_dev, info.st_ino)}))]
    while pending:
        folder, prefix, above = pending.pop()
        for path, below in _entries(folder, found):
            name = prefix + path.name
            if not stat.S_ISDIR(below.st_mode):
                _file(path, name, below, found)
            elif (identity := (below.st_dev, below.st_ino)) in above:
                found.unusable.append((str(path), "a link back to a folder above it"))
            else:
                pending.append((path, f"{name}/", above | {identity}))


def _entries(folder: Path, found: Walk) -> Iterator[tuple[Path, os.stat_result]]:
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        found.unusable.append((str(folder), str(error.strerror)))
        return
    for name in names:
        if name.startswith("."):
            continue
        try:
            yield folder / name, (folder / name).stat()
        except OSError as error:
            found.unusable.append((str(folder / name), str(error.strerror)))


def _file(path: Path, name: str, info: os.stat_result, found: Walk, *, asked_for: bool = False) -> None:
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES or (suffix in ONLY_BY_NAME and not asked_for):
        if asked_for:
            known = " ".join(SUFFIXES)
            found.unusable.append((str(path), f"not a kind of document that is known ({known})"))
        else:
            found.skipped.append(str(path))
    elif not stat.S_ISREG(info.st_mode):
        # Reading a pipe or a device could wait for ever.
        found.unusable.append((str(path), "not a regular file"))
    elif not _is_unicode(name):
        found.unusable.append((str(path), "its name is not UTF-8"))
    else:
        found.documents.append(Found(path, name))


def _is_unicode(name: str) -> bool:
    return not any(0xD800 <= ord(char) <= 0xDFFF for char in name)


def _refuse_doubles(found: Walk) -> None:
    first: dict[str, Found] = {}
    for document in found.documents:
        other = first.setdefault(document.name, document)
        if other is document:
            continue
        if other.path.absolute() != document.path.absolute():
            reason = (
                f"would replace {other.path}, which has the same name; ingest them one by one with --prefix"
            )
            found.unusable.append((str(document.path), reason))
    found.documents = list(first.values())
