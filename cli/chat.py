"""``carrel chat``: a conversation in the terminal; answers grow, lost connections are taken up again.

Owns the terminal and the connection's patience. What frames mean is in :mod:`cli.dialogue`.
"""

import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO, assert_never
from uuid import uuid4

import typer

from cli import connection
from cli.dialogue import Again, Dialogue, Fetch, Over, Show, Step, Tell
from cli.settings import CliSettings
from cli.terminal import complain, safe
from shared.clients.chat import ChatSocket
from shared.clients.gateway import GatewayClient
from shared.contracts.chat_ws import Message
from shared.errors import CarrelError

DONE, FAILED, OUT_OF_REACH = 0, 1, 2
HELP = "/new begins a new conversation, /quit ends; Ctrl-C stops an answer."
_LOOK_S = 0.2
"""How soon Ctrl-C is noticed."""
_SILENCE_S = 60.0
"""The server says something every 20 s; after so long nobody is there."""
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.25, 5.0


class UnreachableError(Exception):
    """The server stays away, or refuses us; the message is for people."""


class Interrupts:
    """Counts Ctrl-C instead of being broken off by it."""

    def __init__(self) -> None:
        self.count = 0

    @contextmanager
    def noticed(self) -> Iterator[None]:
        """Count within the block."""
        self.count = 0
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = signal.signal(signal.SIGINT, self._note)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def _note(self, *_: object) -> None:
        self.count += 1


class Chat:
    """Asks one question after another over ``socket``, and reads what was missed through ``client``."""

    def __init__(
        self,
        socket: ChatSocket,
        client: GatewayClient,
        *,
        grow: bool,
        patience_s: float = 60.0,
        silence_s: float = _SILENCE_S,
        pause: Callable[[float], object] | None = None,
    ) -> None:
        self._socket, self._client, self._grow, self._patience_s = socket, client, grow, patience_s
        self._silence_s = silence_s
        self._pause = pause if pause is not None else threading.Event().wait
        self._dialogue = Dialogue()
        self.interrupts = Interrupts()

    def new(self) -> None:
        """Begin a new conversation with the next question."""
        self._dialogue = Dialogue()

    def ask(self, question: str) -> bool:
        """Ask and show the answer; return whether it is one.

        Raises
        ------
        UnreachableError
            When the server stays away, or does not let us in.
        """
        self._dialogue.ask(question, client_message_id=str(uuid4()), spare_id=str(uuid4()))
        with self.interrupts.noticed():
            end = self._until_over()
        self._finish(end)
        return not end.failed

    def _until_over(self) -> Over:
        connected, heard, stopped = False, 0.0, False
        while self.interrupts.count < 2:
            try:
                if not connected:
                    connected, heard = self._connected(), time.monotonic()
                    self._socket.send(self._dialogue.owed())
                if self.interrupts.count and not stopped:
                    stopped = self._stopped()
                if (text := self._socket.receive(timeout_s=_LOOK_S)) is not None:
                    heard = time.monotonic()
                    if (end := self._do(self._dialogue.take(text))) is not None:
                        return end
                elif time.monotonic() - heard > self._silence_s:
                    self._socket.close()
                    connected = False
            except CarrelError as error:
                if not error.retryable:
                    return Over(error.detail)
                connected = False
        return Over("not waited for: the answer is finished on the server")

    def _stopped(self) -> bool:
        frame = self._dialogue.cancel()
        if frame is not None:
            self._socket.send(frame)
        return frame is not None

    def _connected(self) -> bool:
        """Connect, unless there is a connection; wait for the server as long as patience lasts."""
        deadline, pause = time.monotonic() + self._patience_s, _FIRST_PAUSE_S
        told = False
        while not self._socket.is_open:
            try:
                self._socket.open()
            except CarrelError as error:
                wait = max(pause * random.uniform(0.5, 1), (error.retry_after_ms or 0) / 1000)  # noqa: S311 - spreads load only
                if not error.retryable or time.monotonic() + wait > deadline or self.interrupts.count > 1:
                    raise UnreachableError(error.detail) from error
                if not told:
                    complain("the connection is lost; connecting again ...")
                    told = True
                self._pause(wait)
                pause = min(pause * 2, _LONGEST_PAUSE_S)
        return True

    def _do(self, steps: list[Step]) -> Over | None:
        for step in steps:
            match step:
                case Show():
                    if self._grow:
                        typer.echo(safe(step.text), nl=False)
                        sys.stdout.flush()
                case Tell():
                    if self._grow:
                        typer.echo()
                    complain(step.text)
                case Fetch():
                    self._do(self._dialogue.fetched(self._stored(step)))
                case Again():
                    self._pause(step.after_ms / 1000)
                    self._socket.send(self._dialogue.owed())
                case Over():
                    return step
                case _:
                    assert_never(step)
        return None

    def _stored(self, wanted: Fetch) -> str:
        path = f"/v1/conversations/{wanted.conversation_id}/messages/{wanted.message_id}"
        return Message.model_validate_json(self._client.ask("GET", path).content).content

    def _finish(self, end: Over) -> None:
        transcript = self._dialogue.transcript
        typer.echo("" if self._grow else safe(transcript.marked()))
        if transcript.sources:
            typer.echo(f"\n{safe(transcript.bibliography())}\n")
        if transcript.end.degraded:
            complain(f"degraded, answered without: {', '.join(transcript.end.degraded)}")
        if end.failed:
            complain(end.failed)


def chat(*, settings: CliSettings, lines: TextIO | None = None, patience_s: float = 10.0) -> int:
    """Talk until the end of ``lines`` (standard input) or /quit; return the exit code."""
    key = connection.admin_key(settings)
    terminal = lines is None and sys.stdin.isatty() and sys.stdout.isatty()
    with connection.connect(settings, key=key, patience_s=patience_s) as client:
        try:
            bearer = key or client.open_session()
        except CarrelError as error:
            complain(connection.out_of_reach(settings, error))
            return OUT_OF_REACH
        with connection.connect(settings, bearer=bearer) as reader:
            socket = ChatSocket(
                settings.server, bearer=bearer, through_proxy=not connection.is_local(settings)
            )
            try:
                return talk(Chat(socket, reader, grow=terminal), _questions(lines, prompt=terminal))
            finally:
                socket.close()


def talk(chat: Chat, questions: Iterator[str]) -> int:
    """Ask all of ``questions``, doing what those that begin with a slash say; return the exit code."""
    code = DONE
    for question in questions:
        if question in ("/quit", "/exit"):
            break
        if question == "/new":
            chat.new()
        elif question.startswith("/"):
            complain(HELP)
        else:
            try:
                if not chat.ask(question):
                    code = FAILED
            except UnreachableError as error:
                complain(str(error))
                return OUT_OF_REACH
    return code


def _questions(lines: TextIO | None, *, prompt: bool) -> Iterator[str]:
    if prompt:
        typer.echo(HELP)
    while True:
        try:
            line = input("> ") if prompt else (lines or sys.stdin).readline()
        except (EOFError, KeyboardInterrupt):
            typer.echo()
            return
        if not prompt and not line:
            return
        if question := line.strip():
            yield question
