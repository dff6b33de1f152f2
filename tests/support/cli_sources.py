"""Data sources as the commands meet them: kept, synced at once, with a report that was programmed."""

import json
from typing import Any

import httpx

from shared.contracts.data_sources import DataSource, DataSourceRequest, IngestionJob
from shared.errors import NotFoundError
from shared.sse import encode
from tests.support.cli_server import refused

NOW = "2026-11-25T12:00:00Z"


def job(**fields: Any) -> IngestionJob:
    """A job that took in two pages, unless told otherwise."""
    told = {
        "id": "j1",
        "data_source_id": "docs-example-com",
        "status": "completed",
        "trigger": "request",
        "created_at": NOW,
        "counts": {"found": 2, "fetched": 2, "embedded": 2},
        "changes": [{"url": "https://docs.example.com/a", "document_id": "d", "change": "added"}],
    }
    return IngestionJob.model_validate(told | fields)


def source(id: str = "docs-example-com", **fields: Any) -> DataSource:
    """A sitemap, unless told otherwise."""
    request = DataSourceRequest.model_validate(
        fields
        if "kind" in fields
        else {"kind": "sitemap", "url": "https://docs.example.com/sitemap.xml"} | fields
    )
    return DataSource(id=id, **request.model_dump(), created_at=NOW, updated_at=NOW)


class Sources:
    """The server. ``streams`` are the events of each call of a job's stream; the last again and again."""

    def __init__(self, *known: DataSource, ends: IngestionJob | None = None, begun: bool = True) -> None:
        self.known = {each.id: each for each in known}
        self.puts: list[tuple[str, dict[str, Any]]] = []
        self.syncs: list[tuple[str, dict[str, Any]]] = []
        self.uploads: list[tuple[str, bytes]] = []
        self.ready = True
        self.ends, self.begun = ends or job(), begun
        progress = {"id": "j1", "status": "running", "counts": {"found": 2, "embedded": 1}}
        self.streams = [
            encode(progress, type="job-progress") + encode(self.ends.model_dump(mode="json"), type="job-end")
        ]

    def __call__(self, request: httpx.Request) -> httpx.Response:
        match request.method, request.url.path.split("/")[2:]:
            case "GET", ["data-sources"]:
                return self._page(request.url.params.get("cursor"))
            case "PUT", ["data-sources", id]:
                self.puts.append((id, json.loads(request.content)))
                self.known[id] = source(id, **self.puts[-1][1])
                return self._answer(self.known[id], 201)
            case "PUT", ["data-sources", id, "archive"] if id in self.known:
                self.uploads.append((id, request.read()))
                return self._answer(self.known[id], 200)
            case "POST", ["data-sources", id, "sync"] if id in self.known:
                self.syncs.append((id, json.loads(request.content)))
                return self._answer(job(status="queued", counts={}, changes=[]), 202 if self.begun else 200)
            case "GET", ["ingestion-jobs", "j1", "events"]:
                body = self.streams.pop(0) if len(self.streams) > 1 else self.streams[0]
                return httpx.Response(200, headers={"content-type": "text/event-stream"}, content=body)
            case "GET", ["ready"]:
                return httpx.Response(200 if self.ready else 503)
            case _:
                return refused(NotFoundError())

    def _page(self, cursor: str | None) -> httpx.Response:
        first = int(cursor or 0)
        items = [each.model_dump(mode="json") for each in list(self.known.values())[first : first + 1]]
        following = str(first + 1) if first + 1 < len(self.known) else None
        return httpx.Response(200, json={"items": items, "next_cursor": following})

    @staticmethod
    def _answer(body: DataSource | IngestionJob, status: int) -> httpx.Response:
        return httpx.Response(status, json=body.model_dump(mode="json"))
