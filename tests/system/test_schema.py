"""Everything the API's document says holds, whatever is sent: no server error, nothing undocumented."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support import book
from tests.support.fuzzing import fuzz
from tests.support.system import Carrel

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def carrel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Carrel]:
    """A running Carrel for these tests alone, with the small book in it and without limits to the rate."""
    folder = tmp_path_factory.mktemp("fuzzed")
    running = Carrel(folder, LIMITS="off")
    try:
        running.start()
        running.carrel("ingest", book.write(folder / "book"), "--base-url", "https://keepers.example/book/")
        yield running
    finally:
        running.close()


def visitor(carrel: Carrel) -> dict[str, str]:
    """The headers of a new visitor."""
    answer = httpx.post(f"{carrel.address}/v1/sessions", timeout=10, trust_env=False)
    return {"Authorization": f"Bearer {answer.json()['token']}"}


def at_home(document: Any) -> Any:
    """Return ``document`` without what would look up made-up hosts: syncs, asked for or on schedule."""
    del document["paths"]["/v1/data-sources/{id}/sync"]
    for answer in document["paths"]["/v1/data-sources/{id}"]["put"]["responses"].values():
        answer.get("links", {}).pop("sync_data_source", None)
    schemas = document["components"]["schemas"]
    scheduled = [schema.get("properties", {}) for name, schema in schemas.items() if name.endswith("Request")]
    assert sum(properties.pop("interval_s", None) is not None for properties in scheduled) == 1
    return document


@pytest.mark.parametrize("who", ["visitor", "owner"])
def test_the_document_holds(carrel: Carrel, tmp_path: Path, who: str) -> None:
    """As either caller: answers are as documented, what is wrong or forbidden is refused, nothing breaks."""
    callers = {
        "visitor": {"alice": visitor(carrel), "bob": visitor(carrel)},
        "owner": {"owner": {"X-API-Key": carrel.admin_key}},
    }[who]
    before = len(carrel.log.read_text())

    document = at_home(carrel.get("/openapi.json").json())
    done = fuzz(carrel.address, document, callers, tmp_path, seed=20261125, examples=40)

    report = done.stdout + done.stderr
    assert done.returncode == 0, report
    assert f"Tested: {sum(len(item) for item in document['paths'].values())}\n" in report
    for phase in ("Examples", "Coverage", "Fuzzing", "Stateful"):
        assert f"✅ {phase}" in report, report
    assert "Traceback" not in carrel.log.read_text()[before:]
    assert carrel.get("/health").json()["status"] == "ok"


def test_head_goes_where_get_goes(carrel: Carrel) -> None:
    """Through the gateway, too: the head of GET's answer, its length, and no body."""
    headers = {"X-API-Key": carrel.admin_key}
    for path in ("/v1/usage", "/v1/documents", "/v1/conversations/none", "/version"):
        got = carrel.get(path, **headers)
        head = httpx.head(carrel.address + path, headers=headers, timeout=10, trust_env=False)
        assert (head.status_code, head.content) == (got.status_code, b"")
        assert head.headers["content-type"] == got.headers["content-type"]
