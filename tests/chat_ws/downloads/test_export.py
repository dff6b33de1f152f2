"""File names and Markdown of what is downloaded."""

import json
import re
from email.message import Message as Header
from email.utils import collapse_rfc2231_value
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chat_ws.downloads.export import CLOSING, disposition, file_name, markdown, markdown_head, opening
from shared.contracts.chat_ws import Conversation, ExportedMessage, Feedback
from shared.contracts.retriever import Citation, CitationSource
from tests.support.chat_fakes import NOW

STAMP = "2026-01-02T03:04:05.678Z"
LAMPS = Conversation(id="c", title="Lamps", created_at=NOW, updated_at=NOW, message_count=2)


def message(role: str = "assistant", **fields: Any) -> ExportedMessage:
    whole = {"id": "m", "conversation_id": "c", "role": role, "content": "Said.", "created_at": NOW}
    return ExportedMessage.model_validate(whole | fields)


def source(**fields: Any) -> CitationSource:
    whole = {"document_id": "guide/lamps.md", "passage_id": "p", "title": "Lamps", "url": "", "quote": ""}
    return CitationSource.model_validate(whole | fields)


def cited(*sources: CitationSource) -> list[Citation]:
    return [Citation(start=0, end=5, text="Said.", sources=list(sources))]


# Names


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Lamps", "Lamps"),
        ('What is  a/b\\c: "d"?\n<e>|*', "What is a b c d e"),
        ("../../etc/passwd", "etc passwd"),
        (".hidden", "hidden"),
        ("-rf", "rf"),
        ("...", "conversation"),
        ("", "conversation"),
        ("CON", "conversation"),
        ("nul.txt", "conversation"),
        ("console", "console"),
        ("a\u202egpj.exe\u200b", "agpj.exe"),
        ("x" * 100, "x" * 80),
        ("灯台の光", "灯台の光"),
        ("😀" * 100, "😀" * 50),
        ("\ud800", "conversation"),
    ],
)
def test_a_file_is_named_after_its_title(title: str, name: str) -> None:
    """Without what names a folder, hides, is reserved or is not seen; short enough for every system."""
    assert file_name(title) == name


@given(st.text() | st.text(st.sampled_from("./\\ -:con\"\r\n\u202e😀é%;'")))
@example("aux .b")
@example("x" * 79 + " . y")
def test_every_name_is_safe(title: str) -> None:
    """Whatever the title: one component, nothing hidden or reserved, and a header that says it back."""
    name = file_name(title)
    assert name
    assert len(name.encode()) <= 200
    assert not set(name) & set('/\\:*?"<>|\0\r\n')
    assert name == name.strip(" .-")
    assert not re.fullmatch(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?", name)

    said = disposition(title, extension="md")
    assert said.isascii()
    assert said.isprintable()
    plain = re.fullmatch(
        r"attachment; filename=\"([A-Za-z0-9 ._-]+)\.md\"; filename\*=UTF-8''[^\"';\s]+", said
    )
    assert plain is not None
    assert plain[1] == file_name(plain[1])
    header = Header()
    header["content-disposition"] = f"attachment;{said.rpartition(';')[2]}"
    told = header.get_param("filename", header="content-disposition")
    assert collapse_rfc2231_value(told) == f"{name}.md"  # type: ignore[arg-type]  # a parameter may be absent, for its type


# JSON


def test_json_is_written_piece_by_piece() -> None:
    """The beginning, items with commas and the end are one object, with one more field."""
    for items in ([], ["1"], ["1", "2"]):
        whole = json.loads(opening(LAMPS, "messages") + ",".join(items) + CLOSING)
        assert whole.pop("messages") == [int(item) for item in items]
        assert whole == LAMPS.model_dump(mode="json")


# Markdown


def test_a_title_is_text() -> None:
    """It makes no link, no second line and no emphasis."""
    odd = LAMPS.model_copy(update={"title": "A [b](c)\n# *d* <e> `f`"})
    head = f"# A \\[b\\](c) \\# \\*d\\* \\<e\\> \\`f\\`\n\nBegun {STAMP}, 2 messages.\n"
    assert markdown_head(odd) == head


def test_a_question_is_quoted() -> None:
    """Each line of it stays in the quotation, also an empty one."""
    said = markdown(message("user", content="# Why?\n\n```\nx"))
    assert said == f"\n## Question\n\n{STAMP}\n\n> # Why?\n>\n> ```\n> x\n"


def test_an_answer_names_its_sources() -> None:
    """Numbered in the text and below it, with where they lead and what they say."""
    web = source(url="https://k.example/a b#c>d", heading_path=["Wicks", "Trim"], quote="Daily\n trimmed.")
    other = source(passage_id="q", title="", url="javascript:alert(1)")
    said = markdown(message(citations=cited(web, other, source(passage_id="r")), status="completed"))
    assert said == (
        f"\n## Answer\n\n{STAMP}\n\nSaid.\\[1\\]\\[2\\]\\[3\\]\n\nSources:\n\n"
        "1. [Lamps › Wicks › Trim](<https://k.example/a%20b#c%3Ed>): “Daily trimmed.”\n"
        "2. guide/lamps.md (javascript:alert(1))\n"
        "3. Lamps\n"
    )


@pytest.mark.parametrize(
    ("fields", "note"),
    [
        ({"status": "cancelled"}, "This answer is not complete: cancelled."),
        ({"feedback": Feedback(rating="up", updated_at=NOW)}, "Rated up."),
        ({"feedback": Feedback(rating="down", comment="a\n*b*", updated_at=NOW)}, "Rated down: “a \\*b\\*”."),
    ],
)
def test_what_became_of_an_answer_is_told(fields: dict[str, Any], note: str) -> None:
    """That it was cut short, and what the visitor thinks of it, stand below it."""
    assert markdown(message(**fields)) == f"\n## Answer\n\n{STAMP}\n\nSaid.\n\n{note}\n"


def test_an_answer_that_says_nothing_has_no_hole() -> None:
    """An empty answer is its heading and what became of it."""
    said = markdown(message(content="", status="failed"))
    assert said == f"\n## Answer\n\n{STAMP}\n\nThis answer is not complete: failed.\n"
