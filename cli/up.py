"""``carrel up``: checks what can be checked, makes what must be made, and becomes the supervisor.

With SERVICE it becomes that service alone (``cli/apart.py``).
"""

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from chat_ws.settings import ChatSettings
from cli import apart
from cli.backups.folder import Folder
from cli.backups.settings import BackupSettings
from cli.starting import free_port, settings, take_data_folder
from cli.supervision import launch, postgres, secrets
from cli.supervision.layout import Layout
from gateway.settings import GatewaySettings
from retriever.settings import RetrieverSettings
from shared.settings import refuse

CONFIGURATION = Path(__file__).resolve().parent.parent / "supervisord.conf"
_MAX_FILES = 8192


def up() -> NoReturn:
    """Start Carrel in the foreground; ends when it is stopped, with supervisord's exit code."""
    inherited = dict(os.environ)
    layout = Layout(Path(inherited.get("DATA_DIR") or "data").absolute())
    if service := inherited.get("SERVICE"):
        apart.start(service, inherited, layout)
    lock = take_data_folder(layout)
    if not inherited.get("DATABASE_URL") and (problem := postgres.user_problem(layout, os.geteuid())):
        refuse(problem)
    try:
        secrets.ensure(layout, inherited)
    except OSError as error:
        refuse(f"DATA_DIR: {error.filename}: {error.strerror}")
    env = inherited | {"DATA_DIR": str(layout.data_dir)}
    gateway = settings(GatewaySettings, "gateway", env, layout)
    retriever = settings(RetrieverSettings, "retriever", env, layout)
    chat = settings(ChatSettings, "chat_ws", env, layout)
    backups = settings(BackupSettings, "backup", env, layout)
    leftovers = layout.pidfile.exists()
    free_port("PORT", gateway.host, gateway.port, leftovers=leftovers)
    free_port("RETRIEVER_PORT", retriever.bind_host, retriever.retriever_port, leftovers=leftovers)
    free_port("CHAT_PORT", chat.bind_host, chat.chat_port, leftovers=leftovers)
    env |= {
        "PORT": str(gateway.port),
        "RETRIEVER_PORT": str(retriever.retriever_port),
        "CHAT_PORT": str(chat.chat_port),
        "RETRIEVER_URL": env.get("RETRIEVER_URL") or f"http://127.0.0.1:{retriever.retriever_port}",
        "CHAT_URL": env.get("CHAT_URL") or f"http://127.0.0.1:{chat.chat_port}",
        "CARREL_RUN_DIR": str(layout.run_dir),
        "CARREL_PYTHON": sys.executable,
        "CARREL_MINFDS": str(min(resource.getrlimit(resource.RLIMIT_NOFILE)[1], _MAX_FILES)),
        "CARREL_EMBEDDED_POSTGRES": "false" if inherited.get("DATABASE_URL") else "true",
        "CARREL_BACKUPS": "true" if backups.backup_dir else "false",
    }
    if backups.backup_dir:
        env["BACKUP_DIR"] = str(_backup_folder(backups.backup_dir))
        if not inherited.get("SESSION_SECRET"):
            # It is no part of a backup: what was made at the first start is lost with the disk.
            sys.stderr.write("carrel: set SESSION_SECRET, or visitors lose sight of restored conversations\n")
        if backups.backup_restore == "auto":
            _restore(env, layout)
    os.set_inheritable(lock, True)
    command = [sys.executable, "-m", "cli.supervision.supervise", str(lock), str(CONFIGURATION)]
    sys.stdout.flush()
    os.execve(sys.executable, command, env)  # noqa: S606 - no shell is meant


def _backup_folder(path: Path) -> Path:
    """Make the folder for backups, but not what it stands in, and see that it can be written to."""
    try:
        Folder(path).prepare()
    except OSError as error:
        refuse(f"BACKUP_DIR: {path}: {error.strerror}; what it stands in must be there, such as a mount")
    if not os.access(path, os.W_OK):
        refuse(f"BACKUP_DIR: {path} cannot be written to")
    return path.absolute()


def _restore(env: Mapping[str, str], layout: Layout) -> None:
    """Begin with the newest backup where there is no state yet; ends the start where that goes wrong."""
    own = {**launch.environment("retriever", env, layout), **launch.environment("backup", env, layout)}
    # Process 1 of a container gets no signal that it has no handler for.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    done = subprocess.run([sys.executable, "-m", "cli.backups.boot"], env=own, check=False)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if done.returncode != 0:
        sys.exit(done.returncode)
