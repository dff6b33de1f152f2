"""One WebSocket connection: carries out what the protocol machine commands.

Owns the socket, the single writer and the tasks that follow runs. Decides nothing: every rule is in
:mod:`chat_ws.protocol.machine`.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar, assert_never

from starlette.websockets import WebSocket, WebSocketDisconnect

from chat_ws.conversations import Conversations, message_stored
from chat_ws.ports import Clock, RunRecord
from chat_ws.protocol.events import (
    Abandon,
    BinaryReceived,
    Broken,
    CancelRun,
    Close,
    Disconnected,
    Drain,
    Drained,
    Event,
    FollowRun,
    Opened,
    RequestFailed,
    RunGap,
    RunTold,
    Send,
    Silence,
    Stalled,
    StoreMessage,
    TextReceived,
)
from chat_ws.protocol.machine import Protocol, State
from chat_ws.protocol.outbox import Outbox
from shared.errors import CarrelError, InternalError
from shared.http import dump_json
from shared.tasks import cancel, spawn

MAX_REQUESTS = 16
"""Questions and cancels of one connection that are looked up at once; those beyond wait in its socket."""
MAX_FOLLOWED = 64
_CLOSE_S = 5.0
_DRAINED_S = 1.0
_C = TypeVar("_C")
_log = logging.getLogger(__name__)


class Connection:
    """Runs one accepted ``websocket`` until it is closed."""

    def __init__(
        self,
        websocket: WebSocket,
        core: Protocol,
        conversations: Conversations,
        *,
        clock: Clock,
        outbox: Outbox,
        heartbeat_interval_s: float,
        send_stall_s: float,
        first_beat: float = 1.0,
    ) -> None:
        """``first_beat`` is the part of the interval after which the first heartbeat comes."""
        self._websocket, self._core, self._conversations, self._clock = websocket, core, conversations, clock
        self._heartbeat_s, self._stall_s = heartbeat_interval_s, send_stall_s
        self._beat_s = heartbeat_interval_s * first_beat
        self._outbox = outbox
        self._loop = asyncio.get_running_loop()
        # Whether a frame is being sent, and since when that is so.
        self._sending, self._since = False, self._loop.time()
        self._stalled: asyncio.Future[None] = self._loop.create_future()
        self._following: dict[str, asyncio.Task[None]] = {}
        self._requests = asyncio.Semaphore(MAX_REQUESTS)
        self._over = asyncio.Event()

    async def run(self) -> None:
        """Serve the connection; returns when it is over. The runs it began go on."""
        writer = spawn(self._write(), name="connection writer")
        reader = spawn(self._read(), name="connection reader")
        self._look()
        try:
            done, _ = await asyncio.wait([reader, writer, self._stalled], return_when=asyncio.FIRST_COMPLETED)
            if self._stalled.done():
                await cancel(writer)
                await self._close_now(Stalled(self._clock()))
            elif any(not task.cancelled() and task.exception() for task in done):
                await self._close_now(Broken(self._clock()))
        finally:
            self._timer.cancel()
            await self._handle(Disconnected(self._clock()))
            await cancel(reader)
            await cancel(writer)
            self._outbox.close()
            self._over.set()

    async def drain(self) -> None:
        """Take no more questions."""
        await self._handle(Drain(self._clock()))

    async def drained(self) -> None:
        """Close: every run has ended. What is still to be told is told first, within a bounded time."""
        if tellers := list(self._following.values()):
            await asyncio.wait(tellers, timeout=_DRAINED_S)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_DRAINED_S):
                await self._handle(Drained(self._clock()))
                await self._over.wait()

    async def _read(self) -> None:
        await self._handle(Opened(self._clock()))
        while True:
            message = await self._websocket.receive()
            if message["type"] == "websocket.disconnect":
                return
            text = message.get("text")
            now = self._clock()
            await self._handle(BinaryReceived(now) if text is None else TextReceived(text, now))

    async def _write(self) -> None:
        with contextlib.suppress(WebSocketDisconnect, RuntimeError, OSError):
            while True:
                item = await self._outbox.take()
                if item is None:
                    # Only into an empty outbox: nobody else makes room in a full one.
                    await self._handle(Silence(self._clock()))
                    continue
                self._sending, self._since = True, self._loop.time()
                if isinstance(item, Close):
                    await self._websocket.close(item.code, item.reason)
                    return
                await self._websocket.send_text(item)
                self._sending, self._since = False, self._loop.time()

    def _look(self) -> None:
        """See whether the silence is long enough for a heartbeat, or a send so long that the client is slow.

        One timer for each connection, not one for each frame.
        """
        waited = self._loop.time() - self._since
        if self._sending and waited >= self._stall_s:
            if not self._stalled.done():
                self._stalled.set_result(None)
            return
        if not self._sending and waited >= self._beat_s:
            self._beat_s, self._since, waited = self._heartbeat_s, self._loop.time(), 0.0
            self._outbox.nudge()
        # Soon enough to be back before a send that begins now is too long.
        left = self._stall_s - waited if self._sending else min(self._beat_s - waited, self._stall_s)
        self._timer = self._loop.call_later(left, self._look)

    async def _close_now(self, event: Stalled | Broken) -> None:
        """Close past the outbox: what waits in it is never going to be taken."""
        for command in self._core.handle(event):
            if isinstance(command, Abandon):
                await self._abandon()
            elif isinstance(command, Close):
                with contextlib.suppress(TimeoutError, WebSocketDisconnect, RuntimeError, OSError):
                    async with asyncio.timeout(_CLOSE_S):
                        await self._websocket.close(command.code, command.reason)

    async def _handle(self, event: Event) -> None:
        for command in self._core.handle(event):
            match command:
                case Send():
                    await self._outbox.put(dump_json(command.frame))
                case Close():
                    await self._outbox.put(command)
                case StoreMessage():
                    await self._begin(self._store, command)
                case FollowRun():
                    await self._follow(command)
                case CancelRun():
                    await self._begin(self._cancel, command)
                case Abandon():
                    await self._abandon()
                case _:
                    assert_never(command)

    async def _begin(self, serve: Callable[[_C], Coroutine[Any, Any, None]], command: _C) -> None:
        await self._requests.acquire()
        spawn(serve(command), name="serve frame").add_done_callback(lambda _: self._requests.release())

    async def _store(self, command: StoreMessage) -> None:
        try:
            stored = await self._conversations.ask(self._core.visitor_id, command.frame)
        except Exception as error:
            await self._failed(error, client_message_id=str(command.frame.client_message_id))
            return
        await self._handle(message_stored(command.frame, stored, now=self._clock()))

    async def _cancel(self, command: CancelRun) -> None:
        try:
            await self._conversations.cancel(self._core.visitor_id, command.run_id)
        except Exception as error:
            await self._failed(error, run_id=command.run_id)

    async def _follow(self, command: FollowRun) -> None:
        # Resuming a run that is followed here already begins it anew: never two tellers for one run.
        while (task := self._following.pop(command.run_id, None)) is not None:
            await cancel(task)
        while len(self._following) >= MAX_FOLLOWED:
            await asyncio.wait(self._following.values(), return_when=asyncio.FIRST_COMPLETED)
        if self._core.state is not State.CLOSED:
            self._following[command.run_id] = spawn(self._tell(command), name="follow run")

    async def _tell(self, command: FollowRun) -> None:
        run_id = command.run_id
        try:
            told = self._conversations.follow(
                self._core.visitor_id, run_id, starting_after=command.starting_after
            )
            async with contextlib.aclosing(told) as entries:
                async for entry in entries:
                    now = self._clock()
                    if isinstance(entry, RunRecord):
                        gap = RunGap(entry.conversation_id, run_id, entry.message_id, now)
                        await self._handle(gap)
                    else:
                        await self._handle(RunTold(entry, now))
        except Exception as error:
            await self._failed(error, run_id=run_id)
        if self._following.get(run_id) is asyncio.current_task():
            del self._following[run_id]

    async def _abandon(self) -> None:
        tasks = [task for task in self._following.values() if task is not asyncio.current_task()]
        self._following.clear()
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _failed(
        self, error: Exception, *, client_message_id: str | None = None, run_id: str | None = None
    ) -> None:
        if not isinstance(error, CarrelError):
            _log.error("a frame could not be served", exc_info=error)
            error = InternalError()
        await self._handle(RequestFailed(error, client_message_id, self._clock(), run_id))
