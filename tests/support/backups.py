"""Backups in tests: an index behind a retriever that is only answers, and folders of backups."""

from dataclasses import dataclass, field

import httpx

from cli.backups.making import Source
from cli.backups.served_index import ServedIndex
from retriever.documents.records import point_id
from retriever.index.identity import wanted
from retriever.index.lines import Beginning, End, write
from retriever.ports import Point
from shared.errors import NotEmptyError, problem
from tests.shared.clients.test_index import REPORT

TOKEN = "a token of the tests"
RECORD = Point(point_id("record", "a.md"), {"kind": "record", "document_id": "a.md"})
EXPORT = [write(Beginning(wanted(None))), write(RECORD), write(End(2, 1))]


@dataclass
class IndexServer:
    """A retriever whose index is ``lines``."""

    lines: list[bytes] = field(default_factory=lambda: list(EXPORT))
    ready: bool = True
    away: bool = False
    requests: list[httpx.Request] = field(default_factory=list)

    @property
    def index(self) -> ServedIndex:
        """A client of it."""
        return ServedIndex("http://retriever", token=TOKEN, transport=httpx.MockTransport(self))

    def source(self, url: str) -> Source:
        """It, beside the database at ``url``."""
        return Source(url, self.index, {"PORT": "7860"})

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer ``request``."""
        self.requests.append(request)
        if self.away:
            raise httpx.ConnectError("refused")
        documents = 1 if self.lines else 0
        match request.url.path:
            case "/health/ready":
                return httpx.Response(200 if self.ready else 503)
            case "/v1/index":
                return httpx.Response(200, json=REPORT | {"documents": documents, "chunks": documents})
            case "/v1/index/export":
                return httpx.Response(200, content=b"".join(self.lines))
            case "/v1/index/import":
                return self._imported(request)
            case _:
                return httpx.Response(404)

    def _imported(self, request: httpx.Request) -> httpx.Response:
        if self.lines and request.url.params["replace"] != "true":
            error = NotEmptyError("The index is not empty")
            return httpx.Response(error.status, json=problem(error, request_id="r"))
        self.lines = request.read().splitlines(keepends=True)
        return httpx.Response(200, json={"documents": 1, "chunks": 1})
