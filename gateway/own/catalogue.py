"""The services' own OpenAPI documents, asked for when somebody wants the whole."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from gateway.own.asking import ask
from gateway.own.openapi import Document, merge
from gateway.routing import Target
from gateway.upstream.pool import Service


class Catalogue:
    """Merges the documents of the services of ``services``; one that does not answer is left out."""

    def __init__(self, services: Mapping[Target, Service], *, internal_token: str, timeout_s: float) -> None:
        self._services, self._token, self._timeout_s = services, internal_token, timeout_s

    async def document(self, own: Document) -> dict[str, Any]:
        """Return the document of the whole public API, as far as the services are up."""
        found = await asyncio.gather(*(self._ask(service) for service in self._services.values()))
        return merge(own, {target: doc for target, doc in zip(self._services, found, strict=True) if doc})

    async def _ask(self, service: Service) -> Document:
        told = await ask(
            service.pick(), "/openapi.json", internal_token=self._token, timeout_s=self._timeout_s
        )
        if told is None or told[0] != 200:
            return {}
        try:
            document = json.loads(told[1])
        except ValueError:
            return {}
        return document if isinstance(document, dict) else {}
