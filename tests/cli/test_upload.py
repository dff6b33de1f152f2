import threading
from pathlib import Path

import httpx
import pytest

from cli.upload import MAX_FILE_BYTES, Job, Upload
from shared.clients.gateway import GatewayClient
from shared.errors import InvalidRequestError, OverloadedError, UnauthorizedError
from tests.support.cli_server import Carrel, Handler, fake_client, refused


def jobs(folder: Path, count: int) -> list[Job]:
    made = []
    for number in range(count):
        path = folder / f"{number}.md"
        path.write_text(f"# {number}")
        made.append(Job(path=path, document_id=path.name, media_type="text/markdown"))
    return made


def upload(
    todo: list[Job], handler: Handler, *, concurrency: int = 3, stop: threading.Event | None = None
) -> Upload:
    client: GatewayClient = fake_client(handler)
    return Upload(todo, client, concurrency=concurrency, stop=stop or threading.Event())


def test_every_job_has_one_result(tmp_path: Path) -> None:
    """All documents arrive, each once, whatever the number of threads."""
    carrel = Carrel()
    done = list(upload(jobs(tmp_path, 20), carrel, concurrency=50).results())
    assert sorted(d.job.document_id for d in done) == sorted(carrel.documents)
    assert {d.outcome for d in done} == {"created"}
    assert carrel.documents["7.md"] == b"# 7"


def test_nothing_to_do_is_done() -> None:
    """Without jobs there are no results and nothing is waited for."""
    assert list(upload([], Carrel()).results()) == []


def test_a_refused_document_does_not_stop_the_others(tmp_path: Path) -> None:
    """The reason of a refusal is kept, and the rest goes on."""
    carrel = Carrel()

    def handler(request: httpx.Request) -> httpx.Response:
        return refused(InvalidRequestError("it is empty")) if "/1.md" in request.url.path else carrel(request)

    done = {d.job.document_id: d for d in upload(jobs(tmp_path, 4), handler).results()}
    assert done["1.md"].reason == "it is empty"
    assert len(carrel.documents) == 3


def test_a_file_that_cannot_be_read_has_a_reason(tmp_path: Path) -> None:
    """A file that vanished or is far too large is told without being sent."""
    todo = jobs(tmp_path, 2)
    todo[0].path.unlink()
    with todo[1].path.open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    carrel = Carrel()
    reasons = {d.job.document_id: d.reason for d in upload(todo, carrel).results()}
    assert reasons["0.md"] == "No such file or directory"
    assert reasons["1.md"] == "larger than 64 MiB"
    assert carrel.requests == []


def test_a_refused_key_stops_everything(tmp_path: Path) -> None:
    """After one refusal of the key no further document is tried."""
    carrel = Carrel(documents=refused(UnauthorizedError("the key is wrong")))
    done = list(upload(jobs(tmp_path, 50), carrel, concurrency=2).results())
    assert len(done) <= 2
    assert done[0].fatal
    assert done[0].reason == "the key is wrong"


@pytest.mark.parametrize("ready", [503, None])
def test_a_server_that_stays_away_stops_everything(tmp_path: Path, ready: int | None) -> None:
    """When patience is used up and the server is not ready, the rest is not tried."""

    def handler(request: httpx.Request) -> httpx.Response:
        if request.method == "PUT":
            return refused(OverloadedError())
        if ready is None:
            raise httpx.ConnectError("gone")
        return httpx.Response(ready)

    done = list(upload(jobs(tmp_path, 50), handler, concurrency=1).results())
    assert [d.fatal for d in done] == [True]


def test_one_document_that_breaks_the_connection_does_not_stop_the_others(tmp_path: Path) -> None:
    """A server that is ready otherwise is asked for the rest."""
    carrel = Carrel()

    def handler(request: httpx.Request) -> httpx.Response:
        if "/1.md" in request.url.path:
            raise httpx.WriteError("reset")
        return carrel(request)

    done = list(upload(jobs(tmp_path, 4), handler).results())
    assert [d.job.document_id for d in done if d.reason] == ["1.md"]
    assert len(done) == 4


def test_it_can_be_stopped(tmp_path: Path) -> None:
    """Once stop is set, what is under way ends and no further document is begun."""
    stop, carrel = threading.Event(), Carrel()

    def handler(request: httpx.Request) -> httpx.Response:
        stop.set()
        return carrel(request)

    done = list(upload(jobs(tmp_path, 50), handler, concurrency=2, stop=stop).results())
    assert 1 <= len(done) <= 2


def test_a_request_that_hangs_is_not_waited_for(tmp_path: Path) -> None:
    """Results end when nothing comes within the time that is given."""
    hang = threading.Event()

    def handler(_: httpx.Request) -> httpx.Response:
        hang.wait(30)
        return httpx.Response(201)

    running = upload(jobs(tmp_path, 2), handler)
    assert list(running.results(within_s=0.01)) == []
    hang.set()
    assert len(list(running.results())) == 2
