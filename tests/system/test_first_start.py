"""What a new owner meets: start, ingest, ask, chat, stop."""

import json
from pathlib import Path

import httpx
import pytest

from tests.support import book
from tests.support.chat_client import ask, opened, session, told
from tests.support.system import Carrel

pytestmark = pytest.mark.system


def test_documents_are_taken_in_once(carrel: Carrel, tmp_path: Path) -> None:
    """The same folder again changes nothing and says so."""
    folder = book.write(tmp_path / "again")

    done = carrel.carrel("ingest", folder, "--base-url", "https://keepers.example/book/")

    assert "5 documents: 0 added, 0 replaced, 5 unchanged, 0 failed" in done.stdout


def test_an_answer_is_made_of_the_book(carrel: Carrel) -> None:
    """``carrel ask`` prints the book's own sentence, with a source that names chapter and heading."""
    done = carrel.carrel("ask", "What is a Fresnel lens?")

    assert "A Fresnel lens is a lens made of rings of glass that gather light into a beam." in done.stdout
    assert "Lamps and lenses" in done.stdout
    assert "What Is a Fresnel Lens?" in done.stdout
    assert "https://keepers.example/book/ch02-lamps.html#what-is-a-fresnel-lens" in done.stdout


def test_what_the_book_does_not_hold_is_refused(carrel: Carrel) -> None:
    """A question from elsewhere gets no answer, and an exit code that says so."""
    done = carrel.carrel("ask", "Which enzyme splits lactose in yoghurt?", code=3)

    assert "could not find" in done.stdout + done.stderr


def test_status_is_well(carrel: Carrel) -> None:
    """``carrel status`` and the health family agree that everything is well."""
    carrel.carrel("status")

    health = carrel.get("/health").json()

    assert health["status"] == "ok"
    assert set(health["services"]) == {"gateway", "retriever", "chat_ws"}
    assert carrel.get("/health/ready").status_code == 200
    assert httpx.head(carrel.address + "/", trust_env=False).status_code == 200


async def test_a_chat_from_the_protocol_page(carrel: Carrel) -> None:
    """Acknowledged, numbered without a gap, cited exactly, ended once, and stored as it was told."""
    token = await session(carrel.address)
    async with opened(carrel.address, token) as socket:
        frames = await ask(socket, "How often is the wick trimmed?")

    ack, *run = frames
    text, citations = told(run)
    assert ack["type"] == "message-ack"
    assert [frame["sequence_number"] for frame in run] == list(range(1, len(run) + 1))
    assert [frame["type"] for frame in run].count("run-end") == 1
    assert "The wick is trimmed every four hours." in text
    assert citations
    for citation in citations:
        assert text[citation["start"] : citation["end"]] == citation["text"]
    path = f"/v1/conversations/{ack['conversation_id']}/messages"
    question, answer = carrel.get(path, Authorization=f"Bearer {token}").json()["items"]
    assert question["content"] == "How often is the wick trimmed?"
    assert (answer["content"], answer["citations"], answer["status"]) == (text, citations, "completed")
    stranger = await session(carrel.address)
    assert carrel.get(path, Authorization=f"Bearer {stranger}").status_code == 404


async def test_a_run_is_resumed_on_another_socket(carrel: Carrel) -> None:
    """What was told after any number is told again, frame for frame."""
    token = await session(carrel.address)
    async with opened(carrel.address, token) as socket:
        _, *run = await ask(socket, "What does red mean?")
    async with opened(carrel.address, token) as socket:
        await socket.send(json.dumps({"type": "run-resume", "run_id": run[0]["run_id"], "starting_after": 2}))
        again = [json.loads(await socket.recv()) for _ in run[2:]]

    assert again == run[2:]


def test_no_secret_is_told(carrel: Carrel) -> None:
    """Logs and answers hold none of the secrets that were made."""
    carrel.get("/v1/documents", **{"X-API-Key": carrel.admin_key})
    told_outside = carrel.log.read_text() + carrel.get("/health").text + carrel.get("/openapi.json").text

    for path in carrel.layout.secrets.iterdir():
        assert path.read_text().strip() not in told_outside


def test_only_the_owner_writes(carrel: Carrel) -> None:
    """Without the admin key nothing is written; with it, bad documents are refused and leave nothing."""
    url = f"{carrel.address}/v1/documents/new.md"
    key = {"X-API-Key": carrel.admin_key, "Content-Type": "text/markdown"}

    def put(content: bytes, **headers: str) -> httpx.Response:
        return httpx.put(url, content=content, headers=headers, timeout=20, trust_env=False)

    refusals = {
        "no key": put(b"# x", **{"Content-Type": "text/markdown"}).status_code,
        "type": put(b"# x", **(key | {"Content-Type": "image/png"})).status_code,
        "empty": put(b" \n", **key).status_code,
        "undecodable": put(b"\xff\xfe\xfa", **key).status_code,
        "large": put(b"x" * (11 * 1024 * 1024), **key).status_code,
    }

    assert refusals == {"no key": 401, "type": 415, "empty": 422, "undecodable": 422, "large": 413}
    assert carrel.get("/v1/documents/new.md", **{"X-API-Key": carrel.admin_key}).status_code == 404
