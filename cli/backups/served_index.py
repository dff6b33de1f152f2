"""The index of a running retriever, taken out and put in over HTTP, as the owner.

Straight to the retriever, whose requests may be of any size; whoever makes backups holds INTERNAL_TOKEN.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, BinaryIO

import httpx
from pydantic import ValidationError

from retriever.index.lines import BrokenLinesError, End, read
from shared.auth import Principal, Role, signed_headers
from shared.contracts.retriever import INDEX_MEDIA_TYPE, IndexImport, IndexReport
from shared.errors import CarrelError, UpstreamTimeoutError, UpstreamUnavailableError, from_problem

_PIECE = 256 * 1024
_TIMEOUT = httpx.Timeout(600, connect=5)
_OWNER = Principal(id="owner", role=Role.OWNER)


class ServedIndex:
    """The index behind the retriever at ``url``. Everything raised is a ``CarrelError``."""

    def __init__(self, url: str, *, token: str, transport: httpx.BaseTransport | None = None) -> None:
        self._url, self._token, self._transport = url, token, transport

    def is_ready(self) -> bool:
        """Return whether the retriever can do its job."""
        try:
            with self._client() as http:
                return http.get("/health/ready", timeout=5).status_code == 200
        except CarrelError:
            return False

    def report(self) -> IndexReport:
        """Return what the index is."""
        with self._client() as http:
            return IndexReport.model_validate_json(_good(http.get("/v1/index")).content)

    def export(self, file: BinaryIO) -> None:
        """Write the whole index to ``file``.

        Raises
        ------
        UpstreamUnavailableError
            If the retriever cannot be reached, or the export was cut.
        """
        rest = b""
        with self._client() as http, http.stream("GET", "/v1/index/export") as response:
            if response.status_code != 200:
                response.read()
            for piece in _good(response).iter_bytes(_PIECE):
                file.write(piece)
                rest = (rest + piece)[-_PIECE:]
        if not _is_end(rest):
            raise UpstreamUnavailableError("The export of the index was cut")

    def put(self, file: BinaryIO, *, replace: bool) -> IndexImport:
        """Make the export in ``file`` the index.

        Raises
        ------
        NotEmptyError
            If there is something already, and ``replace`` is not said.
        InvalidRequestError
            If it is no whole export.
        """
        pieces = iter(partial(file.read, _PIECE), b"")
        query: dict[str, Any] = {"replace": str(replace).lower()}
        headers = {"content-type": INDEX_MEDIA_TYPE}
        with self._client() as http:
            response = http.post("/v1/index/import", params=query, content=pieces, headers=headers)
            return IndexImport.model_validate_json(_good(response).content)

    @contextmanager
    def _client(self) -> Iterator[httpx.Client]:
        headers = signed_headers(_OWNER, token=self._token, now=time.time())
        try:
            with httpx.Client(
                base_url=self._url,
                headers=headers,
                timeout=_TIMEOUT,
                trust_env=False,
                transport=self._transport,
            ) as http:
                yield http
        except httpx.TimeoutException as error:
            raise UpstreamTimeoutError("The retriever did not answer in time") from error
        except httpx.HTTPError as error:
            raise UpstreamUnavailableError("The retriever cannot be reached, or broke off") from error
        except ValidationError as error:
            raise UpstreamUnavailableError("The retriever sent something unknown") from error


def _good(response: httpx.Response) -> httpx.Response:
    if response.status_code == 200:
        return response
    try:
        body = response.json()
    except ValueError:
        body = {"detail": f"The retriever answered HTTP {response.status_code}"}
    raise from_problem(body, status=response.status_code)


def _is_end(rest: bytes) -> bool:
    try:
        return rest.endswith(b"\n") and isinstance(read(rest[:-1].rsplit(b"\n", 1)[-1]), End)
    except BrokenLinesError:
        return False
