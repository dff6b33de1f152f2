"""The services' documents, asked for."""

import json
import time

from gateway.own.catalogue import Catalogue
from gateway.routing import Target
from gateway.upstream.exchange import Timeouts
from gateway.upstream.pool import Pool
from shared.auth import Role, verify
from tests.support.gateway_server import INTERNAL_TOKEN, NOWHERE
from tests.support.gateway_upstream import Script, Wire, upstream

TIMEOUTS = Timeouts(connect=1, first_byte=5, idle=5, keep_alive=5)
OWN = {"openapi": "3.1.0", "paths": {"/health": {"get": {}}}}


def says(body: bytes, status: bytes = b"200 OK") -> Script:
    """A service that answers ``body``."""

    async def answer(wire: Wire) -> None:
        await wire.reply(body, status=status)

    return answer


def catalogue(retriever: str, chat: str = NOWHERE) -> Catalogue:
    """The catalogue of two services."""
    urls = {Target.RETRIEVER: retriever, Target.CHAT: chat}
    pools = {target: Pool(url, timeouts=TIMEOUTS, max_connections=2) for target, url in urls.items()}
    return Catalogue(pools, internal_token=INTERNAL_TOKEN, timeout_s=0.2)


async def test_the_document_holds_what_is_up() -> None:
    """A service that answers is in it; one that is down is left out; the question is signed."""
    document = json.dumps({"paths": {"/v1/search": {"post": {}}}}).encode()
    async with upstream(says(document)) as service:
        found = await catalogue(service.url).document(OWN)
    assert set(found["paths"]) == {"/health", "/v1/search"}
    said = {name.decode(): value.decode() for name, value in service.asked[0].headers}
    assert verify(said, token=INTERNAL_TOKEN, now=time.time()).role is Role.SERVICE


async def test_what_is_no_document_is_left_out() -> None:
    """An error, a list, no JSON, silence: the rest is still told."""

    async def never(wire: Wire) -> None:
        await wire.gone()

    for script in (says(b"{}", b"500 Oops"), says(b"[1]"), says(b"<html>"), never):
        async with upstream(script) as service:
            assert set((await catalogue(service.url).document(OWN))["paths"]) == {"/health"}
