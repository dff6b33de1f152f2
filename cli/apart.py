"""One service of Carrel alone, in a container or a machine of its own: ``carrel up`` with SERVICE.

It becomes the service's own process, which whoever started it watches: no supervisor, no embedded database.
What must be the same for all, or has no default that could be right here, must be set.
"""

import os
import sys
from collections.abc import Mapping
from typing import NoReturn

from chat_ws.settings import ChatSettings
from cli.backups.settings import BackupSettings
from cli.starting import free_port, settings, take_data_folder
from cli.supervision import launch
from cli.supervision.layout import Layout
from gateway.settings import GatewaySettings
from retriever.settings import RetrieverSettings
from shared.settings import refuse

NEEDED: Mapping[str, tuple[str, ...]] = {
    "gateway": ("INTERNAL_TOKEN", "SESSION_SECRET", "ADMIN_API_KEY", "RETRIEVER_URL", "CHAT_URL"),
    "retriever": ("INTERNAL_TOKEN",),
    "chat_ws": ("INTERNAL_TOKEN", "DATABASE_URL", "RETRIEVER_URL"),
    "backup": ("INTERNAL_TOKEN", "DATABASE_URL", "RETRIEVER_URL", "BACKUP_DIR"),
}
"""The services there are, and what each must be told."""


def start(service: str, inherited: Mapping[str, str], layout: Layout) -> NoReturn:
    """Become ``service``, with the environment ``inherited`` but for the secrets of others."""
    if service not in NEEDED:
        refuse(f"SERVICE: must be one of {', '.join(NEEDED)}, or unset for all in one")
    if missing := [name for name in NEEDED[service] if not inherited.get(name)]:
        refuse(
            f"{', '.join(missing)}: must be set where SERVICE is {service}, the same in all its containers"
        )
    env = dict(inherited) | {"DATA_DIR": str(layout.data_dir)}
    if service == "retriever":
        # The index is one process's: a second one on the same folder is refused.
        os.set_inheritable(take_data_folder(layout), True)
    _check(service, env, layout)
    command = [sys.executable, "-m", launch.PROGRAMS[service][0]]
    sys.stdout.flush()
    os.execve(sys.executable, command, launch.environment(service, env, layout))  # noqa: S606 - no shell


def _check(service: str, env: Mapping[str, str], layout: Layout) -> None:
    """Refuse what the service would refuse, and a port that is taken."""
    match service:
        case "gateway":
            gateway = settings(GatewaySettings, service, env, layout)
            free_port("PORT", gateway.host, gateway.port)
        case "retriever":
            retriever = settings(RetrieverSettings, service, env, layout)
            free_port("RETRIEVER_PORT", retriever.bind_host, retriever.retriever_port)
        case "chat_ws":
            chat = settings(ChatSettings, service, env, layout)
            free_port("CHAT_PORT", chat.bind_host, chat.chat_port)
        case _:
            settings(BackupSettings, service, env, layout)
