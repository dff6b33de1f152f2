"""Whether the chat service lives, is ready, and does its job."""

from fastapi import APIRouter, Response

from chat_ws.routes.access import Here
from shared.contracts.wire import Health

router = APIRouter(include_in_schema=False)


@router.get("/health")
async def get_health(here: Here, response: Response) -> Health:
    report = await here.health.report()
    response.status_code = 503 if report.status == "down" else 200
    return report


@router.get("/health/live")
async def get_live() -> dict[str, str]:
    return {"status": "ok"}


@router.get("/health/ready")
async def get_ready(here: Here, response: Response) -> Health:
    report = await here.health.report()
    response.status_code = 200 if report.status != "down" and not here.health.draining else 503
    return report
