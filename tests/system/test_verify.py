"""``carrel verify`` against the real whole: green when all is well, red in the right line when it is not."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.no_head import refusing_head
from tests.support.ports import free_ports
from tests.support.system import Carrel, eventually

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[2]


def verified(carrel: Carrel, *options: str, address: str = "") -> dict[str, dict[str, Any]]:
    """Return the lines by name; the exit code tells whether one is red."""
    done = carrel.carrel("verify", address or carrel.address, *options, "--json", code=None)
    assert done.stdout, done.stderr
    lines = {line["name"]: line for line in json.loads(done.stdout)["findings"]}
    assert done.returncode == any(line["colour"] == "red" for line in lines.values())
    return lines


def red(lines: dict[str, dict[str, Any]]) -> set[str]:
    """Return the names of red lines, but for those of times: the machine may be as busy as it likes."""
    return {
        name for name, line in lines.items() if line["colour"] == "red" and line["group"] != "response times"
    }


def following(lines: dict[str, dict[str, Any]]) -> set[str]:
    return {name for name, line in lines.items() if line["fix"].startswith("follows from")}


@contextmanager
def lame(folder: Path, service: str, check: str, **variables: str) -> Iterator[Carrel]:
    """A Carrel of which ``service`` alone has found out that it lacks ``check``; all others are well."""
    carrel = Carrel(folder, **variables)

    def found_out() -> bool:
        try:
            services = carrel.get("/health").json()["services"]
            told = services[service]["checks"][check]
        except (httpx.HTTPError, ValueError, KeyError):
            return False
        others = {health["status"] for name, health in services.items() if name != service}
        return others == {"ok"} and told["status"] == "down" and "being opened" not in told["detail"]

    try:
        carrel.begin()
        eventually(found_out, within=90, what=f"{check} down\n{carrel.log.read_text()[-3000:]}")
        yield carrel
    finally:
        carrel.close()


def test_a_carrel_that_is_well_is_green(carrel: Carrel) -> None:
    """No line is red or yellow; what was put there is gone, and so is the visitor's conversation."""
    lines = verified(carrel)

    of_time = {"page", "search", "first word", "client address"}
    assert red(lines) == set()
    assert {name for name, line in lines.items() if line["colour"] == "yellow"} <= of_time
    assert "the document put there" in lines["citations"]["found"]
    listed = carrel.get("/v1/documents?q=carrel-verify", **{"X-API-Key": carrel.admin_key}).json()
    assert listed["items"] == []


def test_without_a_key_it_is_not_red(carrel: Carrel, tmp_path: Path) -> None:
    """A general question may be refused; what could not be tried is yellow and says how it can."""
    stranger = Carrel(tmp_path)

    lines = verified(stranger, address=carrel.address)

    assert red(lines) == set()
    assert lines["documents"]["colour"] == "yellow"
    assert lines["question"]["colour"] == "green"
    assert lines["resume"]["colour"] == "green"


def test_the_commit_must_be_the_right_one(carrel: Carrel) -> None:
    """What a deployment is held against."""
    assert red(verified(carrel, "--commit", "0123456789abcdef")) == {"version"}


def test_an_origin_that_is_not_allowed_is_red(carrel: Carrel) -> None:
    """Only its own line."""
    lines = verified(carrel, "--origin", "https://docs.example")

    assert red(lines) == {"origins (CORS)"}
    assert "ALLOWED_ORIGINS" in lines["origins (CORS)"]["fix"]


def test_a_refused_head_is_red(carrel: Carrel) -> None:
    """Only its own line, with everything else put through the same proxy."""
    with refusing_head(int(carrel.address.rpartition(":")[2])) as address:
        lines = verified(carrel, address=address)

    assert red(lines) == {"HEAD /"}


def test_an_unreachable_qdrant_is_red(tmp_path: Path) -> None:
    """What cannot be searched follows from it."""
    port = free_ports(1)[0]
    with lame(tmp_path, "retriever", "qdrant", QDRANT_URL=f"http://127.0.0.1:{port}") as carrel:
        lines = verified(carrel)

    assert red(lines) == {"Qdrant"}
    assert {"retriever", "documents", "question", "server-sent events", "probes"} <= following(lines)


def test_a_bad_database_is_red(tmp_path: Path) -> None:
    """What cannot be kept follows from it; searching goes on."""
    url = f"postgresql://carrel:a-secret-password@127.0.0.1:{free_ports(1)[0]}/carrel"
    with lame(tmp_path, "chat_ws", "postgres", DATABASE_URL=url) as carrel:
        lines = verified(carrel)

    assert red(lines) == {"Postgres"}
    assert {"chat service", "question", "server-sent events", "probes"} <= following(lines)
    assert lines["documents"]["colour"] == "green"
    assert lines["search"]["colour"] == "green"


def test_a_stopped_retriever_is_red(own_carrel: Carrel) -> None:
    """Its own line; of Qdrant and Cohere nothing is known."""
    own_carrel.start()
    own_carrel.control("stopProcess", "retriever")

    lines = verified(own_carrel)

    assert red(lines) == {"retriever"}
    assert {"question", "server-sent events", "documents", "probes", "search"} <= following(lines)
    assert lines["Postgres"]["colour"] == "green"
    assert {lines[name]["colour"] for name in ("Qdrant", "Cohere", "embedding")} == {"yellow"}


def test_a_wrong_key_of_cohere_is_red(tmp_path: Path) -> None:
    """Only Cohere's line: answers are given all the same, out of the documents' own words."""
    port = free_ports(1)[0]
    command = [sys.executable, "-m", "tests.support.fake_cohere", "--port", str(port)]
    fake = subprocess.Popen(command, cwd=ROOT)
    variables = {"COHERE_BASE_URL": f"http://127.0.0.1:{port}", "COHERE_API_KEY": "a-wrong-key-of-cohere"}
    carrel = Carrel(tmp_path, **variables)
    try:
        carrel.start()
        lines = verified(carrel)
        doctor = json.loads(carrel.carrel("doctor", "--json", code=1).stdout)["findings"]
    finally:
        carrel.close()
        fake.terminate()
        fake.wait(20)

    assert red(lines) == {"Cohere"}
    assert lines["question"]["colour"] == "green"
    assert [line["name"] for line in doctor if line["colour"] == "red"] == ["Cohere key"]
