"""What the gateway answers itself, one handler a route. Who may call was decided in front of these."""

import asyncio
import time
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from pydantic import BaseModel
from starlette.responses import JSONResponse, PlainTextResponse

from gateway.catalogue import Catalogue
from gateway.headers import find
from gateway.health import HealthProbe
from gateway.identity import bearer
from gateway.routing import PAGE_FILES, Target
from gateway.scrape import Scrape
from gateway.sessions import Sessions
from gateway.static import StaticFile
from shared import PROTOCOL_VERSION, __version__
from shared.contracts.gateway import OverallHealth, ServiceHealth, Session, Version
from shared.contracts.wire import Health
from shared.errors import ForbiddenError
from shared.metrics import expose


@dataclass(frozen=True)
class Own:
    """What the gateway's own routes need."""

    files: dict[str, StaticFile]
    sessions: Sessions
    health: HealthProbe
    catalogue: Catalogue
    commit: str
    scrape: Scrape


def _own(request: Request) -> Own:
    own: Own = request.app.state.own
    return own


def _owner(request: Request) -> None:
    """Let in the owner only, as the front found out; without its word, nobody."""
    who = request.scope.get("state", {}).get("principal")
    if who is None or not who.is_owner:
        raise ForbiddenError("Only the owner may read the metrics: it takes the admin key")


Ours = Annotated[Own, Depends(_own)]
router = APIRouter()


async def page(request: Request, own: Ours) -> Response:
    return own.files[request.url.path].response(request)


for _path in PAGE_FILES:
    router.add_api_route(_path, page, include_in_schema=False)


@router.post("/v1/sessions")
async def open_session(request: Request, response: Response, own: Ours) -> Session:
    """Mint a visitor token, or renew the one in ``Authorization``."""
    response.headers["cache-control"] = "no-store"
    headers = request.scope["headers"]
    origin = find(headers, b"origin").decode("latin-1").lower()
    token = bearer(find(headers, b"authorization"))
    return own.sessions.open(token=token, origin=origin, now=int(time.time()))


@router.get("/health", response_model=OverallHealth, responses={503: {"model": OverallHealth}})
async def health(own: Ours) -> Response:
    """How the whole is: 503 only when it is down."""
    overall = await own.health.overall()
    return _state(overall, ok=overall.status != "down")


@router.get("/health/live")
async def live(own: Ours) -> Health:
    """The gateway answers."""
    return own.health.own()


@router.get("/health/ready", response_model=OverallHealth, responses={503: {"model": OverallHealth}})
async def ready(own: Ours) -> Response:
    """Whether every service can do its job."""
    overall = await own.health.overall()
    return _state(overall, ok=all(service.status != "down" for service in overall.services.values()))


@router.get("/health/gateway")
async def health_of_gateway(own: Ours) -> Health:
    """The gateway's own health."""
    return own.health.own()


@router.get("/health/retriever", response_model=ServiceHealth, responses={503: {"model": ServiceHealth}})
async def health_of_retriever(own: Ours) -> Response:
    """The retriever's health."""
    return await _service(own, Target.RETRIEVER)


@router.get("/health/chat_ws", response_model=ServiceHealth, responses={503: {"model": ServiceHealth}})
async def health_of_chat(own: Ours) -> Response:
    """The chat service's health."""
    return await _service(own, Target.CHAT)


@router.get("/version")
async def version(own: Ours) -> Version:
    """What is running."""
    return Version(version=__version__, commit=own.commit, protocol=PROTOCOL_VERSION)


@router.get("/openapi.json", include_in_schema=False)
async def openapi(request: Request, own: Ours) -> dict[str, Any]:
    app: FastAPI = request.app
    return await own.catalogue.document(app.openapi())


@router.get(
    "/metrics",
    response_class=PlainTextResponse,
    dependencies=[Depends(_owner)],
    openapi_extra={"security": [{"adminKey": []}, {"adminKeyAsBearer": []}]},
)
async def metrics(request: Request, own: Ours) -> Response:
    """What all three services tell Prometheus, as text or OpenMetrics."""
    families = await own.scrape.families()
    return await asyncio.to_thread(expose, families, accept=request.headers.get("accept", ""))


async def _service(own: Own, target: Target) -> Response:
    found = await own.health.one(target)
    return _state(found, ok=found.status != "down")


def _state(body: BaseModel, *, ok: bool) -> Response:
    headers = {"cache-control": "no-store"}
    if not ok:
        headers["retry-after"] = "1"
    return JSONResponse(body.model_dump(mode="json"), status_code=200 if ok else 503, headers=headers)
