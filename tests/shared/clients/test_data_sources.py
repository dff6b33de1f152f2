"""Data sources through the public API: every page of them, and jobs watched over broken streams."""

from pathlib import Path

import pytest

from shared.clients.data_sources import BROKEN_STREAMS, DataSourcesClient
from shared.contracts.data_sources import DataSourceRequest, IngestionJob, JobProgress
from shared.errors import CarrelError, NotFoundError
from shared.sse import encode
from tests.support.cli_server import Handler, fake_client
from tests.support.cli_sources import Sources, job, source


def client(server: Handler) -> DataSourcesClient:
    return DataSourcesClient(fake_client(server), pause=lambda _: None)


def test_all_sources_are_listed() -> None:
    """Every page is asked for."""
    server = Sources(*(source(f"s{n}") for n in range(3)))
    assert [found.id for found in client(server).every()] == ["s0", "s1", "s2"]
    assert list(client(Sources()).every()) == []


def test_a_source_is_put_as_it_was_said() -> None:
    """What is not said is left to the server."""
    server = Sources()
    request = DataSourceRequest(kind="feed", url="https://x.org/feed", include=["/a/**"])
    assert client(server).put("x", request).kind == "feed"
    assert server.puts == [("x", {"kind": "feed", "url": "https://x.org/feed", "include": ["/a/**"]})]


def test_a_sync_tells_whether_it_was_begun() -> None:
    """A job that was going is told apart from a new one; no source is an error."""
    assert client(Sources(source())).sync("docs-example-com", full=True)[1]
    assert not client(Sources(source(), begun=False)).sync("docs-example-com", full=False)[1]
    with pytest.raises(NotFoundError):
        client(Sources()).sync("none", full=False)


def test_a_job_is_watched_to_its_end() -> None:
    """Progress, then the whole job; what is unknown is passed over."""
    server = Sources()
    server.streams[0] = encode({"new": 1}, type="job-note") + server.streams[0]
    seen = list(client(server).watch("j1"))
    assert [type(news) for news in seen] == [JobProgress, IngestionJob]
    assert seen[-1] == job()


def test_a_broken_stream_is_taken_up_again() -> None:
    """A restart of the server in between is no end."""
    server = Sources()
    whole = server.streams[0]
    server.streams = [whole.partition(b"\n\n")[0] + b"\n\n", b"", whole]
    assert isinstance(list(client(server).watch("j1"))[-1], IngestionJob)


def test_silence_is_not_watched_for_ever() -> None:
    """A stream that always ends without news is given up; nonsense and refusals at once."""
    server = Sources()
    server.streams = [b""]
    pauses: list[float] = []
    patient = DataSourcesClient(fake_client(server), pause=pauses.append)
    with pytest.raises(CarrelError, match="nothing of the job"):
        list(patient.watch("j1"))
    assert len(pauses) == BROKEN_STREAMS
    server.streams = [encode({"no": "job"}, type="job-end")]
    with pytest.raises(CarrelError, match="something unknown"):
        list(client(server).watch("j1"))
    with pytest.raises(NotFoundError):
        list(client(server).watch("j2"))


def test_an_archive_is_uploaded(tmp_path: Path) -> None:
    """As it is, with its length; a source that is not there is an error."""
    file = tmp_path / "a.zip"
    file.write_bytes(b"PK" * 400_000)
    server = Sources(source("docs", kind="archive"))
    assert client(server).upload("docs", file).kind == "archive"
    assert server.uploads == [("docs", file.read_bytes())]
    with pytest.raises(NotFoundError):
        client(server).upload("none", file)
    with pytest.raises(FileNotFoundError):
        client(server).upload("docs", tmp_path / "none")
