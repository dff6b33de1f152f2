"""Which files of an archive are documents, and what they are called.

Pure.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from urllib.parse import quote

from retriever.documents.links import MAX_URL_CHARS, is_safe_url
from retriever.parsers.registry import JSON, SUFFIXES
from retriever.parsers.visible import visible
from retriever.sources.archive.survey import Entry, Survey
from retriever.sources.patterns import wanted
from shared.contracts.data_sources import DataSourceRequest

PATH, STEM = "{path}", "{stem}"
_CLEAN = re.compile(r"[\w.,+@()= -]+(?:/[\w.,+@()= -]+)*")
_MAX_CLEAN_CHARS = 300
_DRIVE = re.compile(r"[A-Za-z]:")
_MAX_SHOWN_CHARS = 500


@dataclass(frozen=True)
class Chosen:
    """A file that is a document."""

    name: str
    """In the archive."""
    path: str
    """Below the folder that holds everything."""
    document_id: str
    media_type: str
    url: str
    tag: str
    """The same while its content and its address are."""
    problem: str
    """Why it cannot be taken in."""


@dataclass
class Selection:
    """What is wanted of an archive."""

    documents: dict[str, Chosen] = field(default_factory=dict)
    """By their paths."""
    passed_over: int = 0
    failures: list[tuple[str, str]] = field(default_factory=list)
    """Names that cannot be those of documents, with the reason."""


def select(survey: Survey, request: DataSourceRequest, source_id: str) -> Selection:
    """Return which files of an archive the source wants."""
    found = Selection(passed_over=survey.others)
    for entry in survey.entries:
        path = entry.name.removeprefix(survey.top)
        if why := _misnamed(path):
            found.failures.append((_shown(path), why))
        elif not _is_wanted(path, request):
            found.passed_over += 1
        elif path in found.documents:
            found.failures.append((path, "the archive holds it twice: the first one counts"))
        else:
            found.documents[path] = _chosen(entry, path, request.url_template, source_id)
    return found


def document_id(source_id: str, path: str) -> str:
    """Return the id of the document at ``path``: the same for ever, another for every other path."""
    parts = path.split("/")
    if (
        _CLEAN.fullmatch(path)
        and len(path) <= _MAX_CLEAN_CHARS
        and all(part == part.strip() for part in parts)
    ):
        return f"{source_id}/{path}"
    kept = "/".join(part for part in re.split(r"[^A-Za-z0-9._-]+", path) if part.strip("."))
    digest = hashlib.sha256(path.encode()).hexdigest()[:16]
    return f"{source_id}/{kept[:_MAX_CLEAN_CHARS].strip('/') or 'file'}~{digest}"


def address(template: str | None, path: str) -> str:
    """Return where the file at ``path`` is published; empty where nothing was said of that."""
    stem = path.removesuffix(PurePosixPath(path).suffix)
    return (template or "").replace(PATH, quote(path)).replace(STEM, quote(stem))


def template_problem(template: str) -> str:
    """Return what is wrong with ``template``, or an empty string."""
    if not is_safe_url(template):
        return "begins with http://, https:// or /, without spaces"
    if PATH not in template and STEM not in template:
        return f"holds {PATH} or {STEM}, such as https://docs.example.com/{STEM}.html"
    return ""


def _chosen(entry: Entry, path: str, template: str | None, source_id: str) -> Chosen:
    url = address(template, path)
    problem = entry.problem
    if len(url) > MAX_URL_CHARS:
        url, problem = "", problem or f"its address would have more than {MAX_URL_CHARS} characters"
    media_type = SUFFIXES[PurePosixPath(path).suffix.lower()]
    tag = hashlib.sha256(f"{entry.digest}\0{url}\0{problem}".encode()).hexdigest()
    return Chosen(entry.name, path, document_id(source_id, path), media_type, url, tag, problem)


def _misnamed(path: str) -> str:
    parts = path.split("/")
    if path.startswith("/") or ".." in parts or _DRIVE.match(path):
        return "its name leads out of the archive"
    if "\\" in path or "" in parts or "." in parts or visible(path) != path or not path.isprintable():
        return "its name is not made of folders and a file"
    return ""


def _shown(path: str) -> str:
    return "".join(
        char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in path[:_MAX_SHOWN_CHARS]
    )


def _is_wanted(path: str, request: DataSourceRequest) -> bool:
    folders_and_name = path.split("/")
    if any(part.startswith(".") or part == "node_modules" for part in folders_and_name):
        return False
    if SUFFIXES[PurePosixPath(path).suffix.lower()] == JSON and not _names_json(request.include):
        return False
    return wanted(
        address(request.url_template, path), f"/{path}", include=request.include, exclude=request.exclude
    )


def _names_json(include: Sequence[str]) -> bool:
    """In a repository most files of JSON are no documents: they are taken where a pattern says so."""
    return any(pattern.lower().endswith(".json") for pattern in include)
