"""What is sent at the end of the event loop's turn."""

import asyncio
import logging
from typing import Any, cast

import pytest

from gateway.outbox import FEW, Outbox
from tests.support.transport import Transport

MANY = FEW + 1


def transport() -> Any:
    """A socket that goes nowhere."""
    return cast(asyncio.Transport, Transport())


async def test_what_is_written_goes_out_once_the_turn_is_over() -> None:
    """All of it, to each in the order it was written; what comes later goes with the next."""
    outbox, one, other = Outbox(), transport(), transport()
    outbox.write(one, b"a", under_way=MANY)
    outbox.write(other, b"b", under_way=MANY)
    outbox.write(one, b"c", under_way=MANY)
    assert one.sent == other.sent == b""
    await asyncio.sleep(0)
    assert (one.sent, other.sent) == (b"ac", b"b")
    outbox.write(one, b"d", under_way=MANY)
    await asyncio.sleep(0)
    assert one.sent == b"acd"


async def test_it_can_be_sent_at_once() -> None:
    """For who closes, or writes otherwise: nothing is left then, and nothing is sent twice."""
    outbox, one = Outbox(), transport()
    outbox.write(one, b"a", under_way=MANY)
    outbox.flush()
    one.close()
    outbox.flush()
    await asyncio.sleep(0)
    assert one.sent == b"a"


async def test_a_connection_that_is_gone_gets_nothing() -> None:
    """The others do."""
    outbox, gone, other = Outbox(), transport(), transport()
    outbox.write(gone, b"a", under_way=MANY)
    outbox.write(other, b"b", under_way=MANY)
    gone.abort()
    await asyncio.sleep(0)
    assert (gone.sent, other.sent) == (b"", b"b")


async def test_one_that_fails_costs_nobody_else(caplog: pytest.LogCaptureFixture) -> None:
    """It is closed and told of in the log; those behind it hear what is theirs."""

    class Broken(Transport):
        def write(self, data: bytes) -> None:
            raise RuntimeError("after its end")

    outbox, broken, other = Outbox(), cast(Any, Broken()), transport()
    with caplog.at_level(logging.ERROR):
        outbox.write(broken, b"a", under_way=MANY)
        outbox.write(other, b"b", under_way=MANY)
        await asyncio.sleep(0)
    assert (broken.aborted, other.sent) == (True, b"b")
    assert "could not be written to" in caplog.text


async def test_what_is_written_while_it_is_sent_is_not_lost() -> None:
    """A transport that is full may make somebody write to another."""
    outbox, last = Outbox(), transport()

    class Full(Transport):
        def write(self, data: bytes) -> None:
            outbox.write(last, data, under_way=MANY)

    outbox.write(cast(Any, Full()), b"a", under_way=MANY)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert last.sent == b"a"


async def test_with_next_to_nothing_under_way_it_is_sent_at_once() -> None:
    """Unless something waits already: then it keeps its place behind that."""
    outbox, one, gone = Outbox(), transport(), transport()
    gone.abort()
    outbox.write(gone, b"x", under_way=FEW)
    outbox.write(one, b"a", under_way=FEW)
    assert (one.sent, gone.sent) == (b"a", b"")
    outbox.write(one, b"b", under_way=MANY)
    outbox.write(one, b"c", under_way=FEW)
    assert one.sent == b"a"
    await asyncio.sleep(0)
    assert one.sent == b"abc"
