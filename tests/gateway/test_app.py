"""The gateway, put together."""

from typing import Any

import pytest

from gateway.access import AccessLog
from gateway.app import Adapters, create_app
from gateway.limits.memory import MemoryLimiter
from gateway.routing import Target
from gateway.server import options
from gateway.upstream.exchange import Timeouts
from gateway.upstream.pool import Pool
from gateway.websocket.ws_proxy import SocketProxy
from shared.places import Places
from tests.support.gateway_server import OWNER, Gateway, gateway, settings
from tests.support.gateway_upstream import upstream
from tests.support.server import serving


@pytest.mark.parametrize(
    "changed",
    [
        {"public_base_url": "https://docs.test/carrel/"},
        {"space_host": "docs.test"},
        {"allowed_origins": "https://docs.test"},
        {"allowed_origins": "*"},
    ],
)
async def test_the_names_we_are_known_by_are_our_pages(changed: dict[str, Any]) -> None:
    """The public base URL, the platform's host name and the allowed origins may open sessions."""
    async with gateway(**changed) as door:
        assert (await door.ask("POST", "/v1/sessions", "Origin: https://docs.test\r\n")).status == 200
    async with gateway() as door:
        assert (await door.ask("POST", "/v1/sessions", "Origin: https://docs.test\r\n")).status == 403


async def test_what_it_talks_to_can_be_given() -> None:
    """Other adapters are used instead of those the settings name."""
    timeouts = Timeouts(connect=1, first_byte=1, idle=1, keep_alive=1)
    async with upstream() as service:
        pools = {target: Pool(service.url, timeouts=timeouts, max_connections=1) for target in Target}
        places = Places(total=1, each=1)
        chat = SocketProxy(pools[Target.CHAT], places=places, connect_timeout_s=1, idle_timeout_s=1)
        written: list[str] = []
        made = create_app(
            settings(),
            adapters=Adapters(pools, pools, chat, MemoryLimiter(), AccessLog(write=written.append)),
        )
        async with serving(made.app, **options(settings(), made.doors)) as port:
            answer = await Gateway(port, made.doors, written).ask("GET", "/v1/documents", OWNER)
    assert answer.body == b"ok"
    assert "path=/v1/documents" in "".join(written)


async def test_the_proxies_in_front_are_counted() -> None:
    """With trusted proxies, the service hears the client's address and scheme from them."""
    async with upstream() as service, gateway(retriever_url=service.url, trusted_proxy_hops=1) as door:
        said = "X-Forwarded-For: 6.6.6.6, 2.2.2.2\r\nX-Forwarded-Proto: https\r\n"
        await door.ask("GET", "/v1/documents", OWNER + said)
    assert service.asked[0].get(b"x-forwarded-for") == b"2.2.2.2"
    assert service.asked[0].get(b"x-forwarded-proto") == b"https"


def test_nothing_is_opened_before_it_is_served() -> None:
    """Putting it together needs neither a loop nor a service."""
    create_app(settings(limits="off"))
