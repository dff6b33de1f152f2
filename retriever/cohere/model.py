"""Cohere, over its SDK's version 2 client.

Owns the SDK's traps: its errors are translated without their text, which holds headers and bodies; its lines
on the root logger, which hold payloads, are dropped; a stream is tried again only before its first word. The
SDK is imported when it is first needed, in a thread. Decides nothing.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing, contextmanager
from typing import TYPE_CHECKING, Any

import httpx

from retriever.ports import Finished, Material, Referred, Written
from shared.errors import CarrelError, UpstreamTimeoutError, UpstreamUnavailableError

if TYPE_CHECKING:
    from cohere import AsyncClientV2

TIMEOUT = httpx.Timeout(20.0, connect=5.0)
FIRST_WORD_S = 8.0
RERANK_S = 1.5
ATTEMPTS = 2
MAX_WRITTEN_TOKENS = 1000
_ONCE: dict[str, Any] = {"max_retries": 0}


class Cohere:
    """The ``Model`` port on Cohere. ``spend`` is awaited before each request that leaves."""

    def __init__(
        self,
        api_key: str,
        *,
        base_url: str,
        chat_model: str,
        rerank_model: str,
        spend: Callable[[], Awaitable[None]],
        first_word_s: float = FIRST_WORD_S,
        rerank_s: float = RERANK_S,
    ) -> None:
        self._key, self._url, self._spend = api_key, base_url, spend
        self._chat, self._rerank = chat_model, rerank_model
        self._first_word_s, self._rerank_s = first_word_s, rerank_s
        self._http: httpx.AsyncClient | None = None
        self._client: AsyncClientV2 | None = None
        self._opening = asyncio.Lock()

    @property
    def name(self) -> str:
        """The model that writes."""
        return self._chat

    async def open(self) -> None:
        """Import the SDK and make the client; nothing is called."""
        await self._ready()

    async def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.aclose()

    async def rank(self, query: str, texts: Sequence[str]) -> list[tuple[int, float]]:
        """Return the places of ``texts``, best first; late is an error."""
        client = await self._ready()
        with _translated():
            async with asyncio.timeout(self._rerank_s):
                answer = await client.rerank(
                    model=self._rerank, query=query, documents=list(texts), request_options=_once()
                )
        ranked = [(result.index, float(result.relevance_score)) for result in answer.results]
        if any(not 0 <= place < len(texts) for place, _ in ranked):
            raise UpstreamUnavailableError("Cohere ranked what it was not given")
        return ranked

    async def write(
        self, instructions: str, turns: Sequence[tuple[str, str]], material: Sequence[Material]
    ) -> AsyncIterator[Written | Referred | Finished]:
        """Write an answer; tried once more where nothing has come yet and trying again can help."""
        await self._ready()  # importing the SDK is not Cohere's slowness
        for attempt in range(1, ATTEMPTS + 1):
            stream = self._written(instructions, turns, material)
            try:
                async with asyncio.timeout(self._first_word_s):
                    first = await anext(stream)
            except TimeoutError:
                raise UpstreamTimeoutError("Cohere did not begin in time") from None
            except CarrelError as error:
                if attempt == ATTEMPTS or not error.retryable or error.retry_after_ms is not None:
                    raise
                continue
            yield first
            async for said in stream:
                yield said
            return

    async def _written(
        self, instructions: str, turns: Sequence[tuple[str, str]], material: Sequence[Material]
    ) -> AsyncIterator[Written | Referred | Finished]:
        client = await self._ready()
        messages: Any = [{"role": "system", "content": instructions}]
        messages += [{"role": role, "content": text} for role, text in turns]
        documents: Any = [
            {"id": item.id, "data": {"title": item.title, "text": item.text}} for item in material
        ]
        with _translated():
            stream = client.chat_stream(
                model=self._chat,
                messages=messages,
                documents=documents,
                max_tokens=MAX_WRITTEN_TOKENS,
                thinking={"type": "disabled"},  # type: ignore[arg-type]
                request_options=_once(),
            )
            async with aclosing(stream) as events:  # type: ignore[type-var]
                async for said in _said(events):
                    yield said

    async def _ready(self) -> "AsyncClientV2":
        async with self._opening:
            if self._client is None:
                self._http = httpx.AsyncClient(timeout=TIMEOUT, event_hooks={"request": [self._count]})
                self._client = await asyncio.to_thread(_connect, self._key, self._url, self._http)
        return self._client

    async def _count(self, _request: httpx.Request) -> None:
        await self._spend()


async def _said(stream: AsyncIterator[Any]) -> AsyncIterator[Written | Referred | Finished]:
    """What a stream of the SDK says; one that breaks its own order, or ends in an error, is an error."""
    begun = False
    async for event in stream:
        match event.type:
            case "message-start":
                if begun:  # also how the SDK shows a line it could not read
                    raise UpstreamUnavailableError("Cohere's stream is broken")
                begun = True
            case "content-start" | "content-delta":
                content = event.delta.message.content
                if text := getattr(content, "text", None):  # thinking has none
                    yield Written(text)
            case "citation-start":
                if (citation := event.delta.message.citations) is not None:
                    yield Referred(
                        citation.start or 0,
                        citation.end or 0,
                        citation.text or "",
                        tuple(source.id for source in citation.sources or () if source.id),
                    )
            case "message-end":
                yield _finished(event.delta)
                return
            case _:
                pass
    raise UpstreamUnavailableError("Cohere broke off in the middle of an answer")


def _finished(delta: Any) -> Finished:
    if delta.finish_reason not in ("COMPLETE", "STOP_SEQUENCE", "MAX_TOKENS"):
        raise UpstreamUnavailableError("Cohere ended with an error")
    billed = delta.usage.billed_units if delta.usage else None
    return Finished(
        complete=delta.finish_reason != "MAX_TOKENS",
        input_tokens=int((billed and billed.input_tokens) or 0),
        output_tokens=int((billed and billed.output_tokens) or 0),
    )


def _connect(api_key: str, base_url: str, http: httpx.AsyncClient) -> "AsyncClientV2":
    from cohere import AsyncClientV2

    root = logging.getLogger()
    if _harmless not in root.filters:
        root.addFilter(_harmless)
    logging.getLogger("cohere").setLevel(logging.CRITICAL)
    return AsyncClientV2(api_key, base_url=base_url, httpx_client=http)


def _harmless(record: logging.LogRecord) -> bool:
    """The SDK writes what it cannot read, the visitor's words included, to the root logger and its own."""
    return not (record.name == "root" and "cohere" in record.pathname)


def _once() -> Any:
    return _ONCE.copy()


@contextmanager
def _translated() -> Iterator[None]:
    from cohere.core.api_error import ApiError

    try:
        yield
    except ApiError as error:
        raise _refused(error.status_code or 0, error.headers or {}) from None
    except (httpx.TimeoutException, TimeoutError):
        raise UpstreamTimeoutError("Cohere did not answer in time") from None
    except httpx.HTTPError as error:
        raise UpstreamUnavailableError(f"Cohere cannot be reached ({type(error).__name__})") from None
    except (AttributeError, TypeError, ValueError) as error:
        # The SDK does not check what it reads: a field that is missing shows when it is used.
        raise UpstreamUnavailableError(f"Cohere's answer cannot be read ({type(error).__name__})") from None


def _refused(status: int, headers: dict[str, str]) -> CarrelError:
    retry_after = next((value for key, value in headers.items() if key.lower() == "retry-after"), "")
    asked_ms = int(retry_after) * 1000 if retry_after.isdigit() else 30_000
    return UpstreamUnavailableError(
        f"Cohere answers HTTP {status}",
        retryable=status >= 500 or status == 408,
        retry_after_ms=asked_ms if status in (401, 403, 429) else None,
    )
