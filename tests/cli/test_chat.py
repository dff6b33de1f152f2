import io
import os
import signal
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from cli.chat import Chat, Interrupts, UnreachableError, chat, talk
from cli.settings import CliSettings
from shared.clients.chat import ChatSocket
from shared.errors import NotFoundError
from tests.cli.test_dialogue import ACK, run
from tests.support.chat_script import Script, ScriptedChat, Talk
from tests.support.cli_server import RUN, fake_client, refused
from tests.support.ports import free_ports

ANSWER = "Ownership is a set of rules. [1] It is checked."
STORED = {
    "id": "a1",
    "conversation_id": "conv",
    "role": "assistant",
    "content": "Ownership is all.",
    "created_at": "2026-01-01T00:00:00Z",
}


def renamed(frame: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
    return frame | {"client_message_id": asked["client_message_id"]}


def answering(frames: list[dict[str, Any]]) -> Script:
    """Take one question and answer it."""

    def script(talk: Talk) -> None:
        talk.say(renamed(ACK, talk.hear()), *frames)
        talk.hear()

    return script


def client_of(server: ScriptedChat, *, grow: bool = True, **options: Any) -> Chat:
    socket = ChatSocket(server.address, bearer="t", through_proxy=False)
    reader = fake_client(lambda _: httpx.Response(200, json=STORED))
    return Chat(socket, reader, grow=grow, pause=lambda _: None, **options)


@pytest.mark.parametrize("grow", [True, False])
def test_an_answer_and_its_sources(capsys: pytest.CaptureFixture[str], grow: bool) -> None:
    """Growing or at once, the answer is shown with its marks, then the numbered sources."""
    with ScriptedChat(answering(run())).running() as server:
        talking = client_of(server, grow=grow)
        assert talking.ask("Why?")
        talking._socket.close()
    out = capsys.readouterr().out
    assert out.startswith(f"{ANSWER}\n\n[1] What Is Ownership? › Rules — https://book.test/ch04.html#rules\n")


def test_a_connection_that_is_cut_is_taken_up_again(capsys: pytest.CaptureFixture[str]) -> None:
    """Cut before the acknowledgement, in the middle, then refused for a while: nothing is lost or double."""
    seen: list[dict[str, Any]] = []

    def deaf(talk: Talk) -> None:
        seen.append(talk.hear())
        talk.cut()

    def half(talk: Talk) -> None:
        seen.append(talk.hear())
        talk.say(renamed(ACK, seen[-1]) | {"duplicate": True})
        seen.append(talk.hear())
        talk.say(*run()[:5])
        talk.cut()

    def rest(talk: Talk) -> None:
        seen.append(talk.hear())
        talk.say(*run()[5:])
        talk.hear()

    with ScriptedChat(deaf, half, 503, rest).running() as server:
        talking = client_of(server)
        assert talking.ask("Why?")
        talking._socket.close()
    assert seen[0] == seen[1]
    assert [frame.get("starting_after") for frame in seen[2:]] == [0, 5]
    told = capsys.readouterr()
    assert told.out.startswith(ANSWER)
    assert told.err.count("the connection is lost") == 1


def test_a_gap_is_filled_from_the_store(capsys: pytest.CaptureFixture[str]) -> None:
    """What is no longer kept is read as it is stored, and the run's end still comes."""
    gap = {"type": "resume-gap", "run_id": "r1", "conversation_id": "conv", "message_id": "a1"}
    end = run()[-1]

    with ScriptedChat(answering([*run()[:5], gap, end])).running() as server:
        talking = client_of(server)
        assert talking.ask("Why?")
        talking._socket.close()
    assert capsys.readouterr().out.startswith("Ownership is all.\n")


def test_a_store_that_refuses_ends_the_question(capsys: pytest.CaptureFixture[str]) -> None:
    """A conversation that was deleted meanwhile is told, not waited for."""
    gap = {"type": "resume-gap", "run_id": "r1", "conversation_id": "conv", "message_id": "a1"}
    with ScriptedChat(answering([gap])).running() as server:
        talking = client_of(server)
        talking._client = fake_client(lambda _: refused(NotFoundError("There is no such message")))
        assert not talking.ask("Why?")
        talking._socket.close()
    assert "no such message" in capsys.readouterr().err


def test_a_silent_server_is_left(capsys: pytest.CaptureFixture[str]) -> None:
    """A connection on which nothing comes is given up for another one."""

    def silent(talk: Talk) -> None:
        talk.hear()
        talk.hear()

    with ScriptedChat(silent, answering(run())).running() as server:
        talking = client_of(server, silence_s=0.0)
        assert talking.ask("Why?")
        talking._socket.close()
    assert ANSWER in capsys.readouterr().out


def interrupting(times: int, then: Callable[[Talk], None]) -> Script:
    def script(talk: Talk) -> None:
        talk.say(renamed(ACK, talk.hear()), *run()[:5])
        for _ in range(times):
            os.kill(os.getpid(), signal.SIGINT)
        then(talk)

    return script


def test_ctrl_c_stops_the_answer(capsys: pytest.CaptureFixture[str]) -> None:
    """Once asks the server to stop; what was said so far stays, and it is no failure."""
    cancelled: list[dict[str, Any]] = []

    def stop(talk: Talk) -> None:
        cancelled.append(talk.hear())
        talk.say(run([*RUN[:5], {"type": "run-end", "status": "cancelled"}])[-1])
        talk.hear()

    with ScriptedChat(interrupting(1, stop)).running() as server:
        talking = client_of(server)
        assert talking.ask("Why?")
        talking._socket.close()
    assert cancelled == [{"type": "run-cancel", "run_id": "r1"}]
    assert capsys.readouterr().out == "Ownership is \n"


def test_ctrl_c_twice_leaves_the_answer(capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody is held by a server that does not stop."""

    def go_on(talk: Talk) -> None:
        while True:
            talk.hear()

    interrupts = Interrupts()
    with interrupts.noticed():
        interrupts._note()
        assert interrupts.count == 1
    with ScriptedChat(interrupting(1, go_on)).running() as server:
        talking = client_of(server)
        before = talking._stopped

        def twice() -> bool:
            os.kill(os.getpid(), signal.SIGINT)
            return before()

        talking._stopped = twice  # type: ignore[method-assign]  # the moment cannot be met otherwise
        assert not talking.ask("Why?")
        talking._socket.close()
    assert "not waited for" in capsys.readouterr().err


def test_lines_are_questions_and_commands(capsys: pytest.CaptureFixture[str]) -> None:
    """/new forgets the conversation, what is unknown is explained, /quit ends; failures are the exit code."""
    asked: list[dict[str, Any]] = []

    def script(talk: Talk) -> None:
        for frames in (run(), run([{"type": "run-end", "status": "failed"}]), run()):
            asked.append(talk.hear())
            talk.say(renamed(ACK, asked[-1]), *frames)
        talk.hear()

    with ScriptedChat(script).running() as server:
        talking = client_of(server, grow=False)
        lines = iter(["one", "/help", "two", "/new", "three", "/quit", "four"])
        assert talk(talking, lines) == 1
        talking._socket.close()
    assert [(frame["content"], frame.get("conversation_id")) for frame in asked] == [
        ("one", None),
        ("two", "conv"),
        ("three", None),
    ]
    told = capsys.readouterr().err
    assert "/new begins a new conversation" in told
    assert "the answer is failed" in told


def test_a_server_that_does_not_let_us_in(capsys: pytest.CaptureFixture[str]) -> None:
    """A refused key is told at once; a server that stays away when patience is at its end."""
    with ScriptedChat(401).running() as server:
        assert talk(client_of(server), iter(["Why?"])) == 2
    [port] = free_ports(1)
    away = ScriptedChat()
    away.address = f"http://127.0.0.1:{port}"
    with pytest.raises(UnreachableError, match="cannot be reached"):
        client_of(away, patience_s=0).ask("Why?")
    assert "HTTP 401" in capsys.readouterr().err


def test_nobody_there_is_said_before_the_first_question(
    capsys: pytest.CaptureFixture[str], tmp_path: Any
) -> None:
    """Without a key a visitor's session is opened; where that fails, nothing else is tried."""
    [port] = free_ports(1)
    settings = CliSettings(carrel_url=f"http://127.0.0.1:{port}", data_dir=tmp_path)
    assert chat(settings=settings, lines=io.StringIO("Why?\n"), patience_s=0) == 2
    assert "start it with `carrel up`" in capsys.readouterr().err
