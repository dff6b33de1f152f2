import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from shared.clients.gateway import GatewayClient
from shared.contracts.retriever import ContentDelta, RunEnd
from shared.errors import (
    CarrelError,
    InvalidRequestError,
    OverloadedError,
    QuotaExceededError,
    TooLargeError,
    UnauthorizedError,
    UpstreamTimeoutError,
    UpstreamUnavailableError,
    problem,
)
from shared.sse import encode

Handler = Callable[[httpx.Request], httpx.Response]

RUN: list[dict[str, Any]] = [
    {"type": "run-start", "model": "extractive", "index_version": "1"},
    {"type": "content-delta", "delta": {"text": "Ownership "}},
    {"type": "content-delta", "delta": {"text": "is a set of rules."}, "new_field": 1},
    {"type": "run-end", "status": "completed"},
]
HEALTH = {"status": "down", "version": "0.1.0", "uptime_s": 1.5, "services": {}}


class Waits:
    """A clock that only pauses move."""

    def __init__(self, *, broken_off: bool = False) -> None:
        self.pauses: list[float] = []
        self._broken_off = broken_off

    def pause(self, seconds: float) -> bool:
        self.pauses.append(seconds)
        return self._broken_off

    def clock(self) -> float:
        return sum(self.pauses)


class Script:
    """Answers each request with the next of ``answers``, the last one for ever."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self._answers = list(answers)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def client(handler: Handler, *, waits: Waits | None = None, admin_key: str = "k" * 32) -> GatewayClient:
    waits = waits if waits is not None else Waits()
    http = httpx.Client(base_url="http://carrel.test", transport=httpx.MockTransport(handler))
    return GatewayClient(http, admin_key=admin_key, pause=waits.pause, clock=waits.clock)


def refused(error: CarrelError) -> httpx.Response:
    return httpx.Response(error.status, json=problem(error, request_id="r1"))


def stream(events: list[dict[str, Any]]) -> httpx.Response:
    def chunks() -> Iterator[bytes]:
        whole = b": keep-alive\n\n" + b"".join(encode(event, type=event["type"]) for event in events)
        for at in range(0, len(whole), 7):
            yield whole[at : at + 7]

    return httpx.Response(200, headers={"content-type": "text/event-stream"}, content=chunks())


def put(gateway: GatewayClient, document_id: str = "guide/a b.md") -> str:
    return gateway.put_document(document_id, b"# A", media_type="text/markdown")


@pytest.mark.parametrize(("status", "outcome"), [(201, "created"), (200, "replaced"), (204, "unchanged")])
def test_put_says_what_became_of_the_document(status: int, outcome: str) -> None:
    """The three statuses of a put are told apart."""
    assert put(client(Script(httpx.Response(status)))) == outcome


def test_put_sends_the_document_as_it_is() -> None:
    """Id, body, media type, key and what is told about the document arrive exactly."""
    script = Script(httpx.Response(201))
    client(script).put_document(
        "guide/100% über.md",
        b"\xef\xbb\xbf# A",
        media_type="text/markdown",
        url="https://x.test/a?b=c&d",
        title="Ä",
        metadata={"lang": "ü"},
    )
    request = script.requests[0]
    assert request.url.raw_path.split(b"?")[0] == b"/v1/documents/guide/100%25%20%C3%BCber.md"
    assert request.content == b"\xef\xbb\xbf# A"
    assert request.headers["content-type"] == "text/markdown"
    assert request.headers["x-api-key"] == "k" * 32
    told = dict(request.url.params)
    assert told == {"url": "https://x.test/a?b=c&d", "title": "Ä", "metadata": '{"lang":"ü"}'}


def test_without_a_key_none_is_sent() -> None:
    """A client without the admin key sends no empty header."""
    script = Script(httpx.Response(201))
    put(client(script, admin_key=""))
    assert "x-api-key" not in script.requests[0].headers


@pytest.mark.parametrize(
    "error",
    [
        UnauthorizedError("no"),
        TooLargeError("too big"),
        InvalidRequestError("empty"),
        QuotaExceededError("q"),
    ],
)
def test_a_refusal_keeps_its_kind_and_is_not_repeated(error: CarrelError) -> None:
    """A problem document comes back as the error it was, after one request."""
    script = Script(refused(error))
    with pytest.raises(CarrelError, match=error.detail) as caught:
        put(client(script))
    assert (caught.value.status, caught.value.code) == (error.status, error.code)
    assert len(script.requests) == 1


def test_a_restart_is_waited_out() -> None:
    """Refused connections and retryable refusals are tried again, after what the server asked for."""
    script = Script(
        httpx.ConnectError("refused"),
        refused(OverloadedError(retry_after_ms=3000)),
        httpx.Response(503, text="<html>", headers={"retry-after": "2"}),
        httpx.ReadError("cut"),
        httpx.Response(201),
    )
    waits = Waits()
    assert put(client(script, waits=waits)) == "created"
    assert waits.pauses == [0.25, 3, 2, 4]


def test_patience_ends() -> None:
    """A server that stays away is reported once the patience is used up, in few requests."""
    script, waits = Script(httpx.ConnectError("refused")), Waits()
    with pytest.raises(UpstreamUnavailableError, match="cannot be reached"):
        put(client(script, waits=waits))
    assert 20 < sum(waits.pauses) <= 30
    assert len(script.requests) < 12


def test_a_longer_wait_than_the_patience_is_not_begun() -> None:
    """When the server asks for more than there is patience for, its refusal is reported at once."""
    waits = Waits()
    with pytest.raises(OverloadedError):
        put(client(Script(refused(OverloadedError(retry_after_ms=60_000))), waits=waits))
    assert waits.pauses == []


def test_a_pause_that_is_broken_off_ends_the_retries() -> None:
    """Whoever is stopped meanwhile does not ask again."""
    script, waits = Script(refused(OverloadedError())), Waits(broken_off=True)
    with pytest.raises(OverloadedError):
        put(client(script, waits=waits))
    assert len(script.requests) == 1


def test_the_wait_can_be_an_event() -> None:
    """Without a pause of its own the client really waits, and then succeeds."""
    script = Script(httpx.ConnectTimeout("slow"), httpx.Response(204))
    http = httpx.Client(base_url="http://carrel.test", transport=httpx.MockTransport(script))
    assert put(GatewayClient(http)) == "unchanged"


def test_a_server_that_falls_silent_is_not_asked_again() -> None:
    """A read timeout is reported at once: it was the wait already."""
    script = Script(httpx.ReadTimeout("silent"))
    with pytest.raises(UpstreamTimeoutError):
        put(client(script))
    assert len(script.requests) == 1


@pytest.mark.parametrize("status", [301, 404, 418])
def test_what_is_not_carrel_is_said_with_its_status(status: int) -> None:
    """An answer without our problem document names its HTTP status."""
    with pytest.raises(CarrelError, match=f"HTTP {status}"):
        put(client(Script(httpx.Response(status, json=["no"]))))


def test_answer_yields_the_events_of_the_run() -> None:
    """Events cut anywhere come out whole and in order; comments and new types are ignored."""
    events = [*RUN[:2], {"type": "brand-new", "x": 1}, *RUN[2:], {"type": "run-end", "status": "failed"}]
    script = Script(stream(events))
    got = list(client(script).answer("What is ownership?"))
    assert [event.type for event in got] == [event["type"] for event in RUN]
    assert "".join(e.delta.text for e in got if isinstance(e, ContentDelta)) == "Ownership is a set of rules."
    assert isinstance(got[-1], RunEnd)
    assert json.loads(script.requests[0].content) == {
        "messages": [{"role": "user", "content": "What is ownership?"}],
        "stream": True,
    }


def test_answer_waits_for_a_service_that_restarts() -> None:
    """A stream that has not begun is asked for again."""
    script = Script(refused(OverloadedError()), stream(RUN))
    assert len(list(client(script).answer("q"))) == len(RUN)


def test_a_refused_question_is_an_error() -> None:
    """What the server answers instead of a stream is raised."""
    with pytest.raises(InvalidRequestError, match="too long"):
        list(client(Script(refused(InvalidRequestError("too long")))).answer("q"))


def test_a_stream_that_is_cut_is_an_error() -> None:
    """An answer without run-end never looks whole."""
    with pytest.raises(UpstreamUnavailableError, match="broke off"):
        list(client(Script(stream(RUN[:-1]))).answer("q"))


def test_an_event_that_is_none_of_ours_is_an_error() -> None:
    """An event without its fields is reported, not guessed at."""
    with pytest.raises(UpstreamUnavailableError, match="unknown"):
        list(client(Script(stream([{"type": "content-delta"}]))).answer("q"))


def test_health_is_read_also_when_down() -> None:
    """The 503 of a server that is down still carries its health."""
    assert client(Script(httpx.Response(503, json=HEALTH))).health().status == "down"


def test_health_of_something_else_is_an_error() -> None:
    """A server that is not Carrel is not healthy by accident."""
    with pytest.raises(CarrelError, match="HTTP 200"):
        client(Script(httpx.Response(200, text="hello"))).health()


def test_health_of_nothing_is_an_error() -> None:
    """A server that is not there is said to be out of reach, without retries."""
    script = Script(httpx.ConnectError("refused"))
    with pytest.raises(UpstreamUnavailableError):
        client(script).health()
    assert len(script.requests) == 1


@pytest.mark.parametrize(("status", "ready"), [(200, True), (503, False)])
def test_ready(status: int, ready: bool) -> None:
    """Ready means a 200 of /health/ready and nothing else."""
    assert client(Script(httpx.Response(status))).ready() is ready


def test_two_threads_may_share_a_client() -> None:
    """Puts from several threads at once all arrive."""
    script = Script(httpx.Response(201))
    gateway = client(script)
    threads = [threading.Thread(target=put, args=(gateway, f"{n}.md")) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(script.requests) == 8


def test_a_file_is_sent_anew_after_a_restart(tmp_path: Path) -> None:
    """From its beginning, with its length and media type."""
    file = tmp_path / "a.zip"
    file.write_bytes(b"PK" * 400_000)
    handler = Script(httpx.ReadError("reset"), httpx.Response(200))
    sent = client(handler).send_file("/v1/x", file, media_type="application/zip")
    assert sent.status_code == 200
    assert [request.read() for request in handler.requests] == [file.read_bytes()] * 2
    headers = handler.requests[-1].headers
    assert (headers["content-length"], headers["content-type"]) == ("800000", "application/zip")
    assert "transfer-encoding" not in headers
