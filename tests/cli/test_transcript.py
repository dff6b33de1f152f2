import pytest
from pydantic import TypeAdapter

from cli.transcript import Transcript
from shared.contracts.retriever import Citation, CitationSource, CitationStart, ContentDelta, Delta, RunEvent
from tests.support.cli_server import RUN, SOURCE

_EVENT: TypeAdapter[RunEvent] = TypeAdapter(RunEvent)


def told(transcript: Transcript) -> str:
    return "".join(transcript.take(_EVENT.validate_python(event)) for event in RUN)


def cited(start: int, end: int, *sources: CitationSource) -> CitationStart:
    return CitationStart(citation=Citation(start=start, end=end, text="", sources=list(sources)))


def source(passage: str, *, quote: str = "q", title: str = "T", url: str = "") -> CitationSource:
    return CitationSource(document_id="d.md", passage_id=passage, title=title, url=url, quote=quote)


def test_what_is_shown_is_the_answer_with_its_marks() -> None:
    """The text as it grows has each mark where its citation came."""
    assert told(Transcript()) == "Ownership is a set of rules. [1] It is checked."


def test_the_whole_is_the_answer_of_the_api() -> None:
    """The events make up the same answer that the API gives at once."""
    transcript = Transcript()
    told(transcript)
    whole = transcript.whole()
    assert whole.answer == "Ownership is a set of rules. It is checked."
    assert whole.answer[whole.citations[0].start : whole.citations[0].end] == whole.citations[0].text
    assert (whole.model, whole.index_version, whole.queries) == ("extractive", "7", ["What is ownership?"])
    assert transcript.finish_reason == whole.finish_reason == "complete"
    assert transcript.end.status == "completed"


def test_an_answer_that_was_cut_is_incomplete() -> None:
    """Without its end an answer is not taken for a whole one."""
    transcript = Transcript()
    transcript.take(_EVENT.validate_python(RUN[4]))
    assert transcript.end.status == "incomplete"
    assert transcript.finish_reason == "error"


def test_marks_stand_where_the_cited_spans_end() -> None:
    """Late citations are marked at their span, several at one place in their order."""
    transcript = Transcript()
    transcript.take(ContentDelta(delta=Delta(text="One. Two.")))
    for event in (cited(0, 4, source("a")), cited(5, 9, source("b")), cited(0, 4, source("c"), source("a"))):
        transcript.take(event)
    assert transcript.marked() == "One. [1] [1] [3] Two. [2]"


def test_a_passage_has_one_number_and_all_its_quotes() -> None:
    """Citing a passage again keeps its number and adds only new quotes."""
    transcript = Transcript()
    for quote in ("first", "second\n line", "first"):
        transcript.take(cited(0, 0, source("a", quote=quote, url="https://x.test/#a")))
    assert transcript.bibliography() == "[1] T — https://x.test/#a\n    “first”\n    “second line”"


def test_a_source_names_title_and_headings() -> None:
    """A heading path that begins with the title does not say it twice."""
    transcript = Transcript()
    told(transcript)
    assert transcript.bibliography().splitlines()[0] == (f"[1] What Is Ownership? › Rules — {SOURCE['url']}")


@pytest.mark.parametrize(("title", "place"), [("T", "T › H — d.md"), ("", "d.md › H — d.md")])
def test_a_source_without_title_or_address_is_named_by_its_document(title: str, place: str) -> None:
    """The document's id stands in for what is missing."""
    transcript = Transcript()
    plain = source("a", title=title).model_copy(update={"heading_path": ["H"]})
    transcript.take(cited(0, 0, plain))
    assert transcript.sources[0].place == place


def test_a_long_quote_is_shortened() -> None:
    """A quote ends after 400 characters, visibly."""
    transcript = Transcript()
    transcript.take(cited(0, 0, source("a", quote="x" * 1000)))
    assert transcript.bibliography().endswith("x" * 400 + "…”")
