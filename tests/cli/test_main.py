import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from shared import __version__
from tests.support.cli_server import Carrel, serving
from tests.support.cli_sources import Sources

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments: str, url: str = "http://127.0.0.1:9") -> tuple[int, str]:
    env = {"CARREL_URL": url, "ADMIN_API_KEY": "k" * 32}
    result = CliRunner().invoke(app, list(arguments), env=env)
    return result.exit_code, result.output


def test_the_version_is_printed() -> None:
    """--version says which Carrel this is."""
    assert run("--version") == (0, f"carrel {__version__}\n")


def test_every_command_is_in_the_help() -> None:
    """The help lists the commands; without arguments it is what is shown."""
    for arguments in (["--help"], []):
        said = run(*arguments)[1]
        assert all(command in said for command in ("up", "ingest", "sync", "ask", "chat", "status"))


def test_the_exit_codes_are_documented() -> None:
    """Each command that has its own exit codes tells them in its help."""
    for command in ("ingest", "sync", "ask", "chat", "status"):
        assert "Exit code: 0" in run(command, "--help")[1]


def test_help_loads_nothing_heavy() -> None:
    """Help comes at once: none of what the commands need is imported for it."""
    heavy = ("pydantic", "httpx", "fastapi", "rich.progress")
    code = f"import sys, cli.main; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_ingest_then_ask_then_status(tmp_path: Path) -> None:
    """The commands find the server in the environment and end as they went."""
    (tmp_path / "a.md").write_text("# A")
    carrel = Carrel()
    with serving(carrel) as url:
        ingested = run("ingest", str(tmp_path), "--prefix", "p", "--metadata", "a=b=c", url=url)
        asked = run("ask", "What", "is ownership?", url=url)
        status = run("status", "--url", url, "--json")
    assert ingested == (0, "1 document: 1 added, 0 replaced, 0 unchanged, 0 failed\n")
    assert list(carrel.documents) == ["p/a.md"]
    assert carrel.requests[1].url.params["metadata"] == '{"a":"b=c"}'
    assert asked[0] == 0
    assert "[1] What Is Ownership?" in asked[1]
    assert json.loads(carrel.requests[-2].content)["messages"][0]["content"] == "What is ownership?"
    assert status[0] == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["ingest"],
        ["ingest", "x", "--metadata", "novalue"],
        ["ingest", "x", "--metadata", "=b"],
        ["ingest", "x", "--prefix", "a/../b"],
        ["ingest", "x", "--base-url", "x.test"],
        ["ingest", "x", "--url-suffix", "\udcff"],
        ["ingest", "x", "--concurrency", "0"],
        ["ask"],
        ["ask", "\udcff"],
        ["status", "--url", "x.test"],
        ["ingest", "missing"],
    ],
)
def test_bad_arguments_are_refused(arguments: list[str]) -> None:
    """What cannot be meant ends with 2 and a reason, before anything is sent."""
    code, said = run(*arguments)
    assert code == 2
    assert said
    assert "Traceback" not in said


def test_a_narrow_terminal_does_not_fail(tmp_path: Path) -> None:
    """The command runs as a program from another folder and in an encoding without our characters."""
    with serving(Carrel()) as url:
        env = os.environ | {"CARREL_URL": url, "ADMIN_API_KEY": "k" * 32}
        env |= {"PYTHONIOENCODING": "latin-1:strict", "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", "from cli.main import app; app()", "ask", "What?"]
        began = time.monotonic()
        done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, check=False)
    assert done.returncode == 0
    assert b"What Is Ownership? ? Rules" in done.stdout
    assert time.monotonic() - began < 30


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["a/b"], "neither an address"),
        (["repo.rar"], "an archive's file"),
        (["docs", "--id", "a b"], "--id"),
        (["docs", "--kind", "git"], "--kind"),
        (["docs", "--every", "soon"], "--every"),
        (["docs", "--include", "/\udcff"], "--include"),
    ],
)
def test_what_sync_does_not_take(arguments: list[str], said: str) -> None:
    """Arguments that cannot be meant are refused before anything is sent."""
    code, output = run("sync", *arguments)
    assert code == 2
    assert said in output


def test_sync_takes_what_is_said() -> None:
    """Every option reaches the server."""
    server = Sources()
    options = ["--include", "/a/**", "--exclude", "/b", "--every", "6h", "--full", "--id", "mine"]
    options += ["--url-template", "https://x.org/{path}"]
    with serving(server) as url:
        code, output = run("sync", "https://docs.example.com", *options, url=url)
    assert code == 0, output
    ((id, body),) = server.puts
    assert (id, body["include"], body["exclude"], body["interval_s"]) == ("mine", ["/a/**"], ["/b"], 21_600)
    assert body["url_template"] == "https://x.org/{path}"
    assert server.syncs == [("mine", {"full": True})]
