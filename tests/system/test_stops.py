"""How it ends, and that it begins again where it was."""

import os
import signal
import subprocess
from contextlib import suppress

import httpx
import pytest

from tests.support import book
from tests.support.chat_client import ask, opened, session
from tests.support.system import CARREL, Carrel, eventually

pytestmark = pytest.mark.system


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_everything_cleanly(own_carrel: Carrel, signum: int) -> None:
    """SIGTERM, and Ctrl-C, end every process within 25 s with exit code 0, the database shut down cleanly."""
    own_carrel.start()

    code = own_carrel.stop(signum, within=25)

    assert code == 0
    assert own_carrel.everything() == []
    assert not (own_carrel.layout.postgres / "postmaster.pid").exists()


async def test_a_start_after_a_kill_of_all_recovers(own_carrel: Carrel) -> None:
    """SIGKILL of every process at once loses neither a document nor an acknowledged message."""
    own_carrel.start()
    own_carrel.carrel("ingest", book.write(own_carrel.folder / "book"))
    token = await session(own_carrel.address)
    async with opened(own_carrel.address, token) as socket:
        ack, *_ = await ask(socket, "How long does a watch last?")
    for pid in own_carrel.everything():
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    own_carrel.wait(within=10)

    own_carrel.start()

    path = f"/v1/conversations/{ack['conversation_id']}/messages"
    messages = own_carrel.get(path, Authorization=f"Bearer {token}").json()["items"]
    assert messages[0]["id"] == ack["message_id"]
    assert "5 unchanged" in own_carrel.carrel("ingest", own_carrel.folder / "book").stdout
    assert own_carrel.stop() == 0


def test_a_killed_supervisor_leaves_no_orphan(own_carrel: Carrel) -> None:
    """When only the supervisor is killed, its programs end too, and the next start waits for them."""
    own_carrel.start()
    own_carrel.stop(signal.SIGKILL)

    own_carrel.start()

    assert own_carrel.get("/health").json()["status"] == "ok"
    assert own_carrel.stop() == 0
    eventually(lambda: own_carrel.everything() == [], within=5, what="no process left")


def test_a_data_folder_in_use_is_refused(carrel: Carrel) -> None:
    """A second Carrel on a running one's folder is one line, and the first does not notice."""
    second = carrel.carrel("up", code=2)

    assert second.stderr.count("\n") == 1
    assert "is in use by another Carrel" in second.stderr
    assert carrel.get("/health/ready").status_code == 200


def test_of_two_starts_at_once_one_runs(own_carrel: Carrel) -> None:
    """As the Dev Mode of a Space may make them: the other ends with 2, and one line."""
    command = [str(CARREL), "up"]
    both = [
        subprocess.Popen(
            command,
            env=own_carrel.env,
            cwd=own_carrel.folder,
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
        )
        for _ in range(2)
    ]
    try:
        eventually(lambda: any(one.poll() is not None for one in both), within=40, what="one ends")
        [loser] = [one for one in both if one.poll() is not None]
        [winner] = [one for one in both if one is not loser]
        assert loser.stderr is not None
        assert (loser.returncode, b"is in use by another Carrel" in loser.stderr.read()) == (2, True)

        def ready() -> bool:
            try:
                return own_carrel.get("/health/ready").is_success
            except httpx.TransportError:
                return False

        eventually(ready, within=40, what="the other is ready")
        winner.terminate()
        assert winner.wait(25) == 0
    finally:
        for one in both:
            one.kill()
            one.communicate()


def test_a_hung_process_is_started_again(own_carrel: Carrel) -> None:
    """A process that stands still is killed and started within 15 s."""
    own_carrel.start()
    pid = own_carrel.pids()["retriever"]
    os.kill(pid, signal.SIGSTOP)

    def back() -> bool:
        return own_carrel.pids().get("retriever", pid) != pid and own_carrel.get("/health/ready").is_success

    eventually(back, within=15, what="the hung retriever is started again")
    assert own_carrel.stop() == 0


def test_a_part_that_cannot_live_ends_everything(own_carrel: Carrel) -> None:
    """A database folder of another version ends Carrel with exit code 1 and one line why."""
    own_carrel.start()
    assert own_carrel.stop() == 0
    (own_carrel.layout.postgres / "PG_VERSION").write_text("12\n")

    with pytest.raises(AssertionError, match="giving up"):
        own_carrel.start(within=90)

    assert own_carrel.wait(within=25) == 1
