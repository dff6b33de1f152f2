"""What backups read of the environment, and what of it they keep.

A backup talks to the database and to the retriever, as the chat service does: it is given the same secrets.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings

from chat_ws.settings import ChatSettings, DatabaseUrl
from cli.supervision import launch
from cli.supervision.layout import Layout
from gateway.settings import GatewaySettings
from retriever.settings import RetrieverSettings
from shared.settings import HttpUrl, Port, ServiceSettings, describe, refuse

_ROOT = Path(__file__).resolve().parents[2]
_WITH_PASSWORD = re.compile(r"://[^/]*@")


class BackupSettings(ServiceSettings):
    """Settings of the program that makes backups, and of the commands."""

    database_url: DatabaseUrl
    retriever_url: HttpUrl | None = None
    retriever_port: Port = 8001
    backup_dir: Path | None = None
    """Where backups are kept, such as a mounted bucket; unset, none are made by themselves."""
    backup_interval_s: Annotated[float, Field(ge=60)] = 3600
    backup_keep: Annotated[int, Field(ge=1, le=1000)] = 24
    backup_restore: Literal["auto", "off"] = "auto"
    """Whether a start with no state of its own begins with the newest backup."""

    @property
    def index_url(self) -> str:
        """Where the retriever is."""
        return self.retriever_url or f"http://127.0.0.1:{self.retriever_port}"


def of_the_server(inherited: Mapping[str, str]) -> BackupSettings:
    """Return the settings of the Carrel whose data folder the environment names, or end the command."""
    data_dir = Path(inherited.get("DATA_DIR") or "data")
    folders = dict.fromkeys((data_dir.absolute(), _ROOT / data_dir))
    layout = next((one for one in map(Layout, folders) if one.secrets.exists()), Layout(data_dir.absolute()))
    env = launch.environment("backup", inherited, layout) | {"DATA_DIR": str(layout.data_dir)}
    if not env.get("INTERNAL_TOKEN"):
        refuse("INTERNAL_TOKEN: none found: set DATA_DIR to the server's data folder, or set INTERNAL_TOKEN")
    given = {name: env[name.upper()] for name in BackupSettings.model_fields if env.get(name.upper())}
    try:
        return BackupSettings(**given)  # type: ignore[arg-type]  # text, which pydantic reads
    except ValidationError as error:
        refuse(describe(error))


def environment() -> dict[str, str]:
    """Return the environment of this process."""
    return dict(os.environ)


def kept(env: Mapping[str, str]) -> dict[str, str]:
    """Return the settings that are set and hold no secret."""
    classes: tuple[type[BaseSettings], ...] = (
        GatewaySettings,
        RetrieverSettings,
        ChatSettings,
        BackupSettings,
    )
    names = {name.upper(): field for cls in classes for name, field in cls.model_fields.items()}
    return {
        name: env[name]
        for name, field in sorted(names.items())
        if env.get(name)
        and "SecretStr" not in repr(field.annotation)
        and not launch.is_secret(name)
        and not _WITH_PASSWORD.search(env[name])
    }
