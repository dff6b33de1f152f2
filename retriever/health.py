"""The retriever's own health.

Owns what is told of each thing the retriever needs; asks nothing over the network while it is asked.
"""

import time
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from retriever.guard.guarded import GuardedEmbedder, GuardedModel
from retriever.opening import OpeningStore
from shared import __version__
from shared.contracts.wire import Check, Health

router = APIRouter(tags=["health"])


class Vitals:
    """Tells how the service is."""

    def __init__(
        self,
        store: OpeningStore,
        model: GuardedModel | None = None,
        embedder: GuardedEmbedder | None = None,
    ) -> None:
        self._cohere = [guarded for guarded in (model, embedder) if guarded is not None]
        self._store = store
        self._started = time.monotonic()

    @property
    def ready(self) -> bool:
        """Whether documents can be searched."""
        return self._store.state.open

    def health(self) -> Health:
        """Return the state of the service and of what it needs."""
        state = self._store.state
        qdrant = Check(status="ok" if state.open else "down", detail=state.detail)
        cohere = self._model()
        return Health(
            status=cohere.status if state.open else "down",
            version=__version__,
            uptime_s=round(time.monotonic() - self._started, 3),
            checks={"qdrant": qdrant, "cohere": cohere},
        )

    def _model(self) -> Check:
        checks = [guarded.check() for guarded in self._cohere]
        ill = [check for check in checks if check.status != "ok"]
        return next(iter([*ill, *checks]), Check(status="ok", detail="not configured: extractive answers"))


def vitals(request: Request) -> Vitals:
    """Return the application's vitals. A FastAPI dependency."""
    found: Vitals = request.app.state.vitals
    return found


@router.get("/health")
async def health(found: Annotated[Vitals, Depends(vitals)], response: Response) -> Health:
    """Tell the state of the service; 503 when it cannot do its main job."""
    answer = found.health()
    response.status_code = 503 if answer.status == "down" else 200
    return answer


@router.get("/health/live")
async def live() -> dict[str, str]:
    """Answer whenever the process can."""
    return {"status": "ok"}


@router.get("/health/ready")
async def ready(found: Annotated[Vitals, Depends(vitals)], response: Response) -> dict[str, str]:
    """Answer 200 only when documents can be searched."""
    response.status_code = 200 if found.ready else 503
    return {"status": "ok" if found.ready else "down"}
