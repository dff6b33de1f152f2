"""What a client of OpenAI's Chat Completions sends and gets, as far as Carrel has it.

Names and shapes are OpenAI's, but for ``carrel`` in an answer, which is ours. Only what is used, or refused
because leaving it out would change what the client gets, is declared. Pure.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    StrictBool,
    StrictInt,
    Tag,
)

from shared.contracts.retriever import FinishReason as AnswerFinish
from shared.contracts.wire import Answer, Problem, Text

MAX_MESSAGES = 1000


class Tolerant(BaseModel):
    """A body of a client that is not written for Carrel.

    Unknown fields are let through, against the rule of every other route: what clients add to these bodies
    (``temperature``, ``seed``, ``user``, the fields of an answer sent back as history) grows with each of
    their versions, and none of it changes what the documents say.
    """

    model_config = ConfigDict(extra="ignore", frozen=True, use_attribute_docstrings=True)


def _no_tools(value: Sequence[Any]) -> Sequence[Any]:
    if value:
        raise ValueError("no tools are called here, answers come from the documents: leave this out")
    return value


NoTools = Annotated[list[Any], AfterValidator(_no_tools), Field(json_schema_extra={"maxItems": 0})] | None


class TextPart(Tolerant):
    """A part of a message; only text is taken."""

    type: Literal["text"]
    text: Text


def _textual(value: Any) -> Any:
    if isinstance(value, dict) and value.get("type") != "text":
        raise ValueError('only parts {"type": "text", "text": ...} are read here')
    return value


def _kind(value: Any) -> str:
    return "[parts]" if isinstance(value, list) else "[text]"


# The brackets keep the tags out of the names of refused fields, as those of pydantic's own.
Content = Annotated[
    Annotated[Text, Tag("[text]")]
    | Annotated[list[Annotated[TextPart, BeforeValidator(_textual)]], Tag("[parts]")],
    Discriminator(_kind),
]


class CompletionMessage(Tolerant):
    """A message of the conversation so far; the last one of the user is the question."""

    role: Literal["system", "developer", "user", "assistant"]
    """What ``system`` and ``developer`` say is not used: the documents alone are answered from."""
    content: Content | None = None

    @property
    def text(self) -> str:
        """The content in one piece."""
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content)
        return self.content or ""


class StreamOptions(Tolerant):
    """What a stream has beside the answer."""

    include_usage: StrictBool | None = None
    """A last chunk tells the usage."""


class TextFormat(Tolerant):
    """How the answer is written: as text."""

    type: Literal["text"]


Bound = Annotated[StrictInt, Field(ge=1, lt=2**53)] | None


class CompletionRequest(Tolerant):
    """Body of ``POST /v1/chat/completions``; fields that are not named here are ignored."""

    model: Annotated[Text, Field(min_length=1, max_length=200, examples=["carrel"])]
    """``carrel``, or another of ``GET /v1/models``."""
    messages: Annotated[
        list[CompletionMessage],
        Field(
            min_length=1,
            max_length=MAX_MESSAGES,
            examples=[[{"role": "user", "content": "What is a Fresnel lens?"}]],
        ),
    ]
    stream: StrictBool | None = None
    stream_options: StreamOptions | None = None
    max_completion_tokens: Bound = None
    """The answer is cut there, at four characters a token."""
    max_tokens: Bound = None
    """The older name of ``max_completion_tokens``."""
    n: Annotated[StrictInt, Field(ge=1, le=1)] | None = None
    response_format: TextFormat | None = None
    tools: NoTools = None
    functions: NoTools = None


class UrlCitation(Answer):
    """Where a span of the answer stands in the documents."""

    url: str
    """Opens the very paragraph, or empty when the document has no address."""
    title: str
    start_index: int
    """In Unicode code points of the content."""
    end_index: int
    """The index behind the span's last character."""


class Annotation(Answer):
    """One source of a span of the answer."""

    type: Literal["url_citation"]
    url_citation: UrlCitation


class CompletionUsage(Answer):
    """The tokens; counted by the model, or roughly: ``carrel.usage_estimated`` says which."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class About(Answer):
    """What OpenAI's shape has no place for."""

    finish_reason: AnswerFinish
    """``refused`` means the documents do not hold an answer."""
    degraded: list[str]
    """What the answer lacks, such as ``generation``: it is made of the documents' own sentences."""
    cached: bool
    index_version: str
    usage_estimated: bool
    """No model was called: the tokens are the characters of messages and answer, four to a token."""


class AnswerMessage(Answer):
    """The answer with its citations."""

    role: Literal["assistant"]
    content: str
    refusal: None
    annotations: list[Annotation]


Stopped = Literal["stop", "length"]


class Choice(Answer):
    """The one answer there is."""

    index: int
    message: AnswerMessage
    finish_reason: Stopped
    logprobs: None


class Completion(Answer):
    """Answer of ``POST /v1/chat/completions`` without streaming."""

    id: str
    object: Literal["chat.completion"]
    created: int
    """In seconds since 1970."""
    model: str
    """What wrote the answer: a model, or ``extractive``."""
    choices: list[Choice]
    usage: CompletionUsage
    carrel: About


class ChunkDelta(Answer):
    """What a chunk adds to the message; ``annotations`` come whole, in one chunk."""

    role: Literal["assistant"] | None = None
    content: str | None = None
    annotations: list[Annotation] | None = None


class ChunkChoice(Answer):
    """The one answer that grows."""

    index: int
    delta: ChunkDelta
    finish_reason: Stopped | None
    logprobs: None


class CompletionChunk(Answer):
    """One part of a streamed answer."""

    id: str
    object: Literal["chat.completion.chunk"]
    created: int
    model: str
    choices: list[ChunkChoice]
    """Empty in the chunk that tells the usage."""
    usage: CompletionUsage | None = None
    carrel: About | None = None
    """In the chunk that has the ``finish_reason``."""


class ErrorBody(Answer):
    """An error as clients of OpenAI read it."""

    message: str
    type: str
    param: str | None
    code: str | None


class ErrorEvent(Answer):
    """The last event of a stream that broke: no ``[DONE]`` follows."""

    error: ErrorBody


class CompletionProblem(Problem):
    """A problem document that clients of OpenAI read as well."""

    error: ErrorBody | None = None
    """Not in what is refused before the request is read."""


class ListedModel(Answer):
    """A name to ask by."""

    id: str
    object: Literal["model"]
    created: int
    owned_by: str


class ModelList(Answer):
    """Answer of ``GET /v1/models``."""

    object: Literal["list"]
    data: list[ListedModel]
