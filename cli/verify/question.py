"""Asks one question: over the WebSocket, dropped in the middle and resumed, then over server-sent events."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from uuid import uuid4

import httpx

from cli.verify.outside import Outside, is_local
from cli.verify.verdicts.deployed import read_object
from cli.verify.verdicts.run import Frame, Heard
from shared.clients.chat import ChatSocket
from shared.errors import CarrelError
from shared.sse import MEDIA_TYPE, Decoder

PATIENCE_S = 60.0
"""For one whole answer."""
_DROP_AFTER = 3
"""Frames of a run: it has begun, and is not at its end."""


@dataclass(frozen=True)
class Asked:
    """A question's frames and how long its first word took, in milliseconds; None where none came."""

    heard: Heard
    first_word_ms: float | None = None


def over_socket(outside: Outside, content: str, *, token: str, patience_s: float = PATIENCE_S) -> Asked:
    """Ask ``content``, lose the connection in the middle of the answer, and go on over another one."""
    talk = _Talk(outside, token, time.monotonic() + patience_s)
    frame = {"type": "message-create", "client_message_id": str(uuid4()), "content": content}
    try:
        talk.begin(frame)
        dropped = talk.until(lambda: len(talk.numbers) >= _DROP_AFTER)
    except CarrelError as error:
        return talk.asked(error=error.detail)
    finally:
        talk.drop()
    if not dropped or talk.ended:
        return talk.asked(error="no more came in time")
    last = talk.numbers[-1]
    resumed = False
    try:
        talk.begin({"type": "run-resume", "run_id": talk.run_id, "starting_after": last})
        resumed = True
        talk.until(lambda: talk.ended)
    except CarrelError as error:
        return talk.asked(error=error.detail, dropped_after=last, resumed=resumed)
    finally:
        talk.close()
    return talk.asked(dropped_after=last, resumed=True)


class _Talk:
    """One question over one connection after the other."""

    def __init__(self, outside: Outside, token: str, deadline: float) -> None:
        self._outside, self._deadline = outside, deadline
        self._socket = ChatSocket(
            outside.url, bearer=token, through_proxy=not is_local(outside.url), headers=outside.headers
        )
        self.frames: list[Frame] = []
        self._began = time.monotonic()
        self._first_word_ms: float | None = None

    @property
    def numbers(self) -> list[int]:
        return [frame["sequence_number"] for frame in self.frames if "sequence_number" in frame]

    @property
    def run_id(self) -> str:
        return next((str(frame["run_id"]) for frame in self.frames if "run_id" in frame), "")

    @property
    def ended(self) -> bool:
        return bool(self.frames) and self.frames[-1].get("type") in ("run-end", "error")

    def begin(self, frame: Frame) -> None:
        self._socket.open()
        self._began = time.monotonic() if not self.frames else self._began
        self._socket.send(frame)

    def until(self, enough: Callable[[], bool]) -> bool:
        """Read frames until ``enough``, the run's end or the deadline; return whether it was enough."""
        while not enough() and not self.ended and (left := self._deadline - time.monotonic()) > 0:
            text = self._socket.receive(timeout_s=left)
            if text is not None:
                self._take(text)
        return enough()

    def drop(self) -> None:
        self._socket.drop()

    def close(self) -> None:
        self._socket.close()

    def asked(self, *, error: str = "", dropped_after: int | None = None, resumed: bool = False) -> Asked:
        return Asked(Heard(self.frames, error, dropped_after, resumed), self._first_word_ms)

    def _take(self, text: str) -> None:
        self._outside.keep("WebSocket /v1/chat", text)
        frame = read_object(text.encode())
        if frame.get("type") in ("connection-ready", "heartbeat", "run-queued"):
            return
        if frame.get("type") == "content-delta" and self._first_word_ms is None:
            self._first_word_ms = (time.monotonic() - self._began) * 1000
        self.frames.append(frame)


def over_events(outside: Outside, content: str, *, token: str) -> Asked:
    """Ask ``content`` over server-sent events and read them to their end."""
    body = {"client_message_id": str(uuid4()), "content": content}
    frames: list[Frame] = []
    first_word_ms: float | None = None
    began = time.monotonic()
    try:
        with outside.stream(
            "POST", "/v1/messages", token=token, headers={"accept": MEDIA_TYPE}, json=body
        ) as response:
            if response.status_code != 200:
                told = read_object(response.read())
                outside.keep("POST /v1/messages", f"{response.headers}\n{response.text}")
                return Asked(Heard([], f"HTTP {response.status_code} {told.get('code', '')}".strip()))
            decoder = Decoder()
            for chunk in response.iter_bytes():
                for event in decoder.feed(chunk):
                    outside.keep("POST /v1/messages", event.data)
                    frames.append(read_object(event.data.encode()))
                    if event.type == "content-delta" and first_word_ms is None:
                        first_word_ms = (time.monotonic() - began) * 1000
    except (httpx.HTTPError, ValueError) as error:
        return Asked(Heard(frames, f"it broke off ({type(error).__name__})"))
    return Asked(Heard(frames), first_word_ms)
