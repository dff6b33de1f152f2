"""Between OpenAI's Chat Completions and Carrel's own answers.

Owns which names a model has, what of a request is used, and the order of a stream's chunks. Pure: ids and
times are given.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from retriever.openai.wire import (
    About,
    Annotation,
    AnswerMessage,
    Choice,
    ChunkChoice,
    ChunkDelta,
    Completion,
    CompletionChunk,
    CompletionRequest,
    CompletionUsage,
    ErrorBody,
    ListedModel,
    ModelList,
    Stopped,
    UrlCitation,
)
from shared.contracts.retriever import (
    MAX_MESSAGES,
    AnswerRequest,
    Citation,
    CitationStart,
    ContentDelta,
    GroundedAnswer,
    MessageEnd,
    RunEnd,
    RunEvent,
    RunStart,
    Turn,
    Usage,
)
from shared.errors import CarrelError, InvalidRequestError, NotFoundError

CARREL = "carrel"
"""The name that always works."""
CHARS_PER_TOKEN = 4
"""Good enough for a bound and for what no model counted."""
MAX_TURN_CHARS = 64_000
SINCE = 1_795_564_800
"""When every model was "created": clients want a number, and the day of this API is the only one there is."""
_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}


class ModelNotFoundError(NotFoundError):
    title = "There is no such model: GET /v1/models lists them"


@dataclass(frozen=True)
class Heading:
    """What stands at the head of every part of one answer."""

    id: str
    created: int
    """In seconds since 1970."""


def models(chat_model: str | None) -> ModelList:
    """Return the names to ask by, ``chat_model`` among them where there is one."""
    names = dict.fromkeys([CARREL, *([chat_model] if chat_model else [])])
    listed = [ListedModel(id=name, object="model", created=SINCE, owned_by=CARREL) for name in names]
    return ModelList(object="list", data=listed)


def model(name: str, *, chat_model: str | None) -> ListedModel:
    """Return the model that is called ``name``; raises `ModelNotFoundError`."""
    for found in models(chat_model).data:
        if found.id == name:
            return found
    raise ModelNotFoundError(param="model")


def question(body: CompletionRequest) -> AnswerRequest:
    """Return what ``body`` asks, as Carrel is asked.

    Of instructions nothing is taken: they could only lead away from the documents. Of a conversation its
    end is taken, and of that what was said.
    """
    turns: list[Turn] = []
    for at, message in enumerate(body.messages):
        if message.role in ("user", "assistant"):
            if len(message.text) > MAX_TURN_CHARS:
                field = f"messages.{at}.content"
                raise InvalidRequestError(f"{field}: at most {MAX_TURN_CHARS} characters", param=field)
            if message.role == "user":
                turns.append(Turn(role="user", content=message.text))
            elif message.text:  # one that called tools says nothing
                turns.append(Turn(role="assistant", content=message.text))
    if not turns:
        raise InvalidRequestError("messages: the user's question is missing", param="messages")
    return AnswerRequest(messages=turns[-MAX_MESSAGES:])


def completion(answer: GroundedAnswer, body: CompletionRequest, heading: Heading) -> Completion:
    """Return a whole answer."""
    text, ended = _cut(answer.answer, body)
    usage, estimated = _usage(answer.usage, body, text)
    message = AnswerMessage(
        role="assistant", content=text, refusal=None, annotations=annotations(answer.citations, len(text))
    )
    stopped = _stopped(complete=ended and answer.finish_reason != "max_tokens")
    return Completion(
        id=heading.id,
        object="chat.completion",
        created=heading.created,
        model=answer.model,
        choices=[Choice(index=0, message=message, finish_reason=stopped, logprobs=None)],
        usage=usage,
        carrel=About(
            finish_reason=answer.finish_reason,
            degraded=answer.degraded,
            cached=answer.cached,
            index_version=answer.index_version,
            usage_estimated=estimated,
        ),
    )


class Chunks:
    """Turns the events of one answer into chunks.

    First the role, then the text, all annotations at once, the end, and the usage where it is asked for.
    Annotations stand in one chunk because clients that put deltas together refuse a list that comes twice
    without indices.
    """

    def __init__(self, body: CompletionRequest, heading: Heading) -> None:
        self._body, self._heading = body, heading
        self._told_usage = bool(body.stream_options and body.stream_options.include_usage)
        self._start = RunStart(model=CARREL, index_version="")
        self._end = MessageEnd(finish_reason="complete")
        self._said = ""
        self._citations: list[Citation] = []
        self.ended = False
        """Whether the last chunk is told: the answer is whole."""

    def of(self, event: RunEvent) -> Iterator[CompletionChunk]:
        """Yield the chunks that ``event`` makes."""
        match event:
            case RunStart():
                self._start = event
                yield self._chunk(ChunkDelta(role="assistant", content=""))
            case ContentDelta(delta=delta):
                before, _ = _cut(self._said, self._body)
                self._said += delta.text
                text, _ = _cut(self._said, self._body)
                if len(text) > len(before):
                    yield self._chunk(ChunkDelta(content=text[len(before) :]))
            case CitationStart(citation=citation):
                self._citations.append(citation)
            case MessageEnd():
                self._end = event
            case RunEnd():
                yield from self._ending(event)
            case _:
                pass

    def _ending(self, event: RunEnd) -> Iterator[CompletionChunk]:
        text, whole = _cut(self._said, self._body)
        if found := annotations(self._citations, len(text)):
            yield self._chunk(ChunkDelta(annotations=found))
        usage, estimated = _usage(self._end.usage, self._body, text)
        about = About(
            finish_reason=self._end.finish_reason,
            degraded=event.degraded,
            cached=event.cached,
            index_version=self._start.index_version,
            usage_estimated=estimated,
        )
        stopped = _stopped(complete=whole and self._end.finish_reason != "max_tokens")
        yield self._chunk(ChunkDelta(), stopped).model_copy(update={"carrel": about})
        if self._told_usage:
            yield self._chunk(None).model_copy(update={"usage": usage})
        self.ended = True

    def _chunk(self, delta: ChunkDelta | None, stopped: Stopped | None = None) -> CompletionChunk:
        choice = delta and ChunkChoice(index=0, delta=delta, finish_reason=stopped, logprobs=None)
        chunk = CompletionChunk(
            id=self._heading.id,
            object="chat.completion.chunk",
            created=self._heading.created,
            model=self._start.model,
            choices=[choice] if choice else [],
        )
        # Asked for, the usage stands in every chunk: null until it is known.
        return chunk.model_copy(update={"usage": None}) if self._told_usage else chunk


def annotations(citations: Sequence[Citation], length: int) -> list[Annotation]:
    """Return ``citations`` within the first ``length`` characters, one for each of their sources."""
    return [
        Annotation(
            type="url_citation",
            url_citation=UrlCitation(
                url=source.url, title=source.title, start_index=citation.start, end_index=citation.end
            ),
        )
        for citation in citations
        if citation.end <= length
        for source in citation.sources
    ]


def error_body(error: CarrelError) -> ErrorBody:
    """Return ``error`` as clients of OpenAI read it."""
    kind = _TYPES.get(error.status, "server_error" if error.status >= 500 else "invalid_request_error")
    code = "model_not_found" if isinstance(error, ModelNotFoundError) else error.code
    return ErrorBody(message=error.detail, type=kind, param=error.param, code=code)


def _cut(text: str, body: CompletionRequest) -> tuple[str, bool]:
    """As much of ``text`` as was asked for, and whether that is all."""
    tokens = min((n for n in (body.max_completion_tokens, body.max_tokens) if n is not None), default=None)
    if tokens is None or len(text) <= tokens * CHARS_PER_TOKEN:
        return text, True
    return text[: tokens * CHARS_PER_TOKEN], False


def _stopped(*, complete: bool) -> Stopped:
    return "stop" if complete else "length"


def _usage(counted: Usage, body: CompletionRequest, text: str) -> tuple[CompletionUsage, bool]:
    """The tokens as a model counted them, else from the characters, and whether that is so."""
    given, written = counted.input_tokens, counted.output_tokens
    estimated = not (given or written)
    if estimated:
        given, written = _tokens(sum(len(message.text) for message in body.messages)), _tokens(len(text))
    usage = CompletionUsage(prompt_tokens=given, completion_tokens=written, total_tokens=given + written)
    return usage, estimated


def _tokens(chars: int) -> int:
    return -(-chars // CHARS_PER_TOKEN)
