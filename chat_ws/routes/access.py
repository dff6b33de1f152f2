"""What routes share: the service, who asks, and where a page begins."""

from typing import Annotated

from fastapi import Depends, Query
from starlette.requests import HTTPConnection

from chat_ws.service import Service
from shared.auth import Principal, Role
from shared.errors import DrainingError, ForbiddenError, OverloadedError
from shared.http import principal

Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str, Query(max_length=40, pattern=r"^[0-9]{0,18}$")]


def service(connection: HTTPConnection) -> Service:
    """Return the running service."""
    found: Service = connection.app.state.service
    return found


def visitor(who: Annotated[Principal, Depends(principal)]) -> str:
    """Return the id of the visitor (or the owner) who asks."""
    if who.role not in (Role.VISITOR, Role.OWNER) or not who.id:
        raise ForbiddenError("This takes a visitor token")
    return who.id


Here = Annotated[Service, Depends(service)]
Visitor = Annotated[str, Depends(visitor)]


def check_ready(here: Service) -> None:
    """Raise ``draining`` or ``overloaded`` while no question is taken."""
    if here.health.draining:
        raise DrainingError(retry_after_ms=2000)
    if not here.health.prepared:
        raise OverloadedError("The chat service is starting", retry_after_ms=1000)


def position(cursor: str) -> int | None:
    """Return the position that ``cursor`` names; None for the beginning."""
    return int(cursor) if cursor else None


def cursor(position: int | None) -> str | None:
    """Return the ``next_cursor`` that names ``position``; None on the last page."""
    return None if position is None else str(position)
