"""cli.verify.address: before real gateways, which believe nobody, or a proxy that is not there."""

import asyncio
from typing import Any

import pytest

from cli.verify.address import check
from cli.verify.outside import Outside
from tests.support.gateway_server import gateway


@pytest.mark.parametrize(
    ("settings", "colour"),
    [
        ({}, "green"),
        ({"trusted_proxy_hops": 1, "rate_session_address": "300/h"}, "red"),
        ({"limits": "off"}, "yellow"),
        ({"rate_session_address": "3/min"}, "green"),
        ({"rate_session_address": "10000/s"}, "yellow"),
    ],
)
async def test_a_gateway(settings: dict[str, Any], colour: str) -> None:
    """Trusting more proxies than there are lets callers choose their address."""
    async with gateway(**settings) as running:
        outside = Outside(f"http://127.0.0.1:{running.port}")
        found = await asyncio.to_thread(check, outside)
        outside.close()

    assert found.colour == colour
    assert len(outside.tokens) in (3, 24)
