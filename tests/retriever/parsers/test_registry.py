"""A media type is read by its parser or refused by name."""

import json

import pytest

from retriever.parsers.registry import MAX_TITLE_CHARS, PARSERS, SUFFIXES, known_media_type, parse, read
from shared.errors import InvalidRequestError, UnsupportedMediaTypeError
from tests.support.nasty import DOCX, docx, notebook, paragraph, pdf


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("text/markdown", ("text/markdown", "")),
        ("Text/HTML; charset=ISO-8859-1", ("text/html", "ISO-8859-1")),
        ('text/plain; format=flowed; CHARSET="utf-8"', ("text/plain", "utf-8")),
        ("application/xhtml+xml", ("text/html", "")),
    ],
)
def test_known_media_types(given: str, expected: tuple[str, str]) -> None:
    """A Content-Type is a media type, by another name perhaps, and a charset."""
    assert known_media_type(given) == expected


@pytest.mark.parametrize("given", ["", "application/msword", "image/png"])
def test_unknown_media_types_are_refused(given: str) -> None:
    """The refusal names what can be read."""
    with pytest.raises(UnsupportedMediaTypeError, match="text/markdown"):
        known_media_type(given)


def test_every_kind_has_a_parser_and_suffixes_of_its_own() -> None:
    """Each media type is read by its own module, and no suffix means two of them."""
    suffixes = [suffix for kind in PARSERS.values() for suffix in kind.suffixes]
    assert len(suffixes) == len(set(suffixes)) == len(SUFFIXES)
    assert SUFFIXES[".pdf"] == "application/pdf"
    assert len({kind.parser for kind in PARSERS.values()}) == len(PARSERS)


WORDS = "word " * 60
SOUND: dict[str, str | bytes] = {
    "text/markdown": WORDS,
    "text/mdx": WORDS,
    "text/html": WORDS,
    "text/plain": WORDS,
    "text/x-rst": WORDS,
    "application/pdf": pdf([[WORDS]]),
    DOCX: docx(paragraph(WORDS)),
    "application/x-ipynb+json": notebook({"cell_type": "markdown", "source": WORDS}),
    "application/json": json.dumps({"text": WORDS}),
}


@pytest.mark.parametrize("media_type", PARSERS)
def test_every_parser_gives_the_structure(media_type: str) -> None:
    """The same words are read by every parser, and a document without a title bears its id's name."""
    document = parse(SOUND[media_type], media_type=media_type, document_id="guide/intro.md")
    assert document.text.startswith("word word")
    assert document.title == "intro"


def test_titles_are_bounded() -> None:
    """A title is never longer than its bound, and an id that is all extension is its own name."""
    document = parse("word " * 60, media_type="text/plain", document_id="x", title="t" * 1000)
    assert document.title == "t" * MAX_TITLE_CHARS
    assert parse("# \n\nx", media_type="text/markdown", document_id="/").title == "/"


@pytest.mark.parametrize("source", ["", " \n", "<!-- nothing -->", "\u200b"])
def test_a_document_without_text_is_refused(source: str) -> None:
    """What holds nothing a reader could see is refused, saying so."""
    with pytest.raises(InvalidRequestError, match="no readable text"):
        parse(source, media_type="text/markdown", document_id="x")


def test_titles_are_visible() -> None:
    """A title has no hidden characters and no line ends, whatever the document said."""
    said = json.dumps({"title": "a\u202eb\n c\ud800", "text": "x"})
    assert parse(said, media_type="application/json", document_id="x").title == "ab c"


def test_a_document_nested_without_end_is_refused() -> None:
    """A parser that runs out of stack is a refusal, not a crash."""
    source = ".. note::\n\n" + "\n".join("   " * depth + ".. note::\n" for depth in range(1, 600))
    with pytest.raises(InvalidRequestError, match="nested too deeply"):
        parse(source, media_type="text/x-rst", document_id="x")


def test_reading_html_looks_for_its_meta_tag() -> None:
    """Only HTML is searched for a charset of its own."""
    page = b'<meta charset="latin1">\xe9'
    assert str(read(page, media_type="text/html", charset="")).endswith("é")
    with pytest.raises(InvalidRequestError):
        read(page, media_type="text/plain", charset="")


def test_binary_documents_are_not_decoded() -> None:
    """The bytes of a PDF are nobody's text."""
    assert read(b"\xff\x00", media_type="application/pdf", charset="utf-8") == b"\xff\x00"
