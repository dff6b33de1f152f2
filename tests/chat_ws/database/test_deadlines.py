import socket
import time

import pytest

from chat_ws.database.deadlines import Deadlines


def hear(deadlines: Deadlines, sock: socket.socket) -> None:
    """Wait for a byte, as the driver does: that the other side has gone is an error."""
    with deadlines.within(sock, 0.01):
        if not sock.recv(1):
            raise ConnectionError


def test_a_silent_peer_is_given_up() -> None:
    """The wait on a peer that says nothing ends at its deadline, told as such; the others go on."""
    deadlines = Deadlines()
    ours, silent = socket.socketpair()
    other, talking = socket.socketpair()
    with deadlines.within(other, None), deadlines.within(other, 60):
        with pytest.raises(TimeoutError, match=r"it said nothing for 0\.01 s"):
            hear(deadlines, ours)
        talking.send(b"x")
        assert other.recv(1) == b"x"
    assert deadlines.passed == 1
    deadlines.close()
    for sock in (ours, silent, other, talking):
        sock.close()


def test_an_error_in_time_stays_what_it_is() -> None:
    """Only what a deadline caused is told as one; a socket that was shut down is not shut down twice."""
    deadlines = Deadlines()
    ours, theirs = socket.socketpair()
    with pytest.raises(ValueError, match="no"), deadlines.within(ours, 60):
        raise ValueError("no")
    with deadlines.within(ours, 0.0):
        assert ours.recv(1) == b""
        before = deadlines.passed
        time.sleep(0)
    assert (before, deadlines.passed) == (1, 1)
    deadlines.close()
    ours.close()
    theirs.close()


def test_a_closed_connection_is_no_error() -> None:
    """The deadline of what was closed in the meantime changes nothing."""
    deadlines = Deadlines()
    ours, theirs = socket.socketpair()
    with deadlines.within(ours, 0.0):
        ours.close()
        while not deadlines.passed:
            time.sleep(0.001)
    deadlines.close()
    deadlines.close()
    theirs.close()
    Deadlines().close()
