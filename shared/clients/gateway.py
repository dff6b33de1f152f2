"""The public API, as the command line calls it: blocking, with the owner's key, patient where it helps.

Owns the retries: a restart of a service behind the gateway is waited out, not reported. Everything it
raises is a :class:`CarrelError`.
"""

import json
import os
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeVar
from urllib.parse import quote

import httpx
from pydantic import ValidationError

from shared.contracts.gateway import OverallHealth, Session
from shared.contracts.retriever import RunEnd, RunEvent, parse_event
from shared.errors import CarrelError, UpstreamTimeoutError, UpstreamUnavailableError, from_problem
from shared.sse import MEDIA_TYPE, Decoder, Event

Outcome = Literal["created", "replaced", "unchanged"]
"""What became of a document that was put."""

_T = TypeVar("_T")
_OUTCOMES: Mapping[int, Outcome] = {201: "created", 200: "replaced", 204: "unchanged"}
_PART_BYTES = 256 * 1024
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.25, 5.0


class GatewayClient:
    """Calls one Carrel over HTTP.

    ``http`` is used as it is: its base URL, limits and timeouts are the caller's. ``bearer`` is a visitor's
    token, or the admin key where a visitor's would do. A retryable refusal is
    tried again for at most ``patience_s`` seconds. ``pause`` waits that many seconds and says whether the
    wait was broken off, which ends the retries; :meth:`threading.Event.wait` is one.
    """

    def __init__(
        self,
        http: httpx.Client,
        *,
        admin_key: str = "",
        bearer: str = "",
        patience_s: float = 30.0,
        pause: Callable[[float], bool] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._http, self._patience_s, self._clock = http, patience_s, clock
        self._pause = pause if pause is not None else threading.Event().wait
        self._headers = {"x-api-key": admin_key} if admin_key else {}
        if bearer:
            self._headers["authorization"] = f"Bearer {bearer}"

    def put_document(
        self,
        document_id: str,
        content: bytes,
        *,
        media_type: str,
        url: str = "",
        title: str = "",
        metadata: Mapping[str, Any] | None = None,
    ) -> Outcome:
        """Store ``content`` as the document ``document_id``; when it returns, the document is searchable.

        Raises
        ------
        CarrelError
            What the server refused it with, or ``upstream_unavailable`` or ``upstream_timeout``.
        """
        told = {"url": url, "title": title, "metadata": _compact(metadata) if metadata else ""}
        params = {name: value for name, value in told.items() if value}
        path = f"/v1/documents/{quote(document_id, safe='/')}"
        headers = self._headers | {"content-type": media_type}

        def put() -> Outcome:
            response = self._http.put(path, content=content, params=params, headers=headers)
            if response.status_code not in _OUTCOMES:
                raise _refusal(response)
            return _OUTCOMES[response.status_code]

        return self._patiently(put)

    def answer(self, question: str) -> Iterator[RunEvent]:
        """Yield the events of the answer to ``question``; the last is always ``run-end``.

        Raises
        ------
        CarrelError
            What the server refused it with, or ``upstream_unavailable`` or ``upstream_timeout`` when it
            could not be reached or broke off.
        """
        body = {"messages": [{"role": "user", "content": question}], "stream": True}
        with closing(self._stream("POST", "/v1/answer", body=body)) as events, _translated():
            yield from _run(events)

    def ask(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> httpx.Response:
        """Return the good answer to one request that may be made twice.

        Raises
        ------
        CarrelError
            What the server refused it with, or ``upstream_unavailable`` or ``upstream_timeout``.
        """

        def call() -> httpx.Response:
            response = self._http.request(method, path, json=body, params=params, headers=self._headers)
            if response.status_code >= 300:
                raise _refusal(response)
            return response

        return self._patiently(call)

    def send_file(self, path: str, file: Path, *, media_type: str) -> httpx.Response:
        """PUT the content of ``file``, which is read while it is sent, and return the good answer.

        Raises
        ------
        CarrelError
            What the server refused it with, or ``upstream_unavailable`` or ``upstream_timeout``.
        OSError
            If the file cannot be read.
        """

        def send() -> httpx.Response:
            with file.open("rb") as opened:
                size = os.fstat(opened.fileno()).st_size
                headers = self._headers | {"content-type": media_type, "content-length": str(size)}
                parts = iter(partial(opened.read, _PART_BYTES), b"")
                response = self._http.put(path, content=parts, headers=headers)
            if response.status_code >= 300:
                raise _refusal(response)
            return response

        return self._patiently(send)

    def follow(self, path: str) -> Iterator[Event]:
        """Yield the server-sent events of ``path`` until the stream ends.

        Raises
        ------
        CarrelError
            What the server refused it with, or ``upstream_unavailable`` when it broke off.
        """
        return self._stream("GET", path)

    def open_session(self) -> str:
        """Return a new visitor's token."""
        answer = self.ask("POST", "/v1/sessions")
        with _translated():
            return Session.model_validate_json(answer.content).token

    def health(self) -> OverallHealth:
        """Return the health of the whole, also when it is down. Asked once."""
        with _translated():
            response = self._http.get("/health")
            try:
                return OverallHealth.model_validate_json(response.content)
            except ValidationError as error:
                raise _refusal(response) from error

    def ready(self) -> bool:
        """Return whether every service is ready. Asked once."""
        with _translated():
            return self._http.get("/health/ready").status_code == 200

    def _stream(
        self, method: str, path: str, *, body: Mapping[str, Any] | None = None
    ) -> Generator[Event, None, None]:
        """Yield the server-sent events that the server answers with; nothing is sent before the first."""
        headers = self._headers | {"accept": MEDIA_TYPE}
        request = self._http.build_request(method, path, json=body, headers=headers)
        response = self._patiently(lambda: self._open(request))
        try:
            with _translated():
                decoder = Decoder()
                for chunk in response.iter_bytes():
                    yield from decoder.feed(chunk)
        finally:
            response.close()

    def _open(self, request: httpx.Request) -> httpx.Response:
        response = self._http.send(request, stream=True)
        if response.status_code == 200:
            return response
        try:
            response.read()
        finally:
            response.close()
        raise _refusal(response)

    def _patiently(self, call: Callable[[], _T]) -> _T:
        deadline, pause = self._clock() + self._patience_s, _FIRST_PAUSE_S
        while True:
            try:
                with _translated():
                    return call()
            except CarrelError as error:
                if error.retry_after_ms is not None:
                    pause = max(error.retry_after_ms / 1000, _FIRST_PAUSE_S)
                if not error.retryable or self._clock() + pause > deadline or self._pause(pause):
                    raise
            pause = min(pause * 2, _LONGEST_PAUSE_S)


def _run(events: Iterable[Event]) -> Iterator[RunEvent]:
    for event in events:
        if (parsed := parse_event(event.data, type=event.type)) is None:
            continue  # the protocol wants it ignored
        yield parsed
        if isinstance(parsed, RunEnd):
            return
    raise UpstreamUnavailableError("The server broke off in the middle of the answer")


@contextmanager
def _translated() -> Iterator[None]:
    """Our errors for the driver's; most specific first."""
    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise UpstreamUnavailableError("The server cannot be reached") from error
    except httpx.TimeoutException as error:
        # It was given its time; asking again would double the wait without a better chance.
        raise UpstreamTimeoutError("The server did not answer in time", retryable=False) from error
    except httpx.HTTPError as error:
        raise UpstreamUnavailableError("The connection broke off") from error
    except (ValidationError, ValueError) as error:
        raise UpstreamUnavailableError("The server sent something unknown", retryable=False) from error


def _refusal(response: httpx.Response) -> CarrelError:
    try:
        body = response.json()
    except ValueError:
        body = None
    status = response.status_code
    if not isinstance(body, dict) or "code" not in body:
        # Not ours: a proxy in front of it, or no Carrel at all.
        body = {"detail": f"The server answered HTTP {status}", "retryable": status in (429, 502, 503, 504)}
    after = response.headers.get("retry-after", "")
    if "retry_after_ms" not in body and after.isascii() and after.isdecimal():
        body["retry_after_ms"] = int(after[:6]) * 1000
    return from_problem(body, status=status)


def _compact(metadata: Mapping[str, Any]) -> str:
    return json.dumps(metadata, ensure_ascii=False, separators=(",", ":"))
