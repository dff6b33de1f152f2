"""The services' own OpenAPI documents, asked for when somebody wants the whole."""

import asyncio
import json
import time
from collections.abc import Mapping
from typing import Any

from gateway.own.openapi import Document, merge
from gateway.routing import Target
from gateway.upstream.pool import Pool, get
from shared.auth import Principal, Role, signed_headers
from shared.errors import CarrelError

_GATEWAY = Principal(id="gateway", role=Role.SERVICE)


class Catalogue:
    """Merges the documents of the services behind ``pools``; one that does not answer is left out."""

    def __init__(self, pools: Mapping[Target, Pool], *, internal_token: str, timeout_s: float) -> None:
        self._pools, self._token, self._timeout_s = pools, internal_token, timeout_s

    async def document(self, own: Document) -> dict[str, Any]:
        """Return the document of the whole public API, as far as the services are up."""
        found = await asyncio.gather(*(self._ask(pool) for pool in self._pools.values()))
        return merge(own, {target: doc for target, doc in zip(self._pools, found, strict=True) if doc})

    async def _ask(self, pool: Pool) -> Document:
        headers = signed_headers(_GATEWAY, token=self._token, now=time.time())
        try:
            async with asyncio.timeout(self._timeout_s):
                status, body = await get(pool, "/openapi.json", headers=headers.items())
            document = json.loads(body)
        except (CarrelError, TimeoutError, ValueError):
            return {}
        return document if status == 200 and isinstance(document, dict) else {}
