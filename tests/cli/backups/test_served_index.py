"""The index of a retriever over HTTP: signed, whole, and with errors that say what is wrong."""

import io

import httpx
import pytest

from cli.backups.served_index import ServedIndex
from shared.auth import Role, verify
from shared.errors import CarrelError, UpstreamTimeoutError, UpstreamUnavailableError
from tests.support.backups import EXPORT, TOKEN, IndexServer


def answering(answer: httpx.Response | Exception) -> ServedIndex:
    def server(_: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    return ServedIndex("http://retriever", token=TOKEN, transport=httpx.MockTransport(server))


def test_it_is_taken_out_and_in() -> None:
    """Every byte, as the owner."""
    server, file = IndexServer(), io.BytesIO()
    server.index.export(file)
    assert file.getvalue() == b"".join(EXPORT)
    assert server.index.report().documents == 1
    server.lines, other = [], io.BytesIO(file.getvalue())
    assert server.index.put(other, replace=False).documents == 1
    assert server.lines == EXPORT
    for request in server.requests:
        assert verify(request.headers, token=TOKEN, now=0).role is Role.OWNER


def test_what_is_there_is_replaced_only_when_asked() -> None:
    """The refusal survives the hop."""
    server = IndexServer()
    with pytest.raises(CarrelError, match="not empty") as caught:
        server.index.put(io.BytesIO(b"x"), replace=False)
    assert caught.value.status == 409
    server.index.put(io.BytesIO(b"x\n"), replace=True)
    assert server.lines == [b"x\n"]


@pytest.mark.parametrize(
    "lines", [[], EXPORT[:-1], [*EXPORT[:-1], EXPORT[-1][:-1]], [b"\n"], [*EXPORT, b"x\n"]]
)
def test_a_cut_export_is_an_error(lines: list[bytes]) -> None:
    """Whatever its status was."""
    with pytest.raises(UpstreamUnavailableError, match="cut"):
        IndexServer(lines).index.export(io.BytesIO())


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.ConnectError("x"), UpstreamUnavailableError),
        (httpx.ReadError("x"), UpstreamUnavailableError),
        (httpx.ReadTimeout("x"), UpstreamTimeoutError),
        (httpx.Response(200, json={}), UpstreamUnavailableError),
        (httpx.Response(503, json={"code": "upstream_unavailable"}), UpstreamUnavailableError),
        (httpx.Response(502, text="a proxy's page"), CarrelError),
    ],
)
def test_errors_are_ours(answer: httpx.Response | Exception, error: type[CarrelError]) -> None:
    """Nothing of the driver's is raised."""
    with pytest.raises(error):
        answering(answer).report()


def test_whether_it_is_ready() -> None:
    """One that is away is not."""
    assert IndexServer().index.is_ready()
    assert not IndexServer(ready=False).index.is_ready()
    assert not IndexServer(away=True).index.is_ready()
    with pytest.raises(UpstreamUnavailableError):
        answering(httpx.Response(503, json={"code": "upstream_unavailable"})).export(io.BytesIO())
