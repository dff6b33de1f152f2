"""The index as a whole, as the command line calls it. Everything raised is a ``CarrelError``."""

from pydantic import ValidationError

from shared.clients.gateway import GatewayClient
from shared.contracts.retriever import IndexReport
from shared.errors import UpstreamUnavailableError


class IndexClient:
    """Calls one Carrel through ``client``."""

    def __init__(self, client: GatewayClient) -> None:
        self._client = client

    def read(self) -> IndexReport:
        """Return what the index is, and how far a rebuild is."""
        return self._report("GET", "/v1/index")

    def rebuild(self) -> IndexReport:
        """Have it built anew, or find the rebuild that is going."""
        return self._report("POST", "/v1/index/rebuild")

    def _report(self, method: str, path: str) -> IndexReport:
        content = self._client.ask(method, path).content
        try:
            return IndexReport.model_validate_json(content)
        except ValidationError as error:
            raise UpstreamUnavailableError("The server sent something unknown", retryable=False) from error
