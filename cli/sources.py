"""Which data source an address or a name on the command line means, and what is to be put for it. Pure."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import get_args
from urllib.parse import urlsplit

from shared.contracts.data_sources import DATA_SOURCE_ID, DataSource, DataSourceRequest, SourceKind

_UNITS = {"m": 60, "h": 3600, "d": 86_400}
_EVERY = re.compile(r"([1-9][0-9]{0,4})([mhd])")
_MAX_ID_CHARS = 48
_ARCHIVES = (".tar.gz", ".tgz", ".tar", ".zip")


@dataclass(frozen=True)
class Wanted:
    """What was asked for; an option that was not given changes nothing."""

    address: str
    kind: SourceKind | None = None
    source_id: str = ""
    include: Sequence[str] = ()
    exclude: Sequence[str] = ()
    interval_s: int | None = None
    url_template: str = ""

    @property
    def is_file(self) -> bool:
        """Whether it is the file of an archive."""
        return not self.is_address and self.address.lower().endswith(_ARCHIVES)

    @property
    def is_address(self) -> bool:
        """Whether it is an address, not the name of a source."""
        return "://" in self.address

    @property
    def url(self) -> str:
        """The address of the list: a site alone stands for its sitemap."""
        parts = urlsplit(self.address)
        if self.kind in (None, "sitemap") and parts.path in ("", "/") and not parts.query:
            return f"{self.address.rstrip('/')}/sitemap.xml"
        return self.address

    def request(self, found: DataSource | None) -> DataSourceRequest | None:
        """Return what is to be put, the rest being as it was ``found``; None where nothing can be put."""
        if found is None and not (self.is_address or self.is_file):
            return None
        before = {name: getattr(found, name) for name in DataSourceRequest.model_fields} if found else {}
        said: dict[str, object] = {}
        if found is None and self.is_file:
            said = {"kind": "archive"}
        elif found is None:
            kind = self.kind or guessed(self.url)
            said = {"kind": kind} | ({"urls": [self.url]} if kind == "urls" else {"url": self.url})
        for name, value in (("include", self.include), ("exclude", self.exclude)):
            if value:
                said[name] = list(value)
        if self.interval_s is not None:
            said["interval_s"] = self.interval_s
        if self.url_template:
            said["url_template"] = self.url_template
        return DataSourceRequest.model_validate(before | said)

    def changes(self, found: DataSource) -> bool:
        """Whether what was said is not so already."""
        wanted = self.request(found)
        return wanted is not None and any(
            getattr(found, name) != getattr(wanted, name) for name in DataSourceRequest.model_fields
        )

    def new_id(self, taken: Iterable[str]) -> str:
        """Return the name of a source that is made for it, none of those ``taken``."""
        if self.source_id:
            return self.source_id
        plain, told_apart = self.names
        return told_apart if plain in set(taken) else plain

    @property
    def names(self) -> tuple[str, str]:
        """What a source that is made for it is called, and what where that is taken."""
        name = re.sub(r"[^a-z0-9]+", "-", self._called().lower()).strip("-")[:_MAX_ID_CHARS] or "site"
        return name, f"{name}-{hashlib.sha256(self.url.encode()).hexdigest()[:8]}"

    def _called(self) -> str:
        """A site by its host, an archive by its repository or its file."""
        parts = urlsplit(self.address)
        if self.is_file or (self.kind or guessed(self.url)) == "archive":
            *folders, file = parts.path.split("/")
            before = (
                [part for part in folders[: folders.index("archive")] if part.strip("-")]
                if "archive" in folders
                else []
            )
            return before[-1] if before else file[: -len(_suffix(file))] if _suffix(file) else file
        return (parts.hostname or "site").removeprefix("www.")


def named(wanted: Wanted, known: Iterable[DataSource]) -> DataSource | None:
    """Return the source of ``known`` that is meant: by its name, or by its address."""
    if wanted.is_file and not wanted.source_id:
        uploaded = {source.id: source for source in known if source.kind == "archive" and source.url is None}
        return next((uploaded[name] for name in wanted.names if name in uploaded), None)
    if wanted.source_id or not wanted.is_address:
        name = wanted.source_id or wanted.address
        return next((source for source in known if source.id == name), None)
    kinds = (wanted.kind,) if wanted.kind else get_args(SourceKind)
    return next(
        (
            source
            for source in known
            if source.kind in kinds and (source.url == wanted.url or source.urls == [wanted.url])
        ),
        None,
    )


def guessed(url: str) -> SourceKind:
    """Return what the list at ``url`` is, by its name."""
    name = urlsplit(url).path.rstrip("/").rpartition("/")[2].lower()
    if name == "llms.txt":
        return "llms_txt"
    if re.search(r"(^|[-_.])(feed|rss|atom)([-_.]|$)", name):
        return "feed"
    if _suffix(name):
        return "archive"
    if "sitemap" in name or name.endswith((".xml", ".xml.gz")):
        return "sitemap"
    return "urls"


def _suffix(name: str) -> str:
    return next((suffix for suffix in _ARCHIVES if name.lower().endswith(suffix)), "")


def seconds(text: str) -> int | None:
    """Return the seconds of a time such as ``30m``, ``6h`` or ``1d``, or None when it is none."""
    found = _EVERY.fullmatch(text.strip().lower())
    return int(found[1]) * _UNITS[found[2]] if found else None


def kind_of(text: str | None) -> SourceKind | None:
    """Return the kind that ``text`` names."""
    return next((kind for kind in get_args(SourceKind) if kind == text), None)


def is_id(text: str) -> bool:
    """Whether ``text`` can be the name of a source."""
    return re.fullmatch(DATA_SOURCE_ID, text) is not None
