"""What a sync does with a page: ask or not, with which headers, read as what, under which document id.

Pure. A list's dates save a request, never decide what has changed: the content does.
"""

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import PurePosixPath
from urllib.parse import unquote

from retriever.parsers.registry import PARSERS, PLAIN, SUFFIXES, known_media_type
from retriever.sources.records import Page
from retriever.web.urls import Url

TRUST_DATES_FOR = timedelta(days=7)
"""Dates of a list may be wrong for ever; a page is asked for this often whatever they say."""
_DATE_SLACK = timedelta(hours=14)
"""A date without a time may be that of any place on Earth."""
_CLEAN = re.compile(r"[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)*")
_MAX_CLEAN_CHARS = 300
_VAGUE = ("", PLAIN, "application/octet-stream", "binary/octet-stream")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def document_id(source_id: str, url: Url) -> str:
    """Return the id of the document at ``url``: the same for ever, another for every other address."""
    host = f"[{url.host}]" if ":" in url.host else url.host
    place = host if url.origin == f"https://{host}" else url.origin.replace("//", "")
    path = unquote(url.target[1:], errors="replace") if "%" in url.target else url.target[1:]
    slash = path.endswith("/")
    path = path.removesuffix("/")
    clean = not path or (_CLEAN.fullmatch(path) and not {".", ".."} & set(path.split("/")))
    if clean and "%" not in url.target and len(path) <= _MAX_CLEAN_CHARS:
        return f"{source_id}/{place}" + (f"/{path}" if path else "") + ("~" if slash else "")
    kept = "/".join(part for part in re.split(r"[^A-Za-z0-9._-]+", path) if part.strip("."))[
        :_MAX_CLEAN_CHARS
    ]
    digest = hashlib.sha256(str(url).encode()).hexdigest()[:16]
    return f"{source_id}/{place}/{kept.strip('/') or 'page'}~{digest}"


def is_known(page: Page | None, *, lastmod: str, now: datetime) -> bool:
    """Whether the list's date says that the page is as it was when it was last had."""
    if page is None or not lastmod or lastmod != page.lastmod or page.outcome == "failed":
        return False
    changed, had = _latest(lastmod), page.fetched_at
    return changed is not None and changed < had and now - had < TRUST_DATES_FOR


def conditions(etag: str, last_modified: str) -> dict[str, str]:
    """Return the headers that ask for a page only if it is another (RFC 9110, section 13.1)."""
    said = {"if-none-match": etag, "if-modified-since": last_modified}
    return {name: value for name, value in said.items() if value}


def validators(headers: Mapping[str, str]) -> tuple[str, str]:
    """Return the ETag and the Last-Modified of an answer, as far as they can be sent back."""
    etag, modified = (headers.get(name, "").strip() for name in ("etag", "last-modified"))
    return _sendable(etag), _sendable(modified)


def media_type(content_type: str, url: Url) -> tuple[str, str]:
    """Return the media type and charset to read a page as; its name says more than a vague type.

    Raises
    ------
    UnsupportedMediaTypeError
        If no parser reads it.
    """
    plain, _, parameters = content_type.partition(";")
    plain = plain.strip().lower()
    by_name = SUFFIXES.get(PurePosixPath(unquote(url.path)).suffix.lower())
    # What is said to be text is not taken for a binary document.
    if by_name and plain in _VAGUE and not (plain == PLAIN and PARSERS[by_name].binary):
        content_type = f"{by_name};{parameters}"
    return known_media_type(content_type)


def _sendable(value: str) -> str:
    return value if value.isprintable() and value.isascii() and len(value) <= 300 else ""


def _latest(lastmod: str) -> datetime | None:
    """The last instant that ``lastmod`` (W3C's date and time, or that of mail) may mean."""
    try:
        moment = datetime.fromisoformat(lastmod)
    except ValueError:
        try:
            moment = parsedate_to_datetime(lastmod)
        except (ValueError, IndexError):
            return None
    slack = timedelta(days=1) if _DAY.fullmatch(lastmod) else timedelta(0)
    if moment.tzinfo is None:
        moment, slack = moment.replace(tzinfo=UTC), slack + _DATE_SLACK
    try:
        return moment + slack
    except OverflowError:
        return None
