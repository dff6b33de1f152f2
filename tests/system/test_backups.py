"""A backup of one Carrel, restored in an empty one: the same conversations, the same answers."""

import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support import book
from tests.support.chat_client import ask, opened, session
from tests.support.postgres import PostgresServer
from tests.support.system import CARREL, Carrel, eventually

pytestmark = pytest.mark.system
SECRET = {"SESSION_SECRET": "the same for all that serve these visitors"}
QUESTIONS = ("What is a Fresnel lens?", "How often is the wick trimmed?", "What does red mean?")
Stacks = Callable[..., Carrel]


@pytest.fixture
def stacks(tmp_path: Path) -> Iterator[Stacks]:
    """What starts another Carrel in a folder of its own, with one secret for all."""
    made: list[Carrel] = []

    def start(name: str, **variables: str) -> Carrel:
        (tmp_path / name).mkdir(exist_ok=True)
        made.append(Carrel(tmp_path / name, **SECRET, **variables))
        made[-1].start()
        return made[-1]

    try:
        yield start
    finally:
        for carrel in made:
            carrel.close()


async def talk(carrel: Carrel) -> str:
    """Take the book in, ask about it, and return the visitor's token."""
    carrel.carrel("ingest", book.write(carrel.folder / "book"), "--base-url", "https://keepers.example/book/")
    token = await session(carrel.address)
    async with opened(carrel.address, token) as socket:
        for question in QUESTIONS[:2]:
            await ask(socket, question)
    return token


def conversations(carrel: Carrel, token: str) -> list[Any]:
    """Everything that the visitor finds."""
    headers = {"Authorization": f"Bearer {token}"}
    listed = carrel.get("/v1/conversations", **headers).json()["items"]
    assert listed
    paths = [f"/v1/conversations/{one['id']}/messages" for one in listed]
    return [listed, *(carrel.get(path, **headers).json()["items"] for path in paths)]


def answers(carrel: Carrel) -> list[Any]:
    """What is answered to each question, with its citations."""
    found = []
    for question in QUESTIONS:
        body = {"messages": [{"role": "user", "content": question}]}
        headers = {"X-API-Key": carrel.admin_key}
        url = f"{carrel.address}/v1/answer"
        answer = httpx.post(url, json=body, headers=headers, timeout=30, trust_env=False).json()
        assert answer["citations"], question
        found.append({key: answer[key] for key in ("answer", "citations", "finish_reason")})
    return found


async def test_there_and_back(stacks: Stacks, tmp_path: Path) -> None:
    """From embedded engines into an empty Carrel on a database of one's own, and from there back."""
    backups = tmp_path / "backups"
    managed = PostgresServer(tmp_path / "managed")
    managed.start()
    try:
        one = stacks("one")
        token = await talk(one)
        before = conversations(one, token), answers(one)
        one.carrel("backup", backups)
        two = stacks("two", DATABASE_URL=managed.url())
        done = two.carrel("restore", backups)
        assert "restored 2 conversations with 4 messages" in done.stdout
        assert (conversations(two, token), answers(two)) == before
        async with opened(two.address, token) as socket:
            await ask(socket, QUESTIONS[2])
        grown = conversations(two, token)
        assert len(grown[0]) == 3
        assert "already" in two.carrel("restore", backups, code=2).stderr
        two.carrel("backup", backups)
        three = stacks("three")
        three.carrel("restore", backups)
        assert (conversations(three, token), answers(three)) == (grown, before[1])
        one.carrel("restore", backups, "--replace")
        assert (conversations(one, token), answers(one)) == (grown, before[1])
        for carrel in (one, two, three):
            carrel.close()
    finally:
        managed.stop()


async def test_on_schedule_and_at_the_first_start(stacks: Stacks, tmp_path: Path) -> None:
    """What was backed up by itself is there when the disk is lost; where there is state, it stays."""
    backups = tmp_path / "backups"
    one = stacks("one")
    token = await talk(one)
    before = conversations(one, token), answers(one)
    one.close()
    one = stacks("one", BACKUP_DIR=str(backups))
    eventually(lambda: list(backups.glob("*.manifest.json")), within=30, what=one.log.read_text()[-2000:])
    assert "nothing is restored" not in one.log.read_text()
    one.close()
    (backups / "carrel-20991231T000000Z.index.gz").write_bytes(b"a later one, that was never finished")
    two = stacks("two", BACKUP_DIR=str(backups))
    assert "restored 2 conversations, 4 messages" in two.log.read_text()
    assert (conversations(two, token), answers(two)) == before
    assert len(list(backups.glob("*.manifest.json"))) == 1
    async with opened(two.address, token) as socket:
        await ask(socket, QUESTIONS[2])
    two.stop(signal.SIGKILL)
    eventually(lambda: not two.everything(), within=20, what="everything ends")
    two = stacks("two", BACKUP_DIR=str(backups))
    assert len(conversations(two, token)[0]) == 3


async def test_backups_without_a_good_one(own_carrel: Carrel, tmp_path: Path) -> None:
    """The start is refused rather than begun anew beside them, and one line says what to do."""
    backups = tmp_path / "backups"
    backups.mkdir()
    (backups / "carrel-20261127T120000Z.manifest.json").write_text("{")
    own_carrel.env["BACKUP_DIR"] = str(backups)
    done = own_carrel.carrel("up", code=2)
    assert "BACKUP_DIR: no backup can be restored: carrel-20261127T120000Z: its manifest is" in done.stderr
    assert "BACKUP_RESTORE=off" in done.stderr
    own_carrel.env["BACKUP_RESTORE"] = "off"
    own_carrel.start()
    own_carrel.stop()
    own_carrel.env["BACKUP_DIR"] = str(tmp_path / "not-mounted" / "backups")
    assert "BACKUP_DIR: " in own_carrel.carrel("up", code=2).stderr


def test_a_killed_backup_is_none(carrel: Carrel, own_carrel: Carrel, tmp_path: Path) -> None:
    """Kill -9 in the middle leaves files, none of which a restore takes; the next backup is whole."""
    backups = tmp_path / "backups"
    retriever = carrel.pids()["retriever"]
    signalled = subprocess.run(["kill", "-STOP", str(retriever)], check=False)
    try:
        assert signalled.returncode == 0
        with subprocess.Popen([CARREL, "backup", backups], env=carrel.env, cwd=carrel.folder) as process:
            eventually(lambda: list(backups.glob("*.index.gz")), within=20, what="the middle of a backup")
            process.kill()
    finally:
        subprocess.run(["kill", "-CONT", str(retriever)], check=False)
    assert list(backups.glob("*.conversations.gz"))
    assert not list(backups.glob("*.manifest.json"))
    own_carrel.start()
    assert "holds no backup" in own_carrel.carrel("restore", backups, code=2).stderr
    carrel.carrel("backup", backups)
    own_carrel.carrel("restore", backups)
    assert answers(own_carrel) == answers(carrel)
