"""What the gateway answers itself, one handler a route. Who may call was decided in front of these."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Path, Request, Response
from pydantic import BaseModel
from starlette.responses import JSONResponse, PlainTextResponse

from gateway.headers import bearer, find
from gateway.own.catalogue import Catalogue
from gateway.own.health import HealthProbe
from gateway.own.scrape import Scrape
from gateway.own.sessions import Sessions
from gateway.own.static import StaticFile
from gateway.routing import Target
from shared import PROTOCOL_VERSION, __version__
from shared.contracts.gateway import OverallHealth, ServiceHealth, Session, Version
from shared.contracts.wire import Health
from shared.errors import ForbiddenError, NotFoundError
from shared.http import operation_id
from shared.metrics import expose
from shared.openapi import problem_answer


@dataclass(frozen=True)
class Own:
    """What the gateway's own routes need."""

    files: Mapping[str, StaticFile]
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
router = APIRouter(generate_unique_id_function=operation_id)
_DOWN_WHOLE: dict[int | str, dict[str, Any]] = {503: {"description": "Down", "model": OverallHealth}}
_DOWN: dict[int | str, dict[str, Any]] = {503: {"description": "Down", "model": ServiceHealth}}


async def file(request: Request, own: Ours) -> Response:
    """Read a file of the pages."""
    found = own.files.get(request.url.path)
    if found is None:
        raise NotFoundError(
            "There is no such file: the page that names it is of another version, or not built"
        )
    return found.response(request)


async def asset(name: Annotated[str, Path()], request: Request, own: Ours) -> Response:
    """Read a file by the name that a page knows."""
    return await file(request, own)


def _is_file(path: str, *media_types: str, name: str, words: str, read: Callable[..., Any] = file) -> None:
    content = {media_type: {"schema": {"type": "string"}} for media_type in media_types}
    router.add_api_route(
        path,
        read,
        tags=["page"],
        description=words,
        operation_id=name,
        response_class=Response,
        responses={
            200: {"description": "The file", "content": content},
            304: {"description": "Unchanged since the answer with the ETag of If-None-Match"},
            404: problem_answer("It is not there"),
        },
    )


_is_file("/", "text/html", name="read_page", words="Read the chat page.")
_is_file("/admin", "text/html", name="read_desk", words="Read the owner's desk.")
_is_file("/widget.js", "text/javascript", name="read_widget", words="Read the chat for other sites' pages.")
_is_file("/client.js", "text/javascript", name="read_client", words="Read the client of the chat protocol.")
_is_file(
    "/assets/{name}",
    "text/javascript",
    "text/css",
    name="read_asset",
    words="Read what a page loads.",
    read=asset,
)


@router.post("/v1/sessions", tags=["sessions"], openapi_extra={"security": [{}, {"visitorToken": []}]})
async def open_session(request: Request, response: Response, own: Ours) -> Session:
    """Mint a visitor token, or renew the one in ``Authorization``."""
    response.headers["cache-control"] = "no-store"
    headers = request.scope["headers"]
    origin = find(headers, b"origin").decode("latin-1").lower()
    token = bearer(find(headers, b"authorization"))
    return own.sessions.open(token=token, origin=origin, now=int(time.time()))


@router.get("/health", tags=["health"], response_model=OverallHealth, responses=_DOWN_WHOLE)
async def get_health(own: Ours) -> Response:
    """Tell how the whole is: 503 only when it is down."""
    overall = await own.health.overall()
    return _state(overall, ok=overall.status != "down")


@router.get("/health/live", tags=["health"])
async def get_live(own: Ours) -> Health:
    """Tell that the gateway answers."""
    return own.health.own()


@router.get("/health/ready", tags=["health"], response_model=OverallHealth, responses=_DOWN_WHOLE)
async def get_ready(own: Ours) -> Response:
    """Tell whether every service can do its job."""
    overall = await own.health.overall()
    return _state(overall, ok=all(service.status != "down" for service in overall.services.values()))


@router.get("/health/gateway", tags=["health"])
async def get_health_of_gateway(own: Ours) -> Health:
    """Tell how the gateway is."""
    return own.health.own()


@router.get("/health/retriever", tags=["health"], response_model=ServiceHealth, responses=_DOWN)
async def get_health_of_retriever(own: Ours) -> Response:
    """Tell how the retriever is."""
    return await _service(own, Target.RETRIEVER)


@router.get("/health/chat_ws", tags=["health"], response_model=ServiceHealth, responses=_DOWN)
async def get_health_of_chat(own: Ours) -> Response:
    """Tell how the chat service is."""
    return await _service(own, Target.CHAT)


@router.get("/version", tags=["about"])
async def get_version(own: Ours) -> Version:
    """Tell what is running."""
    return Version(version=__version__, commit=own.commit, protocol=PROTOCOL_VERSION)


@router.get("/openapi.json", tags=["about"])
async def get_openapi(request: Request, own: Ours) -> dict[str, Any]:
    """Read this document, as far as the services are up."""
    app: FastAPI = request.app
    return await own.catalogue.document(app.openapi())


@router.get(
    "/metrics",
    tags=["usage"],
    response_class=PlainTextResponse,
    dependencies=[Depends(_owner)],
    responses={
        200: {
            "description": "Prometheus text, or OpenMetrics where Accept names it",
            "content": {"application/openmetrics-text": {"schema": {"type": "string"}}},
        }
    },
)
async def get_metrics(request: Request, own: Ours) -> Response:
    """Read what all three services tell Prometheus."""
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
