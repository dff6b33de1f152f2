"""What becomes of a document in the process that parses it, whatever its parser does."""

import zipfile
from io import BytesIO

from retriever.parsers.packing import unpack
from retriever.parsing.__main__ import GROWTH_CHARS, answer
from retriever.parsing.frames import Answer, Question

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
NEVER_S = 10_000_000


def asked(media_type: str = "text/markdown") -> Question:
    return Question(media_type, "guide/a.md", "", NEVER_S)


def problem(told: Answer) -> tuple[object, object]:
    assert told.problem is not None
    return told.problem["status"], told.problem["detail"]


def test_a_document_is_answered_packed() -> None:
    """What can be read comes back packed, with the memory it took told."""
    told, packed = answer(asked(), "# Fog\n\nHörn \ud800.".encode("utf-8", "surrogatepass"))
    assert told.problem is None
    assert told.resident_bytes > 0
    document = unpack(packed)
    assert (document.title, document.text) == ("Fog", "Fog\n\nHörn .")


def test_a_refusal_is_answered_as_a_problem() -> None:
    """A parser's refusal is told with its status and words."""
    told, packed = answer(asked("application/pdf"), b"no pdf")
    assert problem(told)[0] == 422
    assert (packed, told.failure, told.spent) == (b"", "", False)


def test_an_error_of_a_parser_is_a_refusal_and_told_by_place() -> None:
    """What a parser must not do becomes a refusal; the log gets the lines, never the document's words."""
    told, _ = answer(asked(), b"secret \xff words")
    assert problem(told) == (422, "The document cannot be read: it is broken, or not of its media type")
    assert told.failure.startswith("UnicodeDecodeError in ")
    assert "secret" not in told.failure


def test_a_text_that_grows_beyond_all_measure_is_refused() -> None:
    """A small packed file cannot become a text of any length."""
    paragraph = b"<w:p><w:r><w:t>" + b"a" * 1000 + b"</w:t></w:r></w:p>"
    body = b"<w:body>" + paragraph * (GROWTH_CHARS // 1000 + 200) + b"</w:body>"
    space = b'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"<w:document " + space + b">" + body + b"</w:document>")
    told, _ = answer(asked(DOCX), file.getvalue())
    assert problem(told)[0] == 413
    assert "unpacks" in str(problem(told)[1])
