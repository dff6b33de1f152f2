"""What is downloaded: a conversation as Markdown, names of files, and JSON that is written piece by piece.

Pure. Stored things in, text out, one message at a time; who reads them and who is sent them is
:mod:`chat_ws.downloads.pages`. Titles and comments are text, a question is a quotation, an answer is the
Markdown that it is.
"""

import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import quote

from pydantic import BaseModel

from chat_ws.downloads.marking import marked
from shared.contracts.chat_ws import Conversation, Message
from shared.contracts.retriever import CitationSource
from shared.contracts.wire import timestamp

_NAME_CHARS = 80
_UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]+')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9 ._-]+")
_SPECIAL = re.compile(r"([\\`*_\[\]<>#&|~])")
_URL_END = re.compile(r"[<>\\\s]")
_WEB = re.compile(r"https?://", re.IGNORECASE)


def disposition(title: str, *, extension: str) -> str:
    """Return the ``Content-Disposition`` of a download named after ``title`` (RFC 6266)."""
    name = file_name(title)
    plain = file_name(_NOT_PLAIN.sub("", unicodedata.normalize("NFKD", name)))
    encoded = quote(f"{name}.{extension}", safe="")
    return f"attachment; filename=\"{plain}.{extension}\"; filename*=UTF-8''{encoded}"


def file_name(title: str) -> str:
    """Return ``title`` as the name of a file that every system can hold, without what no eye sees in it."""
    shown = _UNSAFE.sub(" ", title)
    shown = "".join(" " if char.isspace() else char for char in shown if char.isspace() or _visible(char))
    name = " ".join(shown.split())[:_NAME_CHARS]
    # Four bytes a character at most, and what names a folder or hides a file goes.
    name = name.encode()[:200].decode(errors="ignore").strip(" .-")
    return "conversation" if not name or _RESERVED.fullmatch(name) else name


def _visible(char: str) -> bool:
    return not unicodedata.category(char).startswith("C")


def opening(document: BaseModel, of: str) -> str:
    """Return the JSON of ``document`` up to the inside of one more field, the list ``of``."""
    return f'{document.model_dump_json()[:-1]},"{of}":['


CLOSING = "]}"


def markdown_head(conversation: Conversation) -> str:
    """Return the beginning of a conversation's Markdown."""
    begun = timestamp(conversation.created_at)
    return f"# {_text(conversation.title)}\n\nBegun {begun}, {conversation.message_count} messages.\n"


def markdown(message: Message) -> str:
    """Return a message as Markdown: a question is quoted, an answer as it is, with its numbered sources."""
    when = timestamp(message.created_at)
    if message.role == "user":
        quoted = "\n".join(f"> {line}".rstrip() for line in message.content.splitlines())
        return f"\n## Question\n\n{when}\n\n{quoted}\n"
    text, sources = marked(message.content, message.citations)
    parts = [f"## Answer\n\n{when}", text.strip("\n"), _sources(sources), *_notes(message)]
    return "\n" + "\n\n".join(part for part in parts if part) + "\n"


def _sources(sources: Iterable[CitationSource]) -> str:
    lines = [f"{number}. {_source(source)}" for number, source in enumerate(sources, start=1)]
    return "\n".join(["Sources:\n", *lines]) if lines else ""


def _source(source: CitationSource) -> str:
    name = _text(" › ".join([source.title or source.document_id, *source.heading_path]))
    if _WEB.match(source.url):
        url = _URL_END.sub(lambda found: quote(found[0], safe=""), source.url)
        name = f"[{name}](<{url}>)"
    elif source.url:
        name += f" ({_text(source.url)})"
    return f"{name}: “{_text(source.quote)}”" if source.quote.strip() else name


def _notes(message: Message) -> Iterable[str]:
    if message.status not in (None, "completed"):
        yield f"This answer is not complete: {message.status}."
    if message.feedback is not None:
        said = f": “{_text(message.feedback.comment)}”" if message.feedback.comment else ""
        yield f"Rated {message.feedback.rating}{said}."


def _text(text: str) -> str:
    """Return ``text`` on one line, without a meaning in Markdown."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))
