"""The routes that clients of OpenAI use: a model in, one call, a model out; refusals that they can read."""

import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from contextlib import aclosing
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import StreamingResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel

from retriever.openai.translation import (
    Chunks,
    Heading,
    ModelNotFoundError,
    completion,
    error_body,
    model,
    models,
    question,
)
from retriever.openai.wire import (
    Completion,
    CompletionChunk,
    CompletionProblem,
    CompletionRequest,
    ErrorEvent,
    ListedModel,
    ModelList,
)
from retriever.ports import Model
from retriever.routes import WithAnswers, asking
from shared import sse
from shared.contracts.retriever import RunEvent
from shared.errors import CarrelError, InternalError, InvalidRequestError
from shared.http import operation_id, problem_response, validation_error
from shared.openapi import PROBLEM_MEDIA_TYPE, events
from shared.tasks import beating

HEARTBEAT_S = 15.0
"""The longest a stream is silent."""
LAST = "[DONE]"
DONE = f"data: {LAST}\n\n".encode()
_log = logging.getLogger(__name__)


class _Route(APIRoute):
    """Refuses as every route does, with OpenAI's ``error`` beside the members of a problem.

    Clients raise by the status, and some tell nothing of a body but ``error.message`` and ``error.code``.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler."""
        handler = super().get_route_handler()

        async def answered(request: Request) -> Response:
            try:
                return await handler(request)
            except RequestValidationError as invalid:
                media_type = request.headers.get("content-type", "")
                error = validation_error(invalid.errors(), media_type=media_type)
            except CarrelError as known:
                error = known
            return problem_response(error, beside={"error": error_body(error).model_dump()})

        return answered


def _refused(*errors: type[CarrelError]) -> dict[int | str, dict[str, Any]]:
    schema = CompletionProblem.model_json_schema(
        mode="serialization", ref_template="#/components/schemas/{model}"
    )
    return {
        error.default_status: {
            "description": error.title,
            "content": {PROBLEM_MEDIA_TYPE: {"schema": schema}},
        }
        for error in errors
    }


_LISTED = _refused(ModelNotFoundError, InvalidRequestError)
_ANSWERED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The answer: JSON, or with `stream` its chunks",
        "content": events(
            CompletionChunk | ErrorEvent,
            "One chunk; the last event's data is `[DONE]`. A stream that broke ends in an `error` instead.",
            last=LAST,
        ),
    },
    **_LISTED,
}

router = APIRouter(
    prefix="/v1",
    tags=["search"],
    dependencies=[Depends(asking)],
    generate_unique_id_function=operation_id,
    route_class=_Route,
)


def _chat_model(request: Request) -> str | None:
    found: Model | None = request.app.state.cohere
    return found.name if found else None


ChatModel = Annotated[str | None, Depends(_chat_model)]
ModelId = Annotated[str, Path(min_length=1, max_length=200, examples=["carrel"])]


@router.get("/models")
async def list_models(chat_model: ChatModel) -> ModelList:
    """List the names that `POST /v1/chat/completions` takes as ``model``."""
    return models(chat_model)


@router.get("/models/{id:path}", responses=_LISTED)
async def get_model(id: ModelId, chat_model: ChatModel) -> ListedModel:
    """Read one of the models."""
    return model(id, chat_model=chat_model)


@router.post("/chat/completions", response_model=Completion, responses=_ANSWERED)
async def create_completion(
    body: CompletionRequest, chat_model: ChatModel, answers: WithAnswers
) -> Completion | StreamingResponse:
    """Answer as OpenAI's Chat Completions does; from the documents, with citations as ``annotations``.

    Fields that are not named here are ignored; `carrel` in the answer tells what OpenAI's shape cannot.
    """
    model(body.model, chat_model=chat_model)
    heading = Heading(id=f"chatcmpl-{uuid4().hex}", created=int(time.time()))
    request = question(body)
    if not body.stream:
        return completion(await answers.whole(request), body, heading)
    found = answers.events(request)
    first = await anext(found)  # what can be refused is refused before the stream begins
    stream = streamed(Chunks(body, heading), first, found)
    return StreamingResponse(stream, media_type=sse.MEDIA_TYPE, headers=sse.HEADERS)


async def streamed(
    chunks: Chunks, first: RunEvent, rest: AsyncIterator[RunEvent], *, interval_s: float = HEARTBEAT_S
) -> AsyncGenerator[bytes]:
    """Yield the server-sent events of an answer that has begun, with signs of life between them."""
    async with aclosing(beating(_told(chunks, first, rest), interval_s=interval_s)) as told:
        async for data in told:
            yield sse.COMMENT if data is None else data


async def _told(chunks: Chunks, first: RunEvent, rest: AsyncIterator[RunEvent]) -> AsyncGenerator[bytes]:
    """A stream that broke says so, and does not end as a whole one does."""
    try:
        for chunk in chunks.of(first):
            yield _data(chunk)
        async for event in rest:
            for chunk in chunks.of(event):
                yield _data(chunk)
        if not chunks.ended:
            raise InternalError("The answer broke off")
    except Exception as error:
        _log.exception("a completion failed after it had begun")
        known = error if isinstance(error, CarrelError) else InternalError()
        yield _data(ErrorEvent(error=error_body(known)))
    else:
        yield DONE


def _data(value: BaseModel) -> bytes:
    # Only what was set: a field that is null is not one that is absent.
    return f"data: {value.model_dump_json(exclude_unset=True)}\n\n".encode()
