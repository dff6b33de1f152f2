"""Archives of a repository as forges make them, and as nobody should."""

import gzip
import io
import tarfile
import zipfile
from collections.abc import Mapping

from retriever.sources.archive.members import Member, Meter
from retriever.sources.archive.survey import members

Files = Mapping[str, str | bytes]
GIB = 1024 * 1024 * 1024


def tar(files: Files, *, top: str = "repo-main/", links: Mapping[str, str] | None = None) -> bytes:
    """A tar with a folder around everything, as pax with its global header; ``links`` are symbolic."""
    out = io.BytesIO()
    said = {"comment": "0123456789abcdef"}
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT, pax_headers=said) as archive:
        if top:
            folder = tarfile.TarInfo(top.rstrip("/"))
            folder.type = tarfile.DIRTYPE
            archive.addfile(folder)
        for name, content in files.items():
            info = tarfile.TarInfo(top + name)
            data = content.encode() if isinstance(content, str) else content
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        for name, target in (links or {}).items():
            info = tarfile.TarInfo(top + name)
            info.type, info.linkname = tarfile.SYMTYPE, target
            archive.addfile(info)
    return out.getvalue()


def targz(files: Files, **options: object) -> bytes:
    """The same, packed."""
    return gzip.compress(tar(files, **options), mtime=0)  # type: ignore[arg-type]  # options of the test


def zipped(files: Files, *, top: str = "repo-main/", links: Mapping[str, str] | None = None) -> bytes:
    """A zip as a forge makes it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        if top:
            archive.writestr(top, b"")
        for name, content in files.items():
            archive.writestr(top + name, content)
        for name, target in (links or {}).items():
            info = zipfile.ZipInfo(top + name)
            info.create_system, info.external_attr = 3, 0o120777 << 16
            archive.writestr(info, target)
    return out.getvalue()


def meter(packed: int = GIB, most: int = GIB) -> Meter:
    """A meter that lets everything through."""
    return Meter(packed=packed, most=most, check=lambda: None)


def listed(archive: bytes, counting: Meter | None = None) -> list[Member]:
    """The members of an archive."""
    return list(members(io.BytesIO(archive), counting or meter()))


def read(archive: bytes, counting: Meter | None = None) -> dict[str, bytes]:
    """The files of an archive with their content."""
    return {
        member.name: b"".join(member.pieces())
        for member in members(io.BytesIO(archive), counting or meter())
        if member.kind == "file"
    }
