"""The watchdog: what hangs is started again, what cannot live ends everything, what is slow is left alone."""

import os
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from cli.supervision.verdicts import CRASHES
from tests.support.system import Carrel, eventually

pytestmark = pytest.mark.system
WIRES = Path(__file__).parents[1] / "support" / "tripwire"


@pytest.fixture
def tripped(own_carrel: Carrel, tmp_path: Path) -> Carrel:
    """A Carrel whose processes can be made to misbehave; not started yet."""
    own_carrel.env |= {
        "PYTHONPATH": str(WIRES),
        "CARREL_TEST_TRIPWIRES": str(tmp_path),
        "EMBEDDING_MODEL_DIR": "none",
    }
    return own_carrel


def said(carrel: Carrel, text: str) -> list[str]:
    """The lines of the log that hold ``text``."""
    return [line for line in carrel.log.read_text().splitlines() if text in line]


def next_of(carrel: Carrel, name: str, pid: int) -> int:
    """Return the process that runs as ``name`` after ``pid``; 0 when Carrel gave up."""

    def there() -> bool:
        return carrel.pids().get(name, pid) != pid

    eventually(lambda: said(carrel, "giving up") or there(), within=30, what=f"another {name}")
    return 0 if said(carrel, "giving up") else carrel.pids().get(name, 0)


def test_a_blocked_loop_and_a_crash_loop(tripped: Carrel, tmp_path: Path) -> None:
    """Blocked, it is replaced within 15 s; one that ends at each start ends all, with 1 and one line."""
    tripped.start(within=90)
    pid = tripped.pids()["chat_ws"]
    os.kill(pid, signal.SIGUSR1)
    eventually(lambda: tripped.pids().get("chat_ws", pid) != pid, within=15, what="chat_ws is replaced")
    assert said(tripped, "chat_ws does not answer and is killed, to be started again")
    eventually(lambda: tripped.get("/health/ready").is_success, within=60, what="ready again")

    (tmp_path / "retriever").touch()
    os.kill(tripped.pids()["retriever"], signal.SIGKILL)

    assert tripped.wait(within=60) == 1
    # Where a start that fails takes longer than a second, it ends ten times within a minute instead.
    [why] = said(tripped, "giving up")
    assert why.startswith("carrel: retriever ended ")
    assert tripped.everything() == []


@pytest.mark.faults
@pytest.mark.parametrize("name", ["gateway", "retriever"])
def test_a_blocked_loop(tripped: Carrel, name: str) -> None:
    """The other services are replaced as well, within 15 s."""
    tripped.start(within=90)
    pid = tripped.pids()[name]
    os.kill(pid, signal.SIGUSR1)

    eventually(lambda: tripped.pids().get(name, pid) != pid, within=15, what=f"{name} is replaced")
    assert said(tripped, f"{name} does not answer and is killed, to be started again")


@pytest.mark.faults
@pytest.mark.parametrize("name", ["gateway", "retriever", "chat_ws"])
def test_a_slow_start_is_no_hang(tripped: Carrel, tmp_path: Path, name: str) -> None:
    """One that takes much longer to start than a hung one is given is left to it, and is well."""
    (tmp_path / name).write_text("20")

    assert tripped.start(within=90) > 20

    assert not said(tripped, "is killed")
    assert tripped.get("/health").json()["status"] == "ok"


@pytest.mark.faults
def test_ends_again_and_again(tripped: Carrel) -> None:
    """Killed as soon as it runs, time and again, it is a crash loop, though every start went well."""
    tripped.start(within=90)
    killed = tripped.pids()["gateway"]
    for _ in range(CRASHES):
        with suppress(ProcessLookupError):
            os.kill(killed, signal.SIGKILL)
        if (killed := next_of(tripped, "gateway", killed)) == 0:
            break

    assert tripped.wait(within=60) == 1
    assert len(said(tripped, "giving up")) == 1
