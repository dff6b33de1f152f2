"""An answer is a stream of events whose citations are exact, or one refusal."""

from typing import Any

import pytest

from retriever.answer import MODEL
from shared.contracts.retriever import (
    AnswerRequest,
    CitationStart,
    ContentDelta,
    MessageEnd,
    PageContext,
    RunEnd,
    RunEvent,
    RunStart,
    SearchResults,
    Turn,
)
from shared.errors import InvalidRequestError
from tests.support.retriever_room import LAMPS, OWNERSHIP, Room


def asking(*contents: str, **fields: Any) -> AnswerRequest:
    turns = [Turn(role="assistant" if at % 2 else "user", content=text) for at, text in enumerate(contents)]
    return AnswerRequest(messages=turns, **fields)


async def filled() -> Room:
    room = Room()
    await room.put("own.md", OWNERSHIP, url="https://x.org/own.html", metadata={"lang": "en"})
    await room.put("lamps.md", LAMPS, url="https://x.org/lamps/")
    return room


async def events(room: Room, request: AnswerRequest) -> list[RunEvent]:
    return [event async for event in room.answers.events(request)]


async def test_the_events_of_an_answer_stand_in_their_order() -> None:
    """Start, queries, results, message, deltas with their citations, end of message, end of run."""
    found = await events(await filled(), asking("What is ownership?"))
    kinds = list(dict.fromkeys(event.type for event in found))
    assert kinds == [
        "run-start",
        "search-queries",
        "search-results",
        "message-start",
        "content-delta",
        "citation-start",
        "message-end",
        "run-end",
    ]
    assert isinstance(found[0], RunStart)
    assert found[0].model == MODEL
    assert found[-2] == MessageEnd(finish_reason="complete")
    assert found[-1] == RunEnd(status="completed")
    assert sum(isinstance(event, ContentDelta) for event in found) > 2


@pytest.mark.parametrize(
    "question", ["What is ownership?", "What are the ownership rules?", "What is a Fresnel lens?"]
)
async def test_citations_are_exact(question: str) -> None:
    """Each citation is the very slice of the text sent so far, and its quote stands in a passage shown."""
    passages: dict[str, str] = {}
    text = ""
    cited = 0
    for event in await events(await filled(), asking(question)):
        if isinstance(event, SearchResults):
            passages = {passage.id: passage.text for passage in event.passages}
        if isinstance(event, ContentDelta):
            text += event.delta.text
        if isinstance(event, CitationStart):
            citation = event.citation
            cited += 1
            assert text[citation.start : citation.end] == citation.text
            assert citation.sources[0].quote in passages[citation.sources[0].passage_id]
    assert cited


async def test_the_whole_answer_is_what_was_streamed() -> None:
    """The JSON answer holds the text, citations and passages of the events."""
    answer = await (await filled()).answers.whole(asking("What is ownership?"))
    assert answer.answer.startswith(
        "Ownership is a set of rules that govern how a Rust program manages memory."
    )
    source = answer.citations[0].sources[0]
    assert (source.title, source.heading_path) == ("What Is Ownership?", ["What Is Ownership?"])
    assert source.url.startswith("https://x.org/own.html#what-is-ownership:~:text=Ownership%20is")
    assert (answer.finish_reason, answer.model, answer.queries) == ("complete", MODEL, ["What is ownership?"])


async def test_lists_are_answered_as_lists() -> None:
    """Items stand in lines with a dash that is not part of the citation."""
    answer = await (await filled()).answers.whole(asking("What are the ownership rules?"))
    assert "- Each value in Rust has an owner.\n- There can only be one owner at a time." in answer.answer


@pytest.mark.parametrize("question", ["Who won the world cup?", "zebra", "why?", "?!"])
async def test_what_is_not_in_the_documents_is_refused(question: str) -> None:
    """Nothing that fits is one sentence that says so, without a citation."""
    answer = await (await filled()).answers.whole(asking(question))
    assert (answer.answer, answer.citations, answer.finish_reason) == (
        "I could not find an answer to this in the documents.",
        [],
        "refused",
    )


async def test_a_refusal_is_in_the_language_of_the_question() -> None:
    """Who asks in Spanish is told so in Spanish."""
    answer = await (await filled()).answers.whole(asking("¿Quién ganó la copa del mundo?"))
    assert (answer.answer, answer.finish_reason) == (
        "No he encontrado una respuesta a esto en los documentos.",
        "refused",
    )


async def test_this_is_what_the_visitor_selected() -> None:
    """A question that names nothing is about the selected text."""
    page = PageContext(selected_text="Fresnel lens")
    answer = await (await filled()).answers.whole(asking("What is this made of?", context=page))
    assert "rings of glass" in answer.answer


async def test_an_empty_index_refuses() -> None:
    """Without documents every question is refused."""
    answer = await Room().answers.whole(asking("What is ownership?"))
    assert answer.finish_reason == "refused"


async def test_a_follow_up_is_understood_from_the_turns_before() -> None:
    """ "Why?" about the lens finds the lens."""
    answer = await (await filled()).answers.whole(
        asking("What is a Fresnel lens?", "Rings of glass.", "of what is it made?")
    )
    assert "rings of glass" in answer.answer


async def test_filters_hold_for_answers() -> None:
    """What the filters leave out is not said."""
    room = await filled()
    answer = await room.answers.whole(asking("What is a Fresnel lens?", filters={"lang": "en"}))
    assert answer.finish_reason == "refused"


async def test_the_page_narrows_the_answer() -> None:
    """Grounded on the page, only its document is searched, however its address is written."""
    page = PageContext(page_url="https://x.org/lamps?utm=1#top", grounding="page")
    answer = await (await filled()).answers.whole(asking("What is a Fresnel lens?", context=page))
    assert {passage.document_id for passage in answer.passages} == {"lamps.md"}
    assert answer.degraded == []


async def test_a_page_without_an_answer_falls_back_to_all_and_says_so() -> None:
    """Where the page holds nothing, all documents are asked and the answer says what it lacked."""
    page = PageContext(page_url="https://x.org/lamps/", grounding="selection", selected_text="wick")
    answer = await (await filled()).answers.whole(asking("What is ownership?", context=page))
    assert answer.finish_reason == "complete"
    assert answer.degraded == ["grounding"]


@pytest.mark.parametrize("messages", [["q", "a"], [" \n"]])
async def test_the_last_message_must_be_a_question(messages: list[str]) -> None:
    """A conversation that ends with the assistant, or with nothing, is refused before the first event."""
    with pytest.raises(InvalidRequestError, match="last message"):
        await events(Room(), asking(*messages))
