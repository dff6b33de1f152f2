"""What every call to Cohere has in common: counted, translated, silent."""

import logging
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
from cohere.core.api_error import ApiError
from cohere.core.parse_error import ParsingError
from pydantic import SecretStr

from retriever.cohere.connection import DEFAULT_PAUSE_MS, MAX_PAUSE_MS, connection, refused, translated
from shared.errors import UpstreamTimeoutError, UpstreamUnavailableError
from shared.tracing import span, traceparent
from tests.support.cohere_room import Counted, connected
from tests.support.fake_cohere import KEY, cohere
from tests.support.retriever_app import settings
from tests.support.spans import kept


def test_without_a_key_there_is_no_connection() -> None:
    """It is made of the settings, and opens nothing."""
    assert connection(settings(), Counted()) is None
    made = connection(settings(cohere_api_key=SecretStr(KEY)), Counted())
    assert made is not None


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (ApiError(status_code=500, headers={"k": "secret"}, body="secret"), "Cohere answers HTTP 500"),
        (ApiError(status_code=200, body="secret"), "Cohere's answer cannot be read (no JSON)"),
        (ParsingError(body="secret", status_code=200), "Cohere's answer cannot be read (ParsingError)"),
        (httpx.ConnectError("secret"), "Cohere cannot be reached (ConnectError)"),
        (httpx.RemoteProtocolError("secret"), "Cohere cannot be reached (RemoteProtocolError)"),
        (httpx.ReadTimeout("secret"), "Cohere did not answer in time"),
        (TimeoutError("secret"), "Cohere did not answer in time"),
        (KeyError("secret"), "Cohere's answer cannot be read (KeyError)"),
    ],
)
def test_errors_are_translated_without_their_text(raised: Exception, expected: str) -> None:
    """What the SDK's errors print holds headers and bodies; ours hold neither, nor a cause that does."""
    with pytest.raises((UpstreamUnavailableError, UpstreamTimeoutError)) as caught, translated():
        raise raised
    assert caught.value.detail == expected
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("asked", "expected_ms"),
    [
        ("7", 7000),
        ("", DEFAULT_PAUSE_MS),
        ("soon", DEFAULT_PAUSE_MS),
        ("²", DEFAULT_PAUSE_MS),
        ("9" * 5000, MAX_PAUSE_MS),
        (format_datetime(datetime.now(UTC) - timedelta(hours=1)), 0),
        (format_datetime(datetime.now(UTC) + timedelta(days=9)), MAX_PAUSE_MS),
    ],
)
def test_retry_after_is_read_in_both_forms(asked: str, expected_ms: int) -> None:
    """Seconds or a date; anything else is a pause of our own."""
    assert refused(429, {"Retry-After": asked}).retry_after_ms == expected_ms


@pytest.mark.parametrize(
    ("status", "retryable", "pauses"),
    [
        (401, False, True),
        (403, False, True),
        (404, False, False),
        (408, True, False),
        (429, True, True),
        (503, True, False),
    ],
)
def test_what_may_be_tried_again(status: int, retryable: bool, pauses: bool) -> None:
    """A wrong key pauses and is not tried again; a limit pauses; a broken server may be well at once."""
    error = refused(status, {})
    assert (error.retryable, error.retry_after_ms is not None) == (retryable, pauses)


async def test_one_client_counts_every_request() -> None:
    """It is made once, whoever asks first; closing twice does nothing."""
    counted = Counted()
    async with cohere() as fake:
        opened = connected(fake.url, counted)
        client = await opened.client()
        assert await opened.client() is client
        await client.rerank(model="m", query="q", documents=["d"])
        assert counted.calls == len(fake.asked) == 1
        await opened.close()
        await opened.close()


async def test_only_a_trace_of_ours_goes_to_cohere() -> None:
    """Where spans are told, Cohere is told the one it works for; else what a visitor sent goes no further."""
    token = traceparent.set(f"00-{'a' * 32}-{'b' * 16}-01")
    async with cohere() as fake:
        opened = connected(fake.url)
        client = await opened.client()
        await client.rerank(model="m", query="q", documents=["d"])
        with kept() as spans, span("rerank"):
            await client.rerank(model="m", query="q", documents=["d"])
        await opened.close()
    traceparent.reset(token)
    assert fake.contexts == ["", spans[0].traceparent]


async def test_the_fake_is_strict() -> None:
    """What the API would refuse it refuses, too: 97 texts, a misspelt field, a wrong key."""
    async with cohere() as fake:
        opened = connected(fake.url)
        client = await opened.client()
        asked: Any = {"model": "m", "input_type": "search_document", "embedding_types": ["int8"]}
        misspelt: Any = {"additional_body_parameters": {"truncat": "END"}, "max_retries": 0}
        for more, status in (
            ({"texts": ["t"] * 97}, 400),
            ({"texts": ["t"], "request_options": misspelt}, 422),
        ):
            with pytest.raises(ApiError) as caught:
                await client.embed(**asked, **more)
            assert caught.value.status_code == status
        await opened.close()


async def test_the_root_logger_hears_nothing_of_the_sdk(caplog: pytest.LogCaptureFixture) -> None:
    """What others say there passes."""
    await connected("http://127.0.0.1:1").client()
    root = logging.getLogger()
    root.handle(root.makeRecord("root", logging.WARNING, "/x/cohere/v2/raw_client.py", 1, "secret", (), None))
    root.handle(root.makeRecord("root", logging.WARNING, "/x/other.py", 1, "hello", (), None))
    assert (("secret" in caplog.text), ("hello" in caplog.text)) == (False, True)
