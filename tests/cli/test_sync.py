"""``carrel sync``: the source is made or found, the job is watched, the report hides nothing."""

import json
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from cli.settings import CliSettings
from cli.sources import Wanted
from cli.sync import Options, run, sync
from shared.clients.data_sources import DataSourcesClient
from shared.errors import InvalidRequestError
from shared.sse import encode
from tests.support.cli_server import fake_client, refused, serving
from tests.support.cli_sources import Sources, job, source

SITE = "https://docs.example.com"
SITEMAP = f"{SITE}/sitemap.xml"


def synced(server: Sources, wanted: Wanted | None = None, options: Options | None = None) -> int:
    client = DataSourcesClient(fake_client(server), pause=lambda _: None)
    return run(wanted or Wanted(SITE), options or Options(), client=client)


def test_a_source_is_made_and_synced(capsys: pytest.CaptureFixture[str]) -> None:
    """From the address alone, and told in one line."""
    server = Sources()
    assert synced(server) == 0
    assert server.puts == [("docs-example-com", {"kind": "sitemap", "url": SITEMAP})]
    assert server.syncs == [("docs-example-com", {"full": False})]
    said = capsys.readouterr()
    assert said.out == "docs-example-com: 2 pages wanted, 2 taken in, 0 unchanged, 0 removed, 0 failed\n"
    assert said.err == ""


def test_a_source_that_is_there_is_found() -> None:
    """It is not put again, unless something about it was said."""
    server = Sources(source("other", url="https://x.org/sitemap.xml"), source("mine"))
    assert synced(server, options=Options(full=True)) == 0
    assert (server.puts, server.syncs) == ([], [("mine", {"full": True})])
    assert synced(server, Wanted("mine", exclude=["/old/**"])) == 0
    assert server.puts == [("mine", {"kind": "sitemap", "url": SITEMAP, "exclude": ["/old/**"]})]


def test_an_unknown_name_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """A name is no address: nothing can be made of it."""
    assert synced(Sources(), Wanted("none")) == 2
    assert "no data source none" in capsys.readouterr().err


def test_failures_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    """Each on its line with its reason, on standard error, and in the exit code."""
    counts = {"found": 2, "embedded": 1, "failed": 1, "passed_over": 3}
    failed = job(counts=counts, failures=[{"url": f"{SITE}/b", "reason": "the server answered 500\x1b[31m"}])
    assert synced(Sources(ends=failed), options=Options(verbose=True)) == 1
    captured = capsys.readouterr()
    assert captured.out.endswith("1 failed (3 others passed over)\n")
    said = captured.err.splitlines()
    assert said == [f"{SITE}/b: the server answered 500[31m", f"added: {SITE}/a"]


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_a_job_that_did_not_complete_is_told(capsys: pytest.CaptureFixture[str], status: str) -> None:
    """The reason of the whole stands at the end."""
    assert synced(Sources(ends=job(status=status, reason="it lists no pages"))) == 1
    assert f"the sync has {status}: it lists no pages" in capsys.readouterr().err


def test_a_job_that_was_going_is_watched(capsys: pytest.CaptureFixture[str]) -> None:
    """It is said whose job it is."""
    assert synced(Sources(source(), begun=False)) == 0
    assert "already" in capsys.readouterr().err


def test_json_is_the_job(capsys: pytest.CaptureFixture[str]) -> None:
    """With --json standard output is the job alone."""
    assert synced(Sources(), options=Options(as_json=True)) == 0
    assert json.loads(capsys.readouterr().out)["counts"]["embedded"] == 2


def test_refusals_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    """What the server refuses ends the command with its reason."""

    def refuses(_: httpx.Request) -> httpx.Response:
        return refused(InvalidRequestError("url: is not a public address"))

    client = DataSourcesClient(fake_client(refuses), pause=lambda _: None)
    assert run(Wanted(SITE), Options(), client=client) == 2
    assert "not a public address" in capsys.readouterr().err
    server = Sources()
    server.streams = [encode({"no": "job"}, type="job-end")]
    assert synced(server) == 1
    assert "job j1" in capsys.readouterr().err


def test_an_interrupted_command_leaves_the_job(capsys: pytest.CaptureFixture[str]) -> None:
    """The server goes on, and the command says so."""
    server = Sources()
    server.streams = [b""]

    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    client = DataSourcesClient(fake_client(server), pause=interrupt)
    assert run(Wanted(SITE), Options(), client=client) == 130
    assert "goes on with job j1 of docs-example-com" in capsys.readouterr().err


def test_a_server_that_is_not_there_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """Out of reach ends with 2 and what to do; a server that starts is waited for."""
    key = SecretStr("k" * 32)
    gone = CliSettings(carrel_url="http://127.0.0.1:9", admin_api_key=key)
    assert sync(Wanted(SITE), Options(), settings=gone) == 2
    assert "carrel up" in capsys.readouterr().err
    server = Sources()
    server.ready = False
    with serving(server) as url:
        there = CliSettings(carrel_url=url, admin_api_key=key)
        assert sync(Wanted(SITE), Options(), settings=there) == 0
    assert "not ready yet" in capsys.readouterr().err


def test_a_file_is_uploaded_and_synced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The source is made once; the same file again is the same source."""
    archive = tmp_path / "repo.tar.gz"
    archive.write_bytes(b"\x1f\x8b" + bytes(300_000))
    server = Sources()
    for _ in range(2):
        assert synced(server, Wanted(str(archive))) == 0
    assert server.puts == [("repo", {"kind": "archive"})]
    assert server.uploads == [("repo", archive.read_bytes())] * 2
    assert server.syncs == [("repo", {"full": False})] * 2
    assert "2 files wanted" in capsys.readouterr().out


def test_a_file_that_is_not_there_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is synced."""
    server = Sources(source("repo", kind="archive"))
    assert synced(server, Wanted(str(tmp_path / "repo.zip"))) == 2
    assert server.syncs == []
    assert "repo.zip: No such file" in capsys.readouterr().err
