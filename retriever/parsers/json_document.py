"""A document as JSON: ``{title?, url?, text, metadata?, media_type?}``.

For documents that another program writes. The text is Markdown, or plain where ``media_type`` says so; what
is said beside it is the document's own, and what was said from outside wins. Unknown fields are refused.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from retriever.parsers import markdown, plain
from retriever.parsers.structure import ParsedDocument
from retriever.parsers.visible import visible
from shared.errors import FieldError, InvalidRequestError

_PARSERS = {"text/markdown": markdown.parse, "text/plain": plain.parse}
_FIELDS: Mapping[str, type] = {"title": str, "url": str, "text": str, "metadata": dict, "media_type": str}


def parse(text: str, *, title: str = "") -> ParsedDocument:
    """Return the document that the JSON ``text`` holds; ``title`` wins over its own.

    Raises
    ------
    InvalidRequestError
        Naming each field that is missing, unknown or of the wrong type.
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        detail = str(error) if isinstance(error, json.JSONDecodeError) else "it cannot be read"
        raise InvalidRequestError(f"The document is not JSON: {detail}") from None
    if not isinstance(found, dict):
        raise InvalidRequestError('The document must be a JSON object such as {"title": "…", "text": "…"}')
    problems = [*_problems(found)]
    if problems:
        detail = "; ".join(f"{problem.field}: {problem.message}" for problem in problems[:10])
        raise InvalidRequestError(detail, fields=problems[:10])
    media_type = found.get("media_type", "text/markdown")
    document = _PARSERS[media_type](found["text"], title=title or found.get("title", "").strip())
    return replace(document, url=found.get("url", ""), metadata=found.get("metadata", {}))


def _problems(found: dict[str, Any]) -> list[FieldError]:
    problems = [
        FieldError(visible(name)[:64], f"is not known; known are {', '.join(_FIELDS)}")
        for name in found
        if name not in _FIELDS
    ]
    problems += [
        FieldError(name, "must be text" if kind is str else "must be an object")
        for name, kind in _FIELDS.items()
        if name in found and not isinstance(found[name], kind)
    ]
    if "text" not in found:
        problems.append(FieldError("text", "is missing"))
    media_type = found.get("media_type", "text/markdown")
    if isinstance(media_type, str) and media_type not in _PARSERS:
        problems.append(FieldError("media_type", f"must be one of {', '.join(_PARSERS)}"))
    return problems
