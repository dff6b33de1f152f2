"""cli.starting: the data folder, settings and ports, each refused with one line."""

import os
import socket
from pathlib import Path

import pytest

from cli.starting import free_port, port_problem, settings, take_data_folder, who_may
from cli.supervision.layout import Layout
from gateway.settings import GatewaySettings
from retriever.settings import RetrieverSettings
from tests.support.ports import free_ports


def test_the_folder_is_made_and_locked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever comes second is refused, until the lock's handle is closed."""
    layout = Layout(tmp_path / "data")

    lock = take_data_folder(layout)

    assert layout.run_dir.is_dir()
    with pytest.raises(SystemExit) as refused:
        take_data_folder(layout)
    assert refused.value.code == 2
    assert "is in use by another Carrel" in capsys.readouterr().err
    os.close(lock)
    os.close(take_data_folder(layout))


def test_what_cannot_be_a_folder_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the path and what to do."""
    (tmp_path / "file").touch()

    with pytest.raises(SystemExit):
        take_data_folder(Layout(tmp_path / "file" / "data"))

    said = capsys.readouterr().err
    assert said.startswith(f"carrel: DATA_DIR: {tmp_path / 'file'}")
    assert "set DATA_DIR to a folder that can be written to" in said


@pytest.mark.parametrize("inside", [".", "deeper/still"])
def test_whose_folder_it_is_stands_in_the_line(inside: str, tmp_path: Path) -> None:
    """A container that runs as another user than its image's says as whom to run it."""
    owner = tmp_path.stat().st_uid

    said = who_may(tmp_path / inside, owner + 4242)

    assert said.startswith(f"this is user {owner + 4242}: run as user {owner}, or set DATA_DIR")
    assert who_may(tmp_path / inside, owner) == "set DATA_DIR to a folder that can be written to"


def test_settings_are_those_the_service_will_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is wrong is named, and no value told."""
    layout, env = Layout(tmp_path), {"INTERNAL_TOKEN": "t" * 32}

    assert settings(RetrieverSettings, "retriever", env, layout).retriever_port == 8001
    with pytest.raises(SystemExit):
        settings(GatewaySettings, "gateway", env | {"SESSION_SECRET": "short"}, layout)
    said = capsys.readouterr().err
    assert "SESSION_SECRET: " in said
    assert "ADMIN_API_KEY: is missing" in said
    assert "short" not in said


def test_a_taken_port_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """By its variable; a free one is not."""
    [port] = free_ports(1)
    free_port("PORT", "127.0.0.1", port)
    with socket.create_server(("127.0.0.1", port)):
        assert port_problem("127.0.0.1", port) is not None
        with pytest.raises(SystemExit):
            free_port("CHAT_PORT", "127.0.0.1", port)
    assert f"carrel: CHAT_PORT: port {port} on 127.0.0.1: " in capsys.readouterr().err


def test_an_address_that_is_not_here_is_no_leftover(capsys: pytest.CaptureFixture[str]) -> None:
    """Only a taken port may become free by waiting."""
    with pytest.raises(SystemExit):
        free_port("PORT", "192.0.2.1", 80, leftovers=True)
    assert "PORT: port 80 on 192.0.2.1" in capsys.readouterr().err
