import os
import subprocess
import sys

import pytest

from chat_ws.runs import process

CODE = "import sys; from chat_ws.runs import process; print(process.here(), flush=True); sys.stdin.read()"


def test_a_process_is_gone_when_it_has_ended() -> None:
    """While it lives it is not gone; once it was killed and waited for, it is."""
    here = process.here()
    with subprocess.Popen(
        [sys.executable, "-c", CODE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        there = other.stdout.readline().strip()
        assert there.split(" ")[:-2] == here.split(" ")[:-2]
        assert not process.is_gone(there, seen_from=here)
        other.kill()
    assert process.is_gone(there, seen_from=here)


def test_one_is_never_gone_oneself() -> None:
    """Two replicas in one process are both there."""
    assert not process.is_gone(process.here(), seen_from=process.here())


def test_another_process_under_the_same_number_is_another_one() -> None:
    """Numbers repeat: whoever began at another time is not the one that was meant."""
    *space, pid, started = process.here().split(" ")
    earlier = " ".join([*space, pid, str(int(started) - 1)])
    assert process.is_gone(earlier, seen_from=process.here())


@pytest.mark.parametrize("there", ["", "x", "another-boot pid:[1] 99999999 1", "pid:[1] 99999999 1"])
def test_what_is_not_of_this_machine_is_not_known(there: str) -> None:
    """A process elsewhere, or one that could not tell what it is, is never said to be gone."""
    assert not process.is_gone(there, seen_from=process.here())


def test_a_process_of_another_user_is_not_said_to_be_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """What may not be looked at may live."""

    def refuse(pid: int, signum: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "kill", refuse)
    assert not process.is_gone(process.here(), seen_from=process.here())


def test_without_proc_nothing_is_known(monkeypatch: pytest.MonkeyPatch, tmp_path: os.PathLike[str]) -> None:
    """On such a machine a process is nobody, and nobody is gone."""
    monkeypatch.setattr(process, "_PROC", tmp_path)
    assert process.here() == ""
    assert not process.is_gone("", seen_from="")
