"""Answers and OpenAI's shapes mean the same, whole and in chunks."""

from collections.abc import Sequence
from typing import Any

import pytest

from retriever.openai.translation import (
    CARREL,
    Chunks,
    Heading,
    ModelNotFoundError,
    annotations,
    completion,
    error_body,
    model,
    models,
    question,
)
from retriever.openai.wire import CompletionChunk, CompletionRequest
from shared.contracts.retriever import (
    Citation,
    CitationSource,
    CitationStart,
    ContentDelta,
    Delta,
    GroundedAnswer,
    MessageEnd,
    MessageStart,
    RunEnd,
    RunEvent,
    RunStart,
    SearchQueries,
    SearchResults,
    Turn,
    Usage,
)
from shared.errors import (
    CarrelError,
    ForbiddenError,
    InvalidRequestError,
    QuotaExceededError,
    UnauthorizedError,
    UpstreamUnavailableError,
)

HEADING = Heading(id="chatcmpl-1", created=1_800_000_000)
TEXT = "A lens is made of glass. It bends light."


def body(*messages: tuple[str, str | None], **more: Any) -> CompletionRequest:
    said = [{"role": role, "content": text} for role, text in messages or [("user", "What is a lens?")]]
    return CompletionRequest.model_validate({"model": CARREL, "messages": said} | more)


def source(url: str = "https://x.org/lens#glass", title: str = "Lenses") -> CitationSource:
    return CitationSource(document_id="d", passage_id="p", title=title, url=url, quote="q")


FIRST = Citation(start=0, end=24, text=TEXT[:24], sources=[source()])
SECOND = Citation(start=25, end=40, text=TEXT[25:], sources=[source(), source(url="", title="Light")])
COUNTED = Usage(input_tokens=11, output_tokens=7)


def told(*, usage: Usage = COUNTED, finish: Any = "complete", **end: Any) -> list[RunEvent]:
    return [
        RunStart(model="command-a", index_version="7"),
        SearchQueries(queries=["lens"]),
        SearchResults(passages=[]),
        MessageStart(),
        ContentDelta(delta=Delta(text=TEXT[:10])),
        ContentDelta(delta=Delta(text=TEXT[10:24])),
        CitationStart(citation=FIRST),
        ContentDelta(delta=Delta(text=TEXT[24:])),
        CitationStart(citation=SECOND),
        MessageEnd(finish_reason=finish, usage=usage),
        RunEnd(status="completed", **end),
    ]


def chunks(asked: CompletionRequest, events: Sequence[RunEvent]) -> list[CompletionChunk]:
    machine = Chunks(asked, HEADING)
    made = [chunk for event in events for chunk in machine.of(event)]
    assert machine.ended
    return made


def whole(**fields: Any) -> GroundedAnswer:
    given: dict[str, Any] = {
        "answer": TEXT,
        "citations": [FIRST, SECOND],
        "passages": [],
        "queries": ["lens"],
        "model": "command-a",
        "index_version": "7",
        "finish_reason": "complete",
        "usage": COUNTED,
    }
    return GroundedAnswer.model_validate(given | fields)


def test_the_names_of_models() -> None:
    """``carrel`` always, the chat model where there is one, each once; any other is not found."""
    assert [found.id for found in models(None).data] == ["carrel"]
    assert [found.id for found in models("command-a").data] == ["carrel", "command-a"]
    assert [found.id for found in models("carrel").data] == ["carrel"]
    assert model("command-a", chat_model="command-a").object == "model"
    with pytest.raises(ModelNotFoundError) as refused:
        model("gpt-5", chat_model="command-a")
    assert error_body(refused.value).model_dump() == {
        "message": "There is no such model: GET /v1/models lists them",
        "type": "invalid_request_error",
        "param": "model",
        "code": "model_not_found",
    }


def test_a_question_keeps_the_conversation_and_drops_instructions() -> None:
    """What system and developer say, and an assistant that said nothing, is no turn."""
    asked = question(
        body(
            ("system", "Say only yes."),
            ("user", "What is a lens?"),
            ("assistant", None),
            ("assistant", "Glass."),
            ("developer", "Ignore the documents."),
            ("user", "And a wick?"),
        )
    )
    assert asked.messages == [
        Turn(role="user", content="What is a lens?"),
        Turn(role="assistant", content="Glass."),
        Turn(role="user", content="And a wick?"),
    ]


def test_of_a_long_conversation_the_end_is_taken() -> None:
    """More turns than are used are no reason to refuse."""
    asked = question(body(*[("user", str(at)) for at in range(200)]))
    assert [turn.content for turn in asked.messages] == [str(at) for at in range(150, 200)]


@pytest.mark.parametrize(
    ("messages", "field"),
    [
        ([("system", "x")], "messages"),
        ([("assistant", "")], "messages"),
        ([("system", "x" * 64_001), ("user", "x" * 64_001)], "messages.1.content"),
    ],
)
def test_what_is_no_question_is_refused(messages: list[tuple[str, str]], field: str) -> None:
    """Nobody asked, or too much was said: the field is named."""
    with pytest.raises(InvalidRequestError) as refused:
        question(body(*messages))
    assert refused.value.param == field


def test_a_whole_answer() -> None:
    """Text, one annotation for each source with exact offsets, the model's own count, and what is ours."""
    answer = completion(whole(degraded=["rerank"], cached=True), body(), HEADING).model_dump()
    message = answer["choices"][0]["message"]
    assert (answer["id"], answer["object"], answer["created"], answer["model"]) == (
        "chatcmpl-1",
        "chat.completion",
        1_800_000_000,
        "command-a",
    )
    assert (message["role"], message["content"], message["refusal"]) == ("assistant", TEXT, None)
    assert message["annotations"][0] == {
        "type": "url_citation",
        "url_citation": {
            "url": "https://x.org/lens#glass",
            "title": "Lenses",
            "start_index": 0,
            "end_index": 24,
        },
    }
    assert [note["url_citation"]["title"] for note in message["annotations"]] == ["Lenses", "Lenses", "Light"]
    assert (answer["choices"][0]["index"], answer["choices"][0]["finish_reason"]) == (0, "stop")
    assert answer["usage"] == {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
    assert answer["carrel"] == {
        "finish_reason": "complete",
        "degraded": ["rerank"],
        "cached": True,
        "index_version": "7",
        "usage_estimated": False,
    }


def test_what_no_model_counted_is_counted_roughly_and_said_to_be() -> None:
    """Four characters a token, of all messages and of the answer, rounded up."""
    answer = completion(whole(usage=Usage()), body(("system", "12345"), ("user", "1234")), HEADING)
    assert answer.usage.model_dump() == {"prompt_tokens": 3, "completion_tokens": 10, "total_tokens": 13}
    assert answer.carrel.usage_estimated


@pytest.mark.parametrize(
    ("finish", "stopped"), [("complete", "stop"), ("refused", "stop"), ("max_tokens", "length")]
)
def test_why_it_ended(finish: str, stopped: str) -> None:
    """OpenAI's reason is its own, Carrel's stands beside it; whole and streamed say the same."""
    answer = completion(whole(finish_reason=finish), body(), HEADING)
    assert (answer.choices[0].finish_reason, answer.carrel.finish_reason) == (stopped, finish)
    last = chunks(body(), told(finish=finish))[-1]
    assert (last.choices[0].finish_reason, last.carrel and last.carrel.finish_reason) == (stopped, finish)


@pytest.mark.parametrize(
    ("bounds", "length"),
    [
        ({"max_tokens": 6}, 24),
        ({"max_completion_tokens": 2}, 8),
        ({"max_completion_tokens": 7, "max_tokens": 2}, 8),
        ({"max_tokens": 10}, 40),
    ],
)
def test_a_bound_cuts_text_and_citations(bounds: dict[str, int], length: int) -> None:
    """At four characters a token, whole and streamed alike; a citation is whole or not there."""
    asked = body(**bounds)
    answer = completion(whole(usage=Usage()), asked, HEADING)
    choice = answer.choices[0]
    assert choice.message.content == TEXT[:length]
    assert choice.finish_reason == ("stop" if length == 40 else "length")
    assert [note.url_citation.end_index for note in choice.message.annotations] == [
        end for end in (24, 40, 40) if end <= length
    ]
    assert answer.usage.completion_tokens == length // 4
    made = chunks(asked, told(usage=Usage()))
    deltas = [chunk.choices[0].delta for chunk in made]
    assert "".join(delta.content or "" for delta in deltas) == TEXT[:length]
    assert "" not in [delta.content for delta in deltas[1:]]
    assert [note for delta in deltas for note in delta.annotations or ()] == choice.message.annotations
    assert made[-1].choices[0].finish_reason == choice.finish_reason


def test_the_chunks_stand_in_their_order() -> None:
    """Role, text, all annotations at once, the end; each under one head."""
    made = chunks(body(), told(degraded=["generation"]))
    dumped = [chunk.model_dump(exclude_unset=True) for chunk in made]
    head = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1_800_000_000,
        "model": "command-a",
    }
    assert all(head.items() <= chunk.items() for chunk in dumped)
    assert all("usage" not in chunk for chunk in dumped)
    deltas = [chunk["choices"][0]["delta"] for chunk in dumped]
    assert deltas[0] == {"role": "assistant", "content": ""}
    assert [delta["content"] for delta in deltas[1:4]] == [TEXT[:10], TEXT[10:24], TEXT[24:]]
    assert [note["url_citation"]["end_index"] for note in deltas[4]["annotations"]] == [24, 40, 40]
    assert deltas[5:] == [{}]
    reasons = [chunk["choices"][0]["finish_reason"] for chunk in dumped]
    assert reasons == [None] * 5 + ["stop"]
    assert dumped[-1]["carrel"]["degraded"] == ["generation"]
    assert dumped[-1]["carrel"]["index_version"] == "7"


def test_the_usage_comes_last_where_it_is_asked_for() -> None:
    """In a chunk without choices; it is null in those before."""
    made = chunks(body(stream_options={"include_usage": True}), told())
    dumped = [chunk.model_dump(exclude_unset=True) for chunk in made]
    assert [chunk["usage"] for chunk in dumped[:-1]] == [None] * 6
    assert dumped[-1]["choices"] == []
    assert dumped[-1]["usage"] == {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}


def test_an_answer_that_cites_nothing_has_no_chunk_of_annotations() -> None:
    """An empty list would be told for nothing."""
    events = [event for event in told(finish="refused") if not isinstance(event, CitationStart)]
    assert not any(
        "annotations" in chunk.choices[0].delta.model_fields_set for chunk in chunks(body(), events)
    )
    assert annotations([], 10) == []


def test_events_that_stop_make_no_end() -> None:
    """Without the run's end nothing is told to be whole."""
    machine = Chunks(body(), HEADING)
    made = [chunk for event in told()[:-1] for chunk in machine.of(event)]
    assert not machine.ended
    assert [chunk.choices[0].finish_reason for chunk in made] == [None] * 4


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (InvalidRequestError("x", param="n"), "invalid_request_error"),
        (UnauthorizedError(), "authentication_error"),
        (ForbiddenError(), "permission_error"),
        (QuotaExceededError(), "rate_limit_error"),
        (UpstreamUnavailableError(), "server_error"),
    ],
)
def test_errors_have_openais_types_and_our_codes(error: CarrelError, kind: str) -> None:
    """The type goes by the status; message, parameter and code are the problem's."""
    told = error_body(error)
    assert (told.type, told.message, told.param, told.code) == (kind, error.detail, error.param, error.code)
