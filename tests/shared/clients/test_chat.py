import pytest

from shared.clients.chat import ChatSocket
from shared.errors import CarrelError, UpstreamUnavailableError
from tests.support.chat_script import ScriptedChat, Talk
from tests.support.ports import free_ports


def socket_to(address: str) -> ChatSocket:
    return ChatSocket(address, bearer="t", through_proxy=False)


def echo(talk: Talk) -> None:
    while True:
        talk.say(talk.hear())


def test_frames_go_and_come() -> None:
    """Over the subprotocol and with the token in its header; silence is no error."""
    with ScriptedChat(echo).running() as server:
        chat = socket_to(server.address)
        assert not chat.is_open
        chat.open()
        assert chat.is_open
        chat.send({"type": "ping"})
        assert chat.receive(timeout_s=10) == '{"type": "ping"}'
        assert chat.receive(timeout_s=0) is None
        chat.close()
        chat.close()
        assert not chat.is_open
    assert server.authorizations == ["Bearer t"]


def test_a_lost_connection_is_told_once_and_can_be_opened_again() -> None:
    """Cut in the middle: what is unavailable may be tried again."""
    with ScriptedChat(lambda talk: talk.cut(), echo).running() as server:
        chat = socket_to(server.address)
        chat.open()
        with pytest.raises(UpstreamUnavailableError) as caught:
            chat.receive(timeout_s=10)
        assert caught.value.retryable
        assert not chat.is_open
        with pytest.raises(UpstreamUnavailableError, match="not open"):
            chat.send({})
        with pytest.raises(UpstreamUnavailableError, match="not open"):
            chat.receive(timeout_s=0)
        chat.open()
        chat.send({"type": "ping"})
        assert chat.receive(timeout_s=10) == '{"type": "ping"}'
        chat.close()


def test_a_dropped_connection_can_be_opened_again() -> None:
    """Drawn like a cable, once or twice; the next one is another connection."""
    with ScriptedChat(echo, echo).running() as server:
        chat = socket_to(server.address)
        chat.drop()
        chat.open()
        chat.drop()
        assert not chat.is_open
        chat.open()
        chat.send({"type": "ping"})
        assert chat.receive(timeout_s=10) == '{"type": "ping"}'
        chat.close()
    assert len(server.authorizations) == 2


@pytest.mark.parametrize(("status", "retryable"), [(401, False), (403, False), (429, True), (503, True)])
def test_a_refused_handshake_says_why(status: int, retryable: bool) -> None:
    """Also where something in front of the server refuses, in its own words."""
    with (
        ScriptedChat(status).running() as server,
        pytest.raises(CarrelError, match=f"HTTP {status}") as caught,
    ):
        socket_to(server.address).open()
    assert caught.value.retryable is retryable


def test_nobody_there_may_be_tried_again() -> None:
    """A server that is being started is no reason to give up."""
    [port] = free_ports(1)
    with pytest.raises(UpstreamUnavailableError, match="cannot be reached"):
        socket_to(f"http://127.0.0.1:{port}").open()
