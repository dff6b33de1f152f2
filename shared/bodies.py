"""JSON bodies of requests: what says one field twice is refused, on every route of :class:`OnceRoute`."""

import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from shared.contracts.wire import said_once
from shared.errors import CarrelError


class OnceRoute(APIRoute):
    """A route whose JSON body says each field once, at any depth; else ``invalid_request`` names it."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_once(request: Request) -> Response:
            try:
                return await handle(_OnceRequest(request.scope, request.receive))
            except HTTPException as error:
                # The framework's word for whatever goes wrong while a body is read.
                if isinstance(error.__cause__, CarrelError):
                    raise error.__cause__ from None
                raise

        return handle_once


class _OnceRequest(Request):
    async def json(self) -> Any:
        return json.loads(await self.body(), object_pairs_hook=said_once)
