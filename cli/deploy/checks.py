"""The settings of an env file, held against what the services read: before anything is changed on the Hub."""

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from pydantic import ValidationError
from pydantic_settings import BaseSettings

from chat_ws.settings import ChatSettings
from cli.backups.settings import BackupSettings
from cli.deploy.plan import PlanError, Settings
from cli.supervision import launch
from gateway.settings import GatewaySettings
from retriever.settings import RetrieverSettings
from shared.settings import describe

MOUNT = "/data"
"""Where a bucket is mounted."""
_CLASSES: tuple[type[BaseSettings], ...] = (GatewaySettings, RetrieverSettings, ChatSettings, BackupSettings)
_MADE = {
    "INTERNAL_TOKEN": "x" * 32,
    "SESSION_SECRET": "x" * 32,
    "ADMIN_API_KEY": "x" * 32,
    "DATABASE_URL": "postgresql://made@/carrel",
}
"""What a start makes by itself, as far as the services' rules go."""
_OF_THE_PLATFORM = frozenset({"SPACE_HOST"})
_NOT_OUTSIDE_TESTS = frozenset({"FETCH_ALLOW_LOOPBACK"})


def known() -> set[str]:
    """Return the name of every setting that a deployment may have."""
    names = {name.upper() for cls in _CLASSES for name in cls.model_fields}
    return names - _OF_THE_PLATFORM - _NOT_OUTSIDE_TESTS


def is_secret(name: str) -> bool:
    """Return whether ``name`` must not be a variable, which everybody can read."""
    fields = [cls.model_fields[name.lower()] for cls in _CLASSES if name.lower() in cls.model_fields]
    return launch.is_secret(name) or any("SecretStr" in repr(field.annotation) for field in fields)


def check(env: Mapping[str, str], *, app_port: str) -> None:
    """Raise :class:`PlanError` unless a start in a Space would take the settings ``env``."""
    for cls in _CLASSES:
        given: dict[str, Any] = {
            name: value for name in cls.model_fields if (value := (_MADE | dict(env)).get(name.upper()))
        }
        try:
            cls(**given)
        except ValidationError as error:
            raise PlanError(f"in the env file: {describe(error)}") from None
    if env.get("PORT", app_port) != app_port:
        raise PlanError(
            f"PORT: the README's app_port is {app_port}, and the platform looks nowhere else: leave PORT out"
        )
    if "HOST" in env and env["HOST"] != "0.0.0.0":  # noqa: S104 - what a Space needs
        raise PlanError("HOST: leave it out: the platform reaches the Space from outside")
    if _is_below(env.get("DATA_DIR", ""), MOUNT):
        raise PlanError(
            f"DATA_DIR: a bucket at {MOUNT} is no disk: leave DATA_DIR out, and use --bucket for backups"
        )


def check_owner(wanted: Settings, there: Settings) -> None:
    """Raise :class:`PlanError` where nobody would know the owner's key."""
    if "ADMIN_API_KEY" not in wanted.secrets.keys() | there.secrets.keys():
        raise PlanError(
            "ADMIN_API_KEY: set it in the env file, at least 16 characters: in a Space nobody can read the "
            "one that is made at the first start"
        )


def _is_below(path: str, folder: str) -> bool:
    return PurePosixPath(path).is_relative_to(folder)
