"""The retriever, as the chat service calls it."""

import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from contextlib import aclosing, contextmanager

import httpx
from pydantic import ValidationError

from shared.auth import Principal, signed_headers
from shared.contracts.groups import MAX_TEXT_CHARS, GroupsAnswer, GroupsRequest
from shared.contracts.retriever import CROWDED, AnswerRequest, RunEnd, RunEvent, parse_event
from shared.errors import CarrelError, UpstreamTimeoutError, UpstreamUnavailableError, from_problem
from shared.http import REQUEST_ID_HEADER
from shared.logging import request_id
from shared.sse import MEDIA_TYPE, Decoder
from shared.tracing import TRACEPARENT_HEADER, traceparent

_GROUPS_TIMEOUT_S = 10.0
_log = logging.getLogger(__name__)


class RetrieverClient:
    """Calls the retriever over HTTP, signed as ``principal``.

    ``http`` is used as it is: its base URL, limits and timeouts are the caller's.
    """

    def __init__(self, http: httpx.AsyncClient, *, principal: Principal, token: str) -> None:
        self._http, self._principal, self._token = http, principal, token

    async def answer(
        self, request: AnswerRequest, *, crowded: Callable[[], None] = lambda: None
    ) -> AsyncIterator[RunEvent]:
        """Yield the events of one grounded answer; the last is always ``run-end``.

        ``crowded`` is called when anybody else would have been refused, for there was too much to do.

        Raises
        ------
        CarrelError
            What the retriever answered instead of a stream, or ``upstream_unavailable`` or
            ``upstream_timeout`` when it could not be reached, fell silent or broke off.
        """
        # What is as it always was is not sent: an older retriever refuses fields that it does not know.
        body = request.model_dump(mode="json", exclude_defaults=True) | {"stream": True}
        headers = self._headers() | {"accept": MEDIA_TYPE}
        with _translated():
            async with self._http.stream("POST", "/v1/answer", json=body, headers=headers) as response:
                if response.status_code != 200:
                    raise await _refusal(response)
                async with aclosing(_events(response, crowded)) as events:
                    async for event in events:
                        yield event
                        if isinstance(event, RunEnd):
                            return
        raise UpstreamUnavailableError("The retriever broke off in the middle of an answer")

    async def groups(self, texts: Sequence[str]) -> list[list[int]]:
        """Return positions in ``texts`` of those that say alike; the beginning of each text is looked at.

        Raises
        ------
        CarrelError
            As for :meth:`answer`.
        """
        body = GroupsRequest(texts=[text[:MAX_TEXT_CHARS] for text in texts]).model_dump(mode="json")
        with _translated():
            response = await self._http.post(
                "/v1/groups", json=body, headers=self._headers(), timeout=_GROUPS_TIMEOUT_S
            )
            if response.status_code != 200:
                raise await _refusal(response)
            return GroupsAnswer.model_validate_json(response.content).groups

    def _headers(self) -> dict[str, str]:
        headers = signed_headers(self._principal, token=self._token, now=time.time())
        if rid := request_id.get():
            headers[REQUEST_ID_HEADER] = rid
        if context := traceparent.get():
            headers[TRACEPARENT_HEADER] = context
        return headers


@contextmanager
def _translated() -> Iterator[None]:
    """Our errors for the driver's; most specific first."""
    try:
        yield
    except httpx.TimeoutException as error:
        raise UpstreamTimeoutError("The retriever did not answer in time") from error
    except httpx.TransportError as error:
        raise UpstreamUnavailableError("The retriever cannot be reached") from error
    except (ValidationError, ValueError) as error:
        raise UpstreamUnavailableError("The retriever sent something that is not an event") from error


async def _events(response: httpx.Response, crowded: Callable[[], None]) -> AsyncGenerator[RunEvent]:
    decoder = Decoder()
    async with aclosing(response.aiter_bytes()) as chunks:  # type: ignore[type-var]  # a generator, typed as an iterator
        async for chunk in chunks:
            for event in decoder.feed(chunk):
                if event.type == CROWDED:
                    crowded()
                if (known := parse_event(event.data, type=event.type)) is not None:
                    yield known


async def _refusal(response: httpx.Response) -> CarrelError:
    await response.aread()
    status = response.status_code
    if status in (401, 403) or status < 400:
        # Ours to mend: whoever asked the question has done nothing wrong.
        _log.error("the retriever answers HTTP %d to the chat service", status)
        return UpstreamUnavailableError("The retriever refuses to answer")
    try:
        body = response.json()
    except ValueError:
        body = {}
    return from_problem(body if isinstance(body, dict) else {}, status=status)
