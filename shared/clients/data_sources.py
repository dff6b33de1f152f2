"""Data sources and ingestion jobs, as the command line calls them. Everything raised is a ``CarrelError``."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError

from shared.clients.gateway import GatewayClient
from shared.contracts.data_sources import DataSource, DataSourceRequest, IngestionJob, JobProgress
from shared.contracts.wire import Page
from shared.errors import CarrelError, UpstreamUnavailableError

BROKEN_STREAMS = 20
"""How often a stream that broke off is taken up again without any news of the job in between."""


class DataSourcesClient:
    """Calls one Carrel through ``client``; ``pause`` waits before a broken stream is taken up again."""

    def __init__(self, client: GatewayClient, *, pause: Callable[[float], object]) -> None:
        self._client, self._pause = client, pause

    def every(self) -> Iterator[DataSource]:
        """Yield all data sources, the newest first."""
        cursor: str | None = None
        while True:
            params = {"limit": 200} | ({"cursor": cursor} if cursor else {})
            with _known():
                content = self._client.ask("GET", "/v1/data-sources", params=params).content
                page = Page[DataSource].model_validate_json(content)
            yield from page.items
            if (cursor := page.next_cursor) is None:
                return

    def put(self, source_id: str, request: DataSourceRequest) -> DataSource:
        """Create or replace a data source."""
        body = request.model_dump(mode="json", exclude_defaults=True)
        with _known():
            content = self._client.ask("PUT", f"/v1/data-sources/{source_id}", body=body).content
            return DataSource.model_validate_json(content)

    def upload(self, source_id: str, archive: Path) -> DataSource:
        """Upload the archive of a data source.

        Raises
        ------
        OSError
            If the file cannot be read.
        """
        path = f"/v1/data-sources/{source_id}/archive"
        with _known():
            content = self._client.send_file(path, archive, media_type="application/octet-stream").content
            return DataSource.model_validate_json(content)

    def sync(self, source_id: str, *, full: bool) -> tuple[IngestionJob, bool]:
        """Begin a job, or find the one that is going; return it and whether it was begun."""
        with _known():
            response = self._client.ask("POST", f"/v1/data-sources/{source_id}/sync", body={"full": full})
            return IngestionJob.model_validate_json(response.content), response.status_code == 202

    def watch(self, job_id: str) -> Iterator[JobProgress | IngestionJob]:
        """Yield the job's progress, and last the whole job; a stream that breaks off is taken up again."""
        broken = 0
        while True:
            try:
                for event in self._client.follow(f"/v1/ingestion-jobs/{job_id}/events"):
                    with _known():
                        if event.type == "job-end":
                            yield IngestionJob.model_validate_json(event.data)
                            return
                        if event.type == "job-progress":
                            yield JobProgress.model_validate_json(event.data)
                            broken = 0
            except CarrelError as error:
                if not error.retryable or broken >= BROKEN_STREAMS:
                    raise
            broken += 1
            if broken > BROKEN_STREAMS:
                raise UpstreamUnavailableError("The server tells nothing of the job any more")
            self._pause(1.0)


@contextmanager
def _known() -> Iterator[None]:
    try:
        yield
    except ValidationError as error:
        raise UpstreamUnavailableError("The server sent something unknown", retryable=False) from error
