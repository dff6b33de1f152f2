"""One client of Cohere's SDK for all that is asked of it.

Owns the SDK's traps that every call has: its errors are translated without their text, which holds headers
and bodies; its lines on the root logger, which hold payloads, are dropped; every request that leaves is
counted. The SDK is imported when it is first needed, in a thread. Decides nothing.
"""

import asyncio
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx

from retriever.ports import Meter
from retriever.settings import RetrieverSettings
from shared.errors import CarrelError, UpstreamTimeoutError, UpstreamUnavailableError
from shared.tracing import TRACEPARENT_HEADER, traceparent, tracer

if TYPE_CHECKING:
    from cohere import AsyncClientV2

TIMEOUT = httpx.Timeout(20.0, connect=5.0)
LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=50)
"""As many as there are answers, which are bounded where they are asked for: who got none would go without."""
DEFAULT_PAUSE_MS = 30_000
MAX_PAUSE_MS = 3_600_000
SMALL_BYTES = 32_000
"""A question's embedding: what a thread costs to be asked is more than what it would save."""
RAW_INT8 = "raw_int8"
"""Under which name the vectors of an embedding are left as they came."""


class Connection:
    """Cohere at ``base_url``. ``meter`` is told of each request before it leaves."""

    def __init__(self, api_key: str, *, base_url: str, meter: Meter) -> None:
        self._key, self._url, self.meter = api_key, base_url, meter
        self._http: httpx.AsyncClient | None = None
        self._client: AsyncClientV2 | None = None
        self._opening = asyncio.Lock()

    async def client(self) -> "AsyncClientV2":
        """Return the SDK's client; the first call imports the SDK, none calls Cohere."""
        if self._client is None:
            async with self._opening:
                if self._client is None:
                    self._http = httpx.AsyncClient(
                        timeout=TIMEOUT,
                        limits=LIMITS,
                        event_hooks={"request": [self._count], "response": [_lighten]},
                    )
                    self._client = await asyncio.to_thread(_connect, self._key, self._url, self._http)
        return self._client

    async def close(self) -> None:
        """Close the connections; a second close does nothing."""
        if self._http is not None:
            await self._http.aclose()

    async def _count(self, request: httpx.Request) -> None:
        if tracer() is not None:
            # Only ours: what a visitor's own client is traced by is nobody else's business.
            request.headers[TRACEPARENT_HEADER] = traceparent.get()
        await self.meter.spend()


def connection(settings: RetrieverSettings, meter: Meter) -> Connection | None:
    """Return the way to Cohere where there is a key; nothing is opened or imported yet."""
    if settings.cohere_api_key is None:
        return None
    key = settings.cohere_api_key.get_secret_value()
    return Connection(key, base_url=settings.cohere_base_url, meter=meter)


def once() -> Any:
    """Return the SDK's options for a call that it must not repeat by itself: it would wait for minutes."""
    return {"max_retries": 0}


@contextmanager
def translated() -> Iterator[None]:
    """Turn every error of the SDK into one of ours, whose text holds nothing that was sent or received."""
    from cohere.core.api_error import ApiError
    from cohere.core.parse_error import ParsingError

    try:
        yield
    except ApiError as error:
        raise refused(error.status_code or 0, error.headers or {}) from None
    except (httpx.TimeoutException, TimeoutError):
        raise UpstreamTimeoutError("Cohere did not answer in time") from None
    except httpx.HTTPError as error:
        raise UpstreamUnavailableError(f"Cohere cannot be reached ({type(error).__name__})") from None
    except (ParsingError, AttributeError, KeyError, TypeError, ValueError) as error:
        # The SDK does not check what it reads: a field that is missing shows when it is used.
        raise UpstreamUnavailableError(f"Cohere's answer cannot be read ({type(error).__name__})") from None


def refused(status: int, headers: dict[str, str]) -> CarrelError:
    """Return the error for an answer of HTTP ``status``; who is told to wait is not to try again before."""
    if 200 <= status < 300:
        return UpstreamUnavailableError("Cohere's answer cannot be read (no JSON)")
    return UpstreamUnavailableError(
        f"Cohere answers HTTP {status}",
        retryable=status >= 500 or status in (408, 429),
        retry_after_ms=_pause_ms(headers) if status in (401, 403, 429) else None,
    )


def _pause_ms(headers: dict[str, str]) -> int:
    """How long Retry-After asks to wait, in either of its forms (RFC 9110, 10.2.3)."""
    asked = next((value.strip() for key, value in headers.items() if key.lower() == "retry-after"), "")
    if asked.isascii() and asked.isdecimal():
        return min(int(asked[:9]) * 1000, MAX_PAUSE_MS)
    try:
        until = parsedate_to_datetime(asked)
        left = (until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    except ValueError:
        return DEFAULT_PAUSE_MS
    return min(max(int(left * 1000), 0), MAX_PAUSE_MS)


async def _lighten(response: httpx.Response) -> None:
    """Keep vectors out of the SDK's hands: it models each number by itself, on the event loop.

    A batch of 96 x 1024 would block every answer for 0.14 s. What the SDK does not know it
    leaves as it is. Should it ever read otherwise, the vectors stand in their usual place.
    """
    if response.status_code != 200 or not response.request.url.path.endswith("/embed"):
        return
    await response.aread()
    try:
        read = partial(json.loads, response.content)
        body = read() if len(response.content) < SMALL_BYTES else await asyncio.to_thread(read)
        body["embeddings"] = {RAW_INT8: body["embeddings"]["int8"]}
    except (KeyError, TypeError, ValueError):
        return  # for the SDK to make what it can of it
    response.json = lambda **_: body  # type: ignore[method-assign]  # what the SDK asks the response for


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
