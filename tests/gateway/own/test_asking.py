"""The gateway's own questions."""

import time

import pytest

from gateway.own.asking import MAX_BYTES, ask
from gateway.upstream.exchange import Timeouts
from gateway.upstream.pool import Pool
from shared.auth import Role, verify
from tests.support.gateway_server import INTERNAL_TOKEN, NOWHERE
from tests.support.gateway_upstream import Script, Wire, upstream

TIMEOUTS = Timeouts(connect=1, first_byte=5, idle=5, keep_alive=5)


async def asked(url: str, **options: int) -> tuple[int, bytes] | None:
    """Ask the service at ``url``."""
    pool = Pool(url, timeouts=TIMEOUTS, max_connections=2)
    return await ask(pool, "/it", internal_token=INTERNAL_TOKEN, timeout_s=0.2, **options)


async def test_the_question_is_signed_and_the_answer_told_as_it_is() -> None:
    """Also an answer that is an error: who asked decides about it."""

    async def oops(wire: Wire) -> None:
        await wire.reply(b"oops", status=b"500 Oops")

    async with upstream(oops) as service:
        assert await asked(service.url) == (500, b"oops")
    assert service.asked[0].line == b"GET /it HTTP/1.1"
    said = {name.decode(): value.decode() for name, value in service.asked[0].headers}
    assert verify(said, token=INTERNAL_TOKEN, now=time.time()).role is Role.SERVICE


async def never(wire: Wire) -> None:
    """Answer nothing."""
    await wire.gone()


async def much(wire: Wire) -> None:
    """Answer more than is taken."""
    await wire.reply(b"#" * (MAX_BYTES + 1))


@pytest.mark.parametrize("script", [never, much], ids=["silent", "too much"])
async def test_a_service_that_does_not_answer_tells_nothing(script: Script) -> None:
    """Nobody waits for it, and nothing is raised."""
    async with upstream(script) as service:
        assert await asked(service.url) is None


async def test_a_service_that_is_not_there_tells_nothing() -> None:
    """As one that is silent."""
    assert await asked(NOWHERE) is None


async def test_an_answer_may_be_bounded() -> None:
    """To the byte."""

    async def four(wire: Wire) -> None:
        await wire.reply(b"four")

    async with upstream(four) as service:
        assert await asked(service.url, max_bytes=4) == (200, b"four")
        assert await asked(service.url, max_bytes=3) is None
