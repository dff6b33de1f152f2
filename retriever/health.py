"""The retriever's own health.

Owns what is told of each thing the retriever needs; asks nothing over the network while it is asked.
"""

import time
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from retriever.embedding.vectors import Vectors
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
        vectors: Vectors,
        guarded: Sequence[GuardedModel | GuardedEmbedder] = (),
        *,
        lacking: str = "",
    ) -> None:
        self._vectors, self._cohere, self._lacking = vectors, guarded, lacking
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
        checks = {"qdrant": qdrant, "embedding": self._embedding(), "cohere": self._model()}
        lame = any(check.status != "ok" for check in checks.values())
        return Health(
            status="down" if not state.open else "degraded" if lame else "ok",
            version=__version__,
            uptime_s=round(time.monotonic() - self._started, 3),
            checks=checks,
        )

    def _embedding(self) -> Check:
        space = self._vectors.space
        if space is None:
            return Check(status="ok", detail=self._lacking)
        if not self._vectors.can:
            return Check(status="degraded", detail=f"nobody makes vectors of {space.name}: {self._lacking}")
        if self._vectors.failure:
            return Check(status="degraded", detail=f"{self._vectors.failure}: search by words alone")
        return Check(status="ok", detail=space.name)

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
