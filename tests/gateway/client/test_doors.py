"""The open connections, all together."""

import asyncio
import socket
from typing import Any, cast

import pytest

from gateway.app import create_app
from gateway.client import doors
from gateway.client.doors import Doors, unsent
from gateway.client.patience import Patience
from tests.support.gateway_server import settings
from tests.support.waiting import eventually

PATIENCE = Patience(head=1, idle=1, body=1, send=1, total=1, first_byte=1, silence=1)


def made(most: int | None = None) -> Doors:
    """Doors that are all closed."""
    return Doors(create_app(settings()).doors.desk, patience=PATIENCE, most=most)


class Looked:
    """A door that notes when it was looked at, and may go while it is."""

    def __init__(self, all_: Doors) -> None:
        self.at: list[float] = []
        self._all = all_
        all_.open.add(self)

    def looked(self) -> bool:
        return bool(self.at)

    def check(self, now: float) -> None:
        self.at.append(now)
        self._all.open.discard(self)


def test_there_are_only_so_many() -> None:
    """The last one that is allowed is; without a limit all are."""
    assert [made(2).full(count) for count in (1, 2, 3)] == [False, False, True]
    assert not made().full(10**9)


def test_the_servers_own_lines_are_made_once() -> None:
    """They are the same until the server has others, which it has every second."""
    all_, first, second = made(), [(b"date", b"now")], [(b"date", b"later")]
    assert all_.date(first) is all_.date(first)
    assert (all_.date(first), all_.date(second)) == (b"date: now\r\n", b"date: later\r\n")


def test_each_is_looked_at_once() -> None:
    """Also when some go while others are looked at."""
    all_ = made()
    looked = [Looked(all_) for _ in range(3)]
    all_.check(now=7)
    assert [one.at for one in looked] == [[7]] * 3
    assert not all_.open


async def test_they_are_looked_at_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as the gateway runs; one that fails to be looked at would be seen in the log."""
    monkeypatch.setattr(doors, "EVERY_S", 0.001)
    all_ = made()
    watch = asyncio.get_running_loop().create_task(all_.watch())
    for _ in range(2):
        one = Looked(all_)
        await eventually(one.looked)
    watch.cancel()


def test_what_was_not_taken_is_counted_in_the_kernel_too() -> None:
    """Bytes that wait here and bytes that wait on the way, until the other end takes them."""
    one, other = socket.socketpair()

    class Transport:
        def get_write_buffer_size(self) -> int:
            return 5

        def get_extra_info(self, _name: str) -> socket.socket:
            return one

    with one, other:
        one.send(b"x" * 100)
        assert unsent(cast(Any, Transport())) > 5
        other.recv(100)
        assert unsent(cast(Any, Transport())) == 5
