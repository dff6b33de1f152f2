"""A document as it comes over HTTP: its id, its bytes, and what is said about it.

Owns the bounds of a submission. The query wins over the headers.
"""

import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import unquote

from starlette.requests import Request

from retriever.documents.facets import checked
from retriever.documents.links import is_safe_url
from retriever.documents.preparation import Submission
from retriever.parsers.registry import MAX_TITLE_CHARS, known_media_type
from retriever.parsers.visible import visible
from shared.errors import InvalidRequestError, TooLargeError

MAX_ID_CHARS = 512
MAX_METADATA_CHARS = 32_768


def document_id(value: str) -> str:
    """Return ``value`` when it can be the id of a document: a name or a path without ``..``.

    Raises
    ------
    InvalidRequestError
        If it is empty, too long, or holds control characters or a segment that leads elsewhere.
    """
    if not 0 < len(value) <= MAX_ID_CHARS:
        raise InvalidRequestError(f"A document's id has 1 to {MAX_ID_CHARS} characters", param="id")
    if visible(value) != value or any(mark in value for mark in "\n\t"):
        raise InvalidRequestError("A document's id holds no control or hidden characters", param="id")
    if any(part in ("", ".", "..") for part in value.split("/")):
        raise InvalidRequestError("A document's id holds no empty, '.' or '..' segments", param="id")
    return value


async def read_submission(request: Request, *, limit: int) -> Submission:
    """Return the document in the body of ``request``, counted while it comes.

    Raises
    ------
    InvalidRequestError
        If the media type is unknown, the body too large, or what is said about it not valid.
    """
    media_type, charset = known_media_type(request.headers.get("content-type", ""))
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit:
        raise _too_large(limit)
    title = visible(_said(request, "title")).strip()
    if len(title) > MAX_TITLE_CHARS:
        raise InvalidRequestError(f"A title has at most {MAX_TITLE_CHARS} characters", param="title")
    url = _said(request, "url").strip()
    if url and not is_safe_url(url):
        raise InvalidRequestError("A url begins with http://, https:// or /, without spaces", param="url")
    metadata = _metadata(_said(request, "metadata"))
    content = await _body(request.stream(), limit)
    return Submission(content, media_type, charset, title, url, metadata)


async def _body(stream: AsyncIterator[bytes], limit: int) -> bytes:
    received = bytearray()
    async for chunk in stream:
        received += chunk
        if len(received) > limit:
            raise _too_large(limit)
    return bytes(received)


def _too_large(limit: int) -> TooLargeError:
    return TooLargeError(f"A document has at most {limit} bytes (MAX_DOCUMENT_BYTES)")


def _said(request: Request, name: str) -> str:
    """The query parameter ``name``, else the percent-encoded header for it."""
    if (value := request.query_params.get(name)) is not None:
        return value
    return unquote(request.headers.get(f"x-document-{name}", ""), errors="replace")


def _metadata(text: str) -> dict[str, Any]:
    if not text:
        return {}
    if len(text) > MAX_METADATA_CHARS:
        raise InvalidRequestError(f"Metadata has at most {MAX_METADATA_CHARS} characters", param="metadata")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidRequestError("Metadata must be a JSON object", param="metadata") from None
    if not isinstance(value, dict):
        raise InvalidRequestError("Metadata must be a JSON object", param="metadata")
    return checked(value)
