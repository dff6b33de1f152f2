"""The services' own OpenAPI documents, asked for when somebody wants the whole."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from gateway.own.asking import ask
from gateway.own.openapi import Document, merge
from gateway.routing import Target
from gateway.upstream.pool import Pool


class Catalogue:
    """Merges the documents of the services behind ``pools``; one that does not answer is left out."""

    def __init__(self, pools: Mapping[Target, Pool], *, internal_token: str, timeout_s: float) -> None:
        self._pools, self._token, self._timeout_s = pools, internal_token, timeout_s

    async def document(self, own: Document) -> dict[str, Any]:
        """Return the document of the whole public API, as far as the services are up."""
        found = await asyncio.gather(*(self._ask(pool) for pool in self._pools.values()))
        return merge(own, {target: doc for target, doc in zip(self._pools, found, strict=True) if doc})

    async def _ask(self, pool: Pool) -> Document:
        told = await ask(pool, "/openapi.json", internal_token=self._token, timeout_s=self._timeout_s)
        if told is None or told[0] != 200:
            return {}
        try:
            document = json.loads(told[1])
        except ValueError:
            return {}
        return document if isinstance(document, dict) else {}
