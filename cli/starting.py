"""What any start of Carrel looks at first: the data folder, the settings, the ports.

Whatever is wrong is one line that names the variable, with exit code 2, before anything is started.
"""

import errno
import fcntl
import os
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsError

from cli.supervision.layout import Layout, private_dir
from cli.supervision.services import settings_of
from shared.settings import describe, refuse

_LEFTOVER_WAIT_S = 15.0
_S = TypeVar("_S", bound=BaseSettings)


def take_data_folder(layout: Layout) -> int:
    """Make the data folder and take its lock; return the lock's file descriptor."""
    try:
        layout.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        private_dir(layout.run_dir)
        lock = os.open(layout.lock, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        fix = who_may(Path(str(error.filename)), os.geteuid())
        refuse(f"DATA_DIR: {error.filename}: {error.strerror}; {fix}")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
            refuse(f"DATA_DIR: {layout.data_dir} cannot be locked ({error.strerror}): use a local disk")
        refuse(f"DATA_DIR: {layout.data_dir} is in use by another Carrel; stop that one or set DATA_DIR")
    return lock


def who_may(path: Path, uid: int) -> str:
    """Return what user ``uid`` can do about a ``path`` that cannot be written to."""
    owner = next((owner for one in (path, *path.parents) if (owner := _owner(one)) is not None), uid)
    if owner == uid:
        return "set DATA_DIR to a folder that can be written to"
    return (
        f"this is user {uid}: run as user {owner}, or set DATA_DIR to a folder that user {uid} can write to"
    )


def _owner(path: Path) -> int | None:
    try:
        return path.stat().st_uid
    except OSError:
        return None


def settings(cls: type[_S], program: str, env: Mapping[str, str], layout: Layout) -> _S:
    """Return the settings that ``program`` will read, or end with one line that says what is wrong."""
    try:
        return settings_of(cls, program, env, layout)
    except ValidationError as error:
        refuse(describe(error))
    except SettingsError as error:
        # Of a list or table: its text names the field in quotes, and no value.
        refuse(f"{str(error).split(chr(34))[1].upper()}: is not JSON")


def free_port(variable: str, host: str, port: int, *, leftovers: bool = False) -> None:
    """Refuse a port that is taken; with ``leftovers`` of a killed run, give them time to end."""
    deadline = time.monotonic() + (_LEFTOVER_WAIT_S if leftovers else 0)
    while (problem := port_problem(host, port)) is not None:
        if problem.errno != errno.EADDRINUSE or time.monotonic() >= deadline:
            refuse(f"{variable}: port {port} on {host}: {problem.strerror}; set {variable} to a free port")
        time.sleep(0.1)


def port_problem(host: str, port: int) -> OSError | None:
    """Return why ``port`` cannot be listened on, or None."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((host, port))
        except OSError as error:
            return error
    return None
