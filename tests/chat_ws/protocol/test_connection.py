import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Sequence
from typing import Any, cast
from uuid import uuid4

import pytest
from starlette.websockets import WebSocket

from chat_ws.conversations import Conversations
from chat_ws.protocol import connection as module
from chat_ws.protocol.connection import MAX_FOLLOWED, MAX_REQUESTS, Connection
from chat_ws.protocol.machine import Limits, Protocol
from chat_ws.protocol.outbox import Outbox
from chat_ws.run_logs.memory import MemoryRunLogs
from chat_ws.runs.live import Runs
from shared.errors import OverloadedError
from tests.support.chat_fakes import WHOLE, Answerer, Clock, MemoryHistory, Step, delta, question
from tests.support.chat_socket import Socket
from tests.support.waiting import eventually

Frame = dict[str, Any]
QUEUE_FRAMES = 64
LIMITS = Limits(8000, 128 * 1024, None, 20_000, 600_000)


class Client:
    """One connection and everything around it."""

    def __init__(
        self,
        *scripts: Sequence[Step],
        heartbeat_s: float = 20.0,
        stall_s: float = 20.0,
        limits: Limits = LIMITS,
        max_bytes: int = 256 * 1024,
    ) -> None:
        self.socket, self.history = Socket(), MemoryHistory()
        self.answerer = Answerer(*scripts)
        self.outbox = Outbox(max_frames=QUEUE_FRAMES, max_bytes=max_bytes)
        self.runs = Runs(
            answerer=self.answerer,
            history=self.history,
            logs=MemoryRunLogs(),
            clock=Clock(),
            resume_window_s=60,
        )
        self.conversations = Conversations(history=self.history, runs=self.runs, clock=Clock())
        self.core = Protocol("conn_1", "v1", "r1", limits)
        self.connection = Connection(
            cast(WebSocket, self.socket),
            self.core,
            self.conversations,
            clock=Clock(),
            outbox=self.outbox,
            heartbeat_interval_s=heartbeat_s,
            send_stall_s=stall_s,
        )
        self.running = asyncio.ensure_future(self.connection.run())

    def send(self, **frame: Any) -> None:
        self.socket.incoming.put_nowait({"type": "websocket.receive", "text": json.dumps(frame)})

    def ask(self, **fields: Any) -> str:
        client_message_id = str(uuid4())
        self.send(type="message-create", client_message_id=client_message_id, content="Why?", **fields)
        return client_message_id

    def types(self) -> list[str]:
        return [frame["type"] for frame in self.socket.frames]

    async def until(self, kind: str, *, count: int = 1) -> Frame:
        """Wait for the ``count``-th frame of a type."""
        await eventually(lambda: self.types().count(kind) >= count)
        return [frame for frame in self.socket.frames if frame["type"] == kind][count - 1]

    async def leave(self) -> None:
        self.socket.incoming.put_nowait({"type": "websocket.disconnect"})
        await asyncio.wait_for(self.running, 5)


@pytest.fixture
async def clients() -> AsyncIterator[list[Client]]:
    """Clients that leave after the test; none of their tasks may be left."""
    made: list[Client] = []
    yield made
    for client in made:
        client.socket.taking.set()
        client.history.before.clear()
        await client.leave()
        await client.runs.drain(0)
    await asyncio.sleep(0.01)
    assert [task.get_name() for task in asyncio.all_tasks() if not task.get_name().startswith("Task-")] == []


async def test_a_question_is_acknowledged_then_answered(clients: list[Client]) -> None:
    """connection-ready, message-ack, the run's frames: in this order and on the one socket."""
    client = Client()
    clients.append(client)
    client.ask()
    await client.until("run-end")
    assert client.types() == ["connection-ready", "message-ack", *(event.type for event in WHOLE)]


async def test_nothing_is_acknowledged_before_it_is_stored(clients: list[Client]) -> None:
    """The ack waits for the commit; the connection meanwhile does other things."""
    client, gate = Client(), asyncio.Event()
    clients.append(client)
    client.history.before["create_message"] = gate.wait
    client.ask()
    client.send(type="ping")
    await client.until("pong")
    assert "message-ack" not in client.types()
    gate.set()
    await client.until("run-end")


async def test_a_failed_question_is_answered_under_its_id(clients: list[Client]) -> None:
    """What cannot be stored is an error that names the question; an unknown error is internal."""
    client = Client()
    clients.append(client)
    client.history.failures["create_message"] = deque([OverloadedError("busy"), ValueError("secret")])
    first = client.ask()
    error = await client.until("error")
    assert (error["code"], error["client_message_id"]) == ("overloaded", first)
    second = client.ask()
    error = await client.until("error", count=2)
    assert (error["code"], error["client_message_id"]) == ("internal", second)
    assert "secret" not in json.dumps(error)


async def test_a_run_that_cannot_be_looked_up(clients: list[Client]) -> None:
    """Errors of resuming and cancelling are told, and the connection lives on."""
    client = Client()
    clients.append(client)
    client.history.failures["find_run"] = deque([OverloadedError(), ValueError("secret")])
    for number, (kind, code) in enumerate(
        [
            ("run-resume", "overloaded"),
            ("run-cancel", "internal"),
            ("run-resume", "run_not_found"),
            ("run-cancel", "run_not_found"),
        ]
    ):
        client.send(type=kind, run_id="run_x", **({"starting_after": 0} if kind == "run-resume" else {}))
        told = await client.until("error", count=number + 1)
        assert (told["code"], told["run_id"]) == (code, "run_x")


async def test_resuming_begins_anew(clients: list[Client]) -> None:
    """A run resumed while it is followed has one teller: the later one."""
    gate = asyncio.Event()
    client = Client([*WHOLE[:5], gate, *WHOLE[5:]])
    clients.append(client)
    client.ask()
    await client.until("content-delta")
    run_id = client.socket.frames[-1]["run_id"]
    for _ in range(3):
        client.send(type="run-resume", run_id=run_id, starting_after=4)
    await client.until("content-delta", count=2)
    client.send(type="ping")
    await client.until("pong")
    seen = len(client.socket.frames)
    gate.set()
    await client.until("run-end")
    live = [frame["sequence_number"] for frame in client.socket.frames[seen:]]
    assert live == [6, 7, 8, 9]


async def test_a_gap_is_told_with_the_way_around_it(clients: list[Client]) -> None:
    """resume-gap names the message that holds what is gone."""
    client = Client()
    clients.append(client)
    stored = await client.history.create_message("v1", question())
    await client.history.end_orphans()
    client.send(type="run-resume", run_id=stored.run_id, starting_after=2)
    gap = await client.until("resume-gap")
    assert (gap["run_id"], gap["message_id"]) == (stored.run_id, stored.answer_id)
    assert (await client.until("run-end"))["sequence_number"] == 3


async def test_cancelling_stops_the_answer(clients: list[Client]) -> None:
    """run-cancel ends the run, and whoever follows is told so."""
    client = Client([*WHOLE[:5], asyncio.Event()])
    clients.append(client)
    client.ask()
    await client.until("content-delta")
    client.send(type="run-cancel", run_id=client.socket.frames[-1]["run_id"])
    assert (await client.until("run-end"))["status"] == "cancelled"


async def test_a_lost_socket_cancels_nothing(clients: list[Client]) -> None:
    """The run of a client that vanished goes on and is stored."""
    gate = asyncio.Event()
    client = Client([*WHOLE[:5], gate, *WHOLE[5:]])
    clients.append(client)
    client.ask()
    await client.until("content-delta")
    await client.leave()
    gate.set()
    await eventually(lambda: len(client.history.endings) == 1)
    assert client.history.endings[0].status == "completed"


async def test_a_question_outlives_its_socket(clients: list[Client]) -> None:
    """A client that goes away while its question is being stored has asked all the same."""
    client, gate = Client(), asyncio.Event()
    clients.append(client)
    client.history.before["create_message"] = gate.wait
    client.ask()
    client.send(type="ping")
    await client.until("pong")
    await client.leave()
    gate.set()
    await eventually(lambda: len(client.history.endings) == 1)
    assert "message-ack" not in client.types()


async def test_silence_is_broken_by_heartbeats(clients: list[Client]) -> None:
    """Heartbeats come when nothing else does, and have no number."""
    client = Client(heartbeat_s=0.01)
    clients.append(client)
    beat = await client.until("heartbeat", count=3)
    assert "sequence_number" not in beat


async def test_a_heartbeat_never_waits_for_room(clients: list[Client]) -> None:
    """When the queue fills up in the very moment of the silence, the writer goes on writing."""
    client = Client(heartbeat_s=0.0)
    clients.append(client)
    await client.until("heartbeat")
    for _ in range(3):
        for _ in range(2 * QUEUE_FRAMES):
            client.send(type="ping")
        await asyncio.sleep(0.01)
    await eventually(lambda: client.types().count("pong") == 6 * QUEUE_FRAMES)


async def test_a_client_that_takes_nothing_is_closed(clients: list[Client]) -> None:
    """Past the stall the connection is over, nobody waits for room in its queue, the run is stored."""
    script = [*WHOLE[:4], *(delta("x") for _ in range(3 * QUEUE_FRAMES)), *WHOLE[7:]]
    client = Client(script, stall_s=0.05)
    clients.append(client)
    client.ask()
    await client.until("content-delta")
    client.socket.taking.clear()
    await eventually(lambda: client.outbox.full or client.core.state == "closed")
    asyncio.get_running_loop().call_later(0.1, client.socket.taking.set)
    await asyncio.wait_for(client.running, 5)
    assert client.socket.closed == [1013]
    await eventually(lambda: len(client.history.endings) == 1)
    assert len(client.history.endings[0].content) == 3 * QUEUE_FRAMES


async def test_a_queue_full_of_bytes_is_full(clients: list[Client]) -> None:
    """Few long frames fill it as many short ones do; a client that reads on gets them all in order."""
    script = [*WHOLE[:4], *(delta("ü" * 1000) for _ in range(20)), *WHOLE[7:]]
    client = Client(script, max_bytes=8 * 1024)
    clients.append(client)
    client.socket.taking.clear()
    client.ask()
    await eventually(lambda: len(client.history.endings) == 1)
    for _ in range(20):
        await asyncio.sleep(0)
    assert client.outbox.full
    assert client.outbox.bytes <= 8 * 1024
    client.socket.taking.set()
    await client.until("run-end")
    numbers = [frame["sequence_number"] for frame in client.socket.frames if "sequence_number" in frame]
    assert numbers == list(range(1, len(numbers) + 1))
    assert client.types().count("content-delta") == 20


async def test_a_full_queue_leaves_no_task_behind(clients: list[Client]) -> None:
    """Acks that wait for room when the connection ends are let go of."""
    client, gate = Client(stall_s=5), asyncio.Event()
    clients.append(client)
    client.history.before["create_message"] = gate.wait
    for _ in range(MAX_REQUESTS):
        client.ask()
    client.send(type="ping")
    await client.until("pong")
    client.socket.taking.clear()
    for _ in range(2 * QUEUE_FRAMES):
        client.send(type="ping")
    await eventually(lambda: client.outbox.full)
    gate.set()
    await eventually(lambda: len(client.history.runs) == MAX_REQUESTS)
    client.socket.gone = True
    client.socket.taking.set()
    await asyncio.wait_for(client.running, 5)
    assert client.outbox.empty


async def test_a_flood_waits_in_its_socket(clients: list[Client]) -> None:
    """At most so many questions of one connection are looked up at once; all of them are answered."""
    client, gate = Client(), asyncio.Event()
    clients.append(client)
    waiting = 0

    async def count() -> None:
        nonlocal waiting
        waiting += 1
        await gate.wait()

    client.history.before["find_run"] = count
    for number in range(3 * MAX_REQUESTS):
        client.send(type="run-cancel", run_id=f"run_{number}")
    await eventually(lambda: waiting == MAX_REQUESTS)
    for _ in range(20):
        await asyncio.sleep(0)
    assert waiting == MAX_REQUESTS
    gate.set()
    await client.until("error", count=3 * MAX_REQUESTS)


async def test_the_runs_followed_are_bounded(clients: list[Client]) -> None:
    """Beyond the bound a resume waits until another run is told to its end."""
    client, gate = Client(), asyncio.Event()
    clients.append(client)
    client.history.before["find_run"] = gate.wait
    for number in range(MAX_FOLLOWED + 5):
        client.send(type="run-resume", run_id=f"run_{number}", starting_after=0)
    await eventually(lambda: len(client.connection._following) == MAX_FOLLOWED)
    for _ in range(20):
        await asyncio.sleep(0)
    assert len(client.connection._following) == MAX_FOLLOWED
    gate.set()
    await client.until("error", count=MAX_FOLLOWED + 5)


async def test_too_many_bad_frames_close_in_order(clients: list[Client]) -> None:
    """Every bad frame is answered before the close; the connection then is over."""
    client = Client()
    clients.append(client)
    for _ in range(30):
        client.send(type="nonsense")
    await asyncio.wait_for(client.running, 5)
    assert (client.types().count("error"), client.socket.closed) == (21, [1008])


async def test_binary_closes(clients: list[Client]) -> None:
    """A binary frame ends the connection with 1003."""
    client = Client()
    clients.append(client)
    client.socket.incoming.put_nowait({"type": "websocket.receive", "bytes": b"x"})
    await asyncio.wait_for(client.running, 5)
    assert client.socket.closed == [1003]


async def test_draining_tells_the_end_before_it_closes(clients: list[Client]) -> None:
    """However far behind a client is, it gets the run's end, then 1012; new questions are refused."""
    script = [*WHOLE[:4], *(delta("x") for _ in range(5 * QUEUE_FRAMES)), *WHOLE[7:]]
    client = Client(script)
    clients.append(client)
    client.ask()
    await client.until("message-ack")
    await client.connection.drain()
    client.ask()
    assert (await client.until("error"))["code"] == "draining"
    await client.runs.drain(5)
    await asyncio.wait_for(client.connection.drained(), 2)
    assert client.running.done()
    assert (client.types().count("run-end"), client.socket.closed) == (1, [1012])


async def test_draining_does_not_wait_for_a_client_that_takes_nothing(clients: list[Client]) -> None:
    """The process ends in its time, whoever is not reading."""
    script = [*WHOLE[:4], *(delta("x") for _ in range(5 * QUEUE_FRAMES)), *WHOLE[7:]]
    client = Client(script)
    clients.append(client)
    client.ask()
    await client.until("content-delta")
    client.socket.taking.clear()
    await client.runs.drain(5)
    await asyncio.wait_for(client.connection.drained(), 3)


async def test_our_own_fault_is_closed_with_1011(
    clients: list[Client], caplog: pytest.LogCaptureFixture
) -> None:
    """When reading breaks in a way nobody foresaw, the client is told so by the code, and the log why."""
    client = Client()
    clients.append(client)
    await client.until("connection-ready")
    client.socket.incoming.put_nowait(ValueError("broken"))
    await asyncio.wait_for(client.running, 5)
    assert client.socket.closed == [1011]
    assert "broken" in caplog.text


async def test_a_connection_cancelled_from_outside_cleans_up(clients: list[Client]) -> None:
    """When the server cancels the handler, its tasks end with it and the run goes on."""
    gate = asyncio.Event()
    client = Client([*WHOLE[:5], gate, *WHOLE[5:]])
    clients.append(client)
    client.ask()
    await client.until("content-delta")
    client.running.cancel()
    await asyncio.wait([client.running])
    assert client.connection._following == {}
    gate.set()
    await eventually(lambda: len(client.history.endings) == 1)
    client.running = asyncio.ensure_future(asyncio.sleep(0))


def test_the_bounds_are_sane() -> None:
    """Closing takes less than a stall."""
    assert module._CLOSE_S < 20
