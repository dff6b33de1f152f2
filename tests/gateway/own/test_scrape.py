"""The services' metrics, asked for."""

import time

import pytest

from gateway.own.metrics import Traffic
from gateway.own.scrape import MAX_BYTES, Scrape
from gateway.routing import Target
from gateway.upstream.exchange import Timeouts
from gateway.upstream.pool import Pool
from shared.auth import Role, verify
from shared.metrics import Metrics
from tests.support.gateway_server import INTERNAL_TOKEN, NOWHERE
from tests.support.gateway_upstream import Script, Wire, upstream
from tests.support.prometheus import Samples, samples

TIMEOUTS = Timeouts(connect=1, first_byte=5, idle=5, keep_alive=5)
TEXT = b"# TYPE carrel_retriever_documents gauge\ncarrel_retriever_documents 7\n"


def says(body: bytes, status: bytes = b"200 OK") -> Script:
    """A service that answers ``body``."""

    async def answer(wire: Wire) -> None:
        await wire.reply(body, status=status)

    return answer


async def told(retriever: str, chat: str = NOWHERE) -> Samples:
    """What a gateway in front of two services tells."""
    urls = {Target.RETRIEVER: retriever, Target.CHAT: chat}
    pools = {target: Pool(url, timeouts=TIMEOUTS, max_connections=2) for target, url in urls.items()}
    own = Metrics("gateway", Traffic())
    own.gauge("breaker_open", "Open.", lambda: {("retriever",): True}, labels=("upstream",))
    return samples(await Scrape(own, pools, internal_token=INTERNAL_TOKEN, timeout_s=0.2).families())


async def test_what_is_up_is_told() -> None:
    """A service that answers is in it; one that is down is said to be; the question is signed."""
    async with upstream(says(TEXT)) as service:
        found = await told(service.url)
    assert found["carrel_retriever_documents",] == 7
    assert [found["carrel_up", name] for name in ("gateway", "retriever", "chat_ws")] == [1, 1, 0]
    assert found["carrel_gateway_breaker_open", "retriever"] == 1
    assert found["process_open_fds", "gateway"] > 0
    asked = service.asked[0]
    assert asked.line == b"GET /metrics HTTP/1.1"
    said = {name.decode(): value.decode() for name, value in asked.headers}
    assert verify(said, token=INTERNAL_TOKEN, now=time.time()).role is Role.SERVICE


async def never(wire: Wire) -> None:
    """Answer nothing."""
    await wire.gone()


@pytest.mark.parametrize(
    "script",
    [never, says(TEXT, b"500 Oops"), says(b"\xff"), says(b"{"), says(b"#" * (MAX_BYTES + 1))],
    ids=["silent", "error", "no text", "no metrics", "too much"],
)
async def test_what_cannot_be_read_is_left_out(script: Script) -> None:
    """Silence, an error, what is no text, no metrics, or too much: the rest is still told, in time."""
    async with upstream(script) as service, upstream(says(b"x 1\n")) as other:
        found = await told(service.url, other.url)
    assert (found["carrel_up", "retriever"], found["x", "chat_ws"]) == (0, 1)
