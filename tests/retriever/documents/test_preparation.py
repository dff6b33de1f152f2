"""What is submitted becomes what is written, the same again from what was kept."""

from dataclasses import replace

import pytest

from retriever.documents.preparation import Preparation, Submission
from retriever.documents.records import Record
from retriever.parsers.packing import unpack
from retriever.ports import Point
from shared.errors import InvalidRequestError
from tests.retriever.documents.test_records import RECORD
from tests.support.nasty import pdf
from tests.support.retriever_room import InProcess

JSON = "application/json"
PDF = "application/pdf"


def blank(media_type: str, **given: object) -> Record:
    said = {"title": "", "url": "", "metadata": {}} | given
    return replace(RECORD, media_type=media_type, given=said)


async def first(content: bytes, media_type: str, **given: object) -> tuple[Record, list[Point]]:
    return await Preparation(InProcess()).first(blank(media_type, **given), Submission(content, media_type))


def source(points: list[Point]) -> str:
    return "".join(str(point.payload["text"]) for point in points if point.payload["kind"] == "source")


async def test_text_is_kept_as_it_came() -> None:
    """The source of a text is the text, decoded; the record counts what was made of it."""
    record, points = await first("# Fog\n\nHörn.".encode(), "text/markdown")
    assert (record.title, record.characters, record.chunk_count) == ("Fog", 10, 1)
    assert source(points) == "# Fog\n\nHörn."


async def test_what_is_no_text_is_kept_as_its_parser_read_it() -> None:
    """Of a PDF the parsed document is kept; the index is made anew from it, without the file."""
    record, points = await first(pdf([["A lamp burns oil."]], title="Lamps"), PDF)
    kept = source(points)
    assert unpack(kept).text == "A lamp burns oil."
    again, renewed = await Preparation(InProcess()).again(record, kept)
    assert again == record
    assert renewed == points


async def test_what_was_kept_and_cannot_be_read_is_said() -> None:
    """A kept document that is damaged is a refusal, which leaves what is indexed as it is."""
    with pytest.raises(InvalidRequestError, match="put it again"):
        await Preparation(InProcess()).again(blank(PDF), "{}")


async def test_a_text_is_parsed_again() -> None:
    """Made anew, a text goes through its parser again, with what was said about it."""
    record, points = await first(b"Text.", "text/markdown", title="Given")
    again, renewed = await Preparation(InProcess()).again(record, source(points))
    assert (again, renewed) == (record, points)
    assert again.title == "Given"


async def test_what_a_json_document_says_of_itself_is_checked() -> None:
    """Its url and metadata are its own, under what was said from outside; what does not fit is refused."""
    said = b'{"text": "x", "url": "/own", "metadata": {"lang": "en", "team": ["a"]}}'
    record, _ = await first(said, JSON, metadata={"lang": "de"})
    assert (record.url, record.metadata) == ("/own", {"lang": "de", "team": ["a"]})
    assert (await first(said, JSON, url="/given"))[0].url == "/given"
    for wrong, param in ((b'"url": "javascript:x"', "url"), (b'"metadata": {"a": null}', "metadata.a")):
        with pytest.raises(InvalidRequestError) as caught:
            await first(b'{"text": "x", ' + wrong + b"}", JSON)
        assert caught.value.param == param


async def test_what_front_matter_says_and_does_not_fit_is_dropped() -> None:
    """Front matter is written for other programs too: it never stands in the way of its document."""
    record, _ = await first(b'---\nurl: javascript:x\na: 1\n"b": 2\n---\nx', "text/markdown")
    assert (record.url, record.metadata) == ("", {"a": 1})
