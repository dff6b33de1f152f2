import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, cast
from uuid import uuid4

import pytest
import websockets
from starlette.websockets import WebSocket
from websockets.asyncio.client import ClientConnection

from chat_ws.run_logs.memory import MemoryRunLogs
from chat_ws.runs.live import Runs
from chat_ws.service import Service, first_beat, limits_of
from tests.support.chat_client import receive
from tests.support.chat_fakes import (
    BEGIN,
    DONE,
    END,
    RUN,
    START,
    WHOLE,
    Answerer,
    Clock,
    MemoryHistory,
    Step,
    delta,
)
from tests.support.chat_service import ask, chatting, identity, rest, send, settings
from tests.support.chat_socket import Socket
from tests.support.waiting import eventually

pytestmark = pytest.mark.integration
TYPES = [event.type for event in WHOLE]


def held(gate: asyncio.Event) -> Sequence[Step]:
    """An answer whose second half waits for ``gate``."""
    return [*RUN[:5], gate, *WHOLE[5:]]


def numbers(frames: list[dict[str, Any]]) -> list[int]:
    return [frame["sequence_number"] for frame in frames]


async def to_the_close(opened: ClientConnection) -> tuple[list[dict[str, Any]], int | None]:
    """Read until the server closes; return what came and the close code."""
    frames: list[dict[str, Any]] = []
    with contextlib.suppress(websockets.ConnectionClosed):
        while True:
            frames.append(await receive(opened))
    return frames, opened.close_code


async def closed(opened: ClientConnection) -> int | None:
    """Read until the server closes; return its code."""
    return (await to_the_close(opened))[1]


async def test_a_question_and_its_answer(database_url: str) -> None:
    """From the opening frame to run-end everything comes in order, and then stands in the store."""
    async with (
        chatting(database_url, Answerer()) as chat,
        chat.handshake(headers=identity()) as opened,
    ):
        ready = await receive(opened)
        assert opened.subprotocol == "carrel.v1"
        assert (ready["type"], ready["protocol"], ready["visitor_id"]) == ("connection-ready", 1, "visitor_1")
        assert ready["limits"] == {
            "max_message_chars": 8000,
            "max_frame_bytes": 131072,
            "messages_per_minute": 30,
        }
        client_message_id = str(uuid4())
        ack = await ask(opened, "What is ownership?", client_message_id=client_message_id)
        assert (ack["type"], ack["client_message_id"], ack["duplicate"]) == (
            "message-ack",
            client_message_id,
            False,
        )
        frames = await rest(opened)
        assert [frame["type"] for frame in frames] == TYPES
        assert numbers(frames) == list(range(1, len(TYPES) + 1))
        assert {frame["run_id"] for frame in frames} == {ack["run_id"]}
        assert {frame["conversation_id"] for frame in frames} == {ack["conversation_id"]}
        async with chat.http() as http:
            page = (await http.get(f"/v1/conversations/{ack['conversation_id']}/messages")).json()
        question, answer = page["items"]
        assert (question["id"], question["content"]) == (ack["message_id"], "What is ownership?")
        assert (answer["id"], answer["content"]) == (frames[0]["message_id"], "Ownership is a set.")
        assert (answer["status"], answer["degraded"]) == ("completed", ["rerank"])
        assert answer["citations"] == [frames[-3]["citation"]]


async def test_the_conversation_goes_on(database_url: str) -> None:
    """The second question of a conversation carries the first with it; both are acknowledged as one."""
    answerer = Answerer()
    async with chatting(database_url, answerer) as chat, chat.socket() as opened:
        first = await ask(opened, "One")
        await rest(opened)
        second = await ask(opened, "Two", conversation_id=first["conversation_id"])
        assert second["conversation_id"] == first["conversation_id"]
        await rest(opened)
    assert [turn.content for turn in answerer.requests[1].messages] == ["One", "Ownership is a set.", "Two"]


async def test_a_question_sent_again(database_url: str) -> None:
    """A resent frame is acknowledged as a duplicate, answered once, and can be resumed from the start."""
    answerer = Answerer()
    again = {"client_message_id": str(uuid4())}
    async with chatting(database_url, answerer) as chat:
        async with chat.socket() as opened:
            first = await ask(opened, **again)
            whole = await rest(opened)
        async with chat.socket() as opened:
            second = await ask(opened, **again)
            assert second == first | {"duplicate": True, "created_at": second["created_at"]}
            await send(opened, "run-resume", run_id=first["run_id"], starting_after=0)
            assert await rest(opened) == whole
            conflict = await ask(opened, "Another", **again)
            assert (conflict["code"], conflict["retryable"]) == ("idempotency_conflict", False)
            assert conflict["client_message_id"] == again["client_message_id"]
    assert len(answerer.requests) == 1


async def test_a_question_is_answered_again(database_url: str) -> None:
    """run-regenerate is acknowledged with the question's id and told as a run of its own, once."""
    answerer = Answerer()
    async with chatting(database_url, answerer) as chat, chat.socket() as opened:
        first = await ask(opened, "Why?", filters={"lang": "en"})
        await rest(opened)
        frame = {"message_id": first["message_id"], "client_message_id": str(uuid4())}
        await send(opened, "run-regenerate", **frame)
        ack = await receive(opened)
        assert (ack["type"], ack["duplicate"]) == ("message-ack", False)
        assert ack["message_id"] == first["message_id"]
        assert ack["client_message_id"] == frame["client_message_id"]
        assert ack["run_id"] != first["run_id"]
        frames = await rest(opened)
        assert {told["run_id"] for told in frames} == {ack["run_id"]}
        assert frames[-1]["status"] == "completed"
        await send(opened, "run-regenerate", **frame)
        same = await receive(opened)
        assert (same["duplicate"], same["run_id"]) == (True, ack["run_id"])
        await send(opened, "run-regenerate", message_id="msg_x", client_message_id=str(uuid4()))
        refused = await receive(opened)
        assert (refused["code"], refused["param"]) == ("not_found", "message_id")
    assert [request.filters for request in answerer.requests] == [{"lang": "en"}] * 2
    # Another answer was asked for: not the one that is kept.
    assert [request.fresh for request in answerer.requests] == [False, True]


async def test_a_second_question_while_one_is_answered(database_url: str) -> None:
    """One conversation gives one answer at a time, and says so."""
    gate = asyncio.Event()
    async with chatting(database_url, Answerer(held(gate))) as chat, chat.socket() as opened:
        first = await ask(opened)
        async with chat.socket() as other:
            refused = await ask(other, conversation_id=first["conversation_id"])
            assert (refused["code"], refused["retryable"]) == ("run_active", True)
        gate.set()
        await rest(opened)


async def test_cancelling_from_another_tab(database_url: str) -> None:
    """Any connection of the visitor stops a run; every follower is told, and the part is stored."""
    async with (
        chatting(database_url, Answerer([*RUN[:5], asyncio.Event()])) as chat,
        chat.socket() as one,
        chat.socket() as two,
    ):
        ack = await ask(one)
        await eventually(lambda: len(chat.service.conversations._runs._runs) == 1)
        await send(two, "run-cancel", run_id=ack["run_id"])
        end = (await rest(one))[-1]
        assert (end["status"], end["sequence_number"] > 1) == ("cancelled", True)
        async with chat.http() as http:
            path = f"/v1/conversations/{ack['conversation_id']}/messages/{end['message_id']}"
            assert (await http.get(path)).json()["status"] == "cancelled"


async def test_two_tabs_follow_one_run(database_url: str) -> None:
    """A second connection gets the whole of a run that is under way, the same as the first."""
    gate = asyncio.Event()
    async with (
        chatting(database_url, Answerer(held(gate))) as chat,
        chat.socket() as one,
        chat.socket() as two,
    ):
        ack = await ask(one)
        await send(two, "run-resume", run_id=ack["run_id"], starting_after=0)
        begun = [await receive(two) for _ in range(5)]
        gate.set()
        assert begun + await rest(two) == await rest(one)


async def test_resuming_on_another_connection(database_url: str) -> None:
    """After the socket is lost in the middle the rest comes on the next one, without a gap and a double."""
    gate = asyncio.Event()
    async with chatting(database_url, Answerer(held(gate))) as chat:
        async with chat.socket() as opened:
            ack = await ask(opened)
            seen = [await receive(opened) for _ in range(5)]
            opened.transport.abort()
        async with chat.socket() as opened:
            await send(opened, "run-resume", run_id=ack["run_id"], starting_after=seen[-1]["sequence_number"])
            gate.set()
            assert numbers(seen + await rest(opened)) == list(range(1, len(TYPES) + 1))


async def test_a_client_that_vanishes(database_url: str) -> None:
    """A run whose only follower is gone completes and is stored."""
    gate = asyncio.Event()
    async with chatting(database_url, Answerer(held(gate))) as chat:
        async with chat.socket() as opened:
            ack = await ask(opened)
            opened.transport.abort()
        await eventually(lambda: not chat.service._connections)
        gate.set()
        async with chat.socket() as opened:
            await send(opened, "run-resume", run_id=ack["run_id"], starting_after=0)
            end = (await rest(opened))[-1]
            async with chat.http() as http:
                path = f"/v1/conversations/{ack['conversation_id']}/messages/{end['message_id']}"
                assert (await http.get(path)).json()["content"] == "Ownership is a set."


async def test_what_is_another_visitors(database_url: str) -> None:
    """Runs and conversations of somebody else do not exist."""
    async with (
        chatting(database_url, Answerer([*RUN[:5], asyncio.Event()])) as chat,
        chat.socket() as mine,
        chat.socket("visitor_2") as other,
    ):
        ack = await ask(mine)
        await send(other, "run-resume", run_id=ack["run_id"], starting_after=0)
        assert (await receive(other))["code"] == "run_not_found"
        await send(other, "run-cancel", run_id=ack["run_id"])
        assert (await receive(other))["code"] == "run_not_found"
        assert (await ask(other, conversation_id=ack["conversation_id"]))["code"] == "not_found"


async def test_frames_that_end_a_connection(database_url: str) -> None:
    """Binary, too large, not UTF-8, too many bad ones: each has its code, and others are not disturbed."""
    async with chatting(database_url, Answerer(), max_frame_bytes=2048) as chat, chat.socket() as bystander:
        async with chat.socket() as opened:
            await opened.send(b"binary")
            assert await closed(opened) == 1003
        async with chat.socket() as opened:
            await opened.send("x" * 2049)
            assert await closed(opened) == 1009
        async with chat.socket() as opened:
            await opened.send(["x" * 1500, "x" * 1500])
            assert await closed(opened) == 1009
        async with chat.socket() as opened:
            await opened.send(b'{"type": "ping", "nonce": "\xff"}', text=True)
            assert await closed(opened) == 1007
        async with chat.socket() as opened:
            for _ in range(21):
                await opened.send("{")
            assert await closed(opened) == 1008
        await send(bystander, "ping", nonce="still here")
        assert await receive(bystander) == {"type": "pong", "nonce": "still here"}
        await eventually(lambda: len(chat.service._connections) == 1)


async def test_frames_in_pieces(database_url: str) -> None:
    """A frame may come in as many pieces as the client likes, also cut inside a character."""
    async with chatting(database_url, Answerer()) as chat, chat.socket() as opened:
        whole = '{"type": "ping", "nonce": "é😀"}'.encode()
        await opened.send([whole[at : at + 1] for at in range(len(whole))], text=True)
        assert (await receive(opened))["nonce"] == "é😀"


async def test_silence_is_never_long(database_url: str) -> None:
    """While nothing else is sent a heartbeat comes at its interval, also in the middle of an answer."""
    async with (
        chatting(database_url, Answerer([START, asyncio.Event()]), heartbeat_interval_s=0.1) as chat,
        chat.socket() as opened,
    ):
        await ask(opened)
        await receive(opened)
        for _ in range(2):
            beat = json.loads(await asyncio.wait_for(opened.recv(), 1))
            assert set(beat) == {"type", "created_at"}


async def test_connections_are_limited(database_url: str) -> None:
    """One visitor's and all; beyond them no upgrade but 429, and a connection that ends makes room."""
    async with chatting(database_url, Answerer(), max_sockets=3, max_sockets_per_visitor=2) as chat:

        async def refused(visitor: str) -> int:
            with pytest.raises(websockets.InvalidStatus) as caught:
                await chat.handshake(headers=identity(visitor))
            return caught.value.response.status_code

        async with chat.socket() as one, chat.socket():
            assert await refused("visitor_1") == 429
            async with chat.socket("visitor_2"):
                assert await refused("visitor_3") == 429
            await eventually(lambda: chat.service.places.taken == 2)
            async with chat.socket("visitor_3"):
                pass
            await one.close()
            await eventually(lambda: chat.service.places.taken == 1)
            async with chat.socket():
                pass
    lifted = chatting(database_url, Answerer(), max_sockets=1, limits="off")
    async with lifted as chat, chat.socket(), chat.socket():
        assert chat.service.places.taken == 2


async def test_a_slow_reader_is_closed_and_resumes(database_url: str) -> None:
    """Who takes nothing is closed with 1013, and gets exactly the rest later."""
    part = "x" * 2**19
    script: list[Step] = [START, BEGIN, *(delta(part) for _ in range(20)), DONE, END]
    async with chatting(database_url, Answerer(script), send_stall_s=0.2) as chat:
        async with chat.socket(sock=chat.slow_socket(), max_queue=1) as opened:
            ack = await ask(opened)
            seen = [await receive(opened)]
            await eventually(lambda: any(c._core.state == "closed" for c in chat.service._connections))
            frames, code = await to_the_close(opened)
            assert code == 1013
            seen += frames
        assert 0 < len(seen) < len(script)
        async with chat.socket() as opened:
            await send(opened, "run-resume", run_id=ack["run_id"], starting_after=len(seen))
            assert numbers(seen + await rest(opened)) == list(range(1, len(script) + 1))


async def test_draining(database_url: str) -> None:
    """New questions are refused, the running answer ends, then everybody is closed with 1012."""
    gate = asyncio.Event()
    async with (
        chatting(database_url, Answerer(held(gate)), drain_s=5) as chat,
        chat.socket() as busy,
        chat.socket() as idle,
    ):
        await ask(busy)
        draining = asyncio.ensure_future(chat.service.drain())
        await eventually(lambda: chat.service.health.draining)
        refused = await ask(idle)
        assert (refused["code"], refused["retryable"]) == ("draining", True)
        with pytest.raises(websockets.InvalidStatus) as caught:
            await chat.handshake(headers=identity())
        response = caught.value.response
        assert (response.status_code, response.headers["retry-after"]) == (503, "2")
        assert json.loads(response.body or b"")["code"] == "draining"
        gate.set()
        frames = await rest(busy)
        assert (frames[-1]["status"], numbers(frames)) == ("completed", list(range(1, len(TYPES) + 1)))
        assert [await closed(busy), await closed(idle)] == [1012, 1012]
        await asyncio.wait_for(draining, 5)


async def test_draining_ends_what_takes_too_long(database_url: str) -> None:
    """Past the drain time a run is told and stored as incomplete, with its part; then comes 1012."""
    async with (
        chatting(database_url, Answerer([*RUN[:5], asyncio.Event()]), drain_s=0.1) as chat,
        chat.socket() as opened,
    ):
        ack = await ask(opened)
        draining = asyncio.ensure_future(chat.service.drain())
        end = (await rest(opened))[-1]
        assert end["status"] == "incomplete"
        assert await closed(opened) == 1012
        await asyncio.wait_for(draining, 5)
        async with chat.http() as http:
            path = f"/v1/conversations/{ack['conversation_id']}/messages/{end['message_id']}"
            message = (await http.get(path)).json()
        assert (message["status"], message["content"]) == ("incomplete", "Ownership is ")


async def test_many_visitors_at_once(database_url: str) -> None:
    """More visitors than database connections ask in the same moment; each gets its own answer whole."""
    async with chatting(database_url, Answerer(), database_connections=3) as chat:

        async def visit(number: int) -> list[int]:
            async with chat.socket(f"visitor_{number}") as opened:
                assert (await ask(opened))["type"] == "message-ack"
                return numbers(await rest(opened))

        told = await asyncio.gather(*(visit(number) for number in range(30)))
    assert told == [list(range(1, len(TYPES) + 1))] * 30


async def test_a_connection_that_comes_in_while_draining_begins() -> None:
    """It is greeted, and takes no question: no run begins behind the drain's back."""
    socket, history = Socket(), MemoryHistory()
    runs = Runs(answerer=Answerer(), history=history, logs=MemoryRunLogs(), clock=Clock(), resume_window_s=1)
    service = Service(
        settings("postgresql://h/d"), history=history, runs=runs, clock=Clock(), aside=history.ping
    )
    service.health.draining = True
    serving = asyncio.ensure_future(service.serve(cast(WebSocket, socket), "v1", connection_id="conn_1"))
    frame = {"type": "message-create", "client_message_id": str(uuid4()), "content": "Why?"}
    socket.incoming.put_nowait({"type": "websocket.receive", "text": json.dumps(frame)})
    await eventually(lambda: len(socket.frames) == 2)
    assert [f.get("code", f["type"]) for f in socket.frames] == ["connection-ready", "draining"]
    socket.incoming.put_nowait({"type": "websocket.disconnect"})
    await asyncio.wait_for(serving, 5)
    assert history.runs == {}


def test_limits_are_told_as_they_are_set() -> None:
    """What a client is told is what the settings say; LIMITS=off lifts the rate."""
    chosen = settings("postgresql://h/d", messages_per_minute=7, heartbeat_interval_s=0.5, resume_window_s=2)
    limits = limits_of(chosen)
    assert (limits.messages_per_minute, limits.heartbeat_interval_ms, limits.resume_window_ms) == (
        7,
        500,
        2000,
    )
    assert limits_of(settings("postgresql://h/d", limits="off")).messages_per_minute is None


@pytest.mark.parametrize("connections", [3, 100, 2000])
def test_first_heartbeats_are_spread(connections: int) -> None:
    """However many connections come at once, no moment has many of their first heartbeats; none is late."""
    beats = sorted(first_beat(number) for number in range(connections))
    assert beats[0] >= 0.5
    assert beats[-1] <= 1.0
    assert max(after - before for before, after in pairwise(beats)) < 1.5 / connections
    tenths = Counter(int(20 * beat) for beat in beats)
    assert max(tenths.values()) <= connections / 10 + 2
