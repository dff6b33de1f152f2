"""The settings of all services, read as the services will read them, and what is wrong with them.

The only module of this room that sees the environment. Names are told, values never.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsError

from chat_ws.settings import ChatSettings
from cli.backups.settings import BackupSettings
from cli.doctor.verdicts.variables import advice, form, misspelt
from cli.findings import Finding
from cli.settings import CliSettings
from cli.supervision import secrets
from cli.supervision.layout import Layout
from cli.supervision.services import settings_of
from gateway.settings import GatewaySettings
from retriever.settings import RetrieverSettings
from shared.settings import problems

_S = TypeVar("_S", bound=BaseSettings)
_MADE = "made-at-the-first-start"
_OURS = {"SERVICE", "HF_TOKEN", "HF_ENDPOINT"}
"""Read by something else of Carrel, or reserved."""


@dataclass(frozen=True)
class Configuration:
    """What each service will be told; None where it would refuse to start."""

    layout: Layout
    gateway: GatewaySettings | None
    retriever: RetrieverSettings | None
    chat: ChatSettings | None
    on_space: bool
    """Whether this is a Hugging Face Space."""
    embedded_database: bool


def read(inherited: Mapping[str, str]) -> tuple[Configuration, list[Finding]]:
    """Return the settings that ``inherited``, an environment, makes, and what there is to say of them."""
    layout = Layout(Path(inherited.get("DATA_DIR") or "data").absolute())
    env = _before_the_first_start(inherited, layout)
    findings: list[Finding] = []
    gateway = _settings(GatewaySettings, "gateway", env, layout, findings, inherited)
    retriever = _settings(RetrieverSettings, "retriever", env, layout, findings, inherited)
    chat = _settings(ChatSettings, "chat_ws", env, layout, findings, inherited)
    on_space = bool(inherited.get("SPACE_ID") or inherited.get("SPACE_HOST"))
    embedded = not inherited.get("DATABASE_URL")
    findings += misspelt([name for name, value in inherited.items() if value], known())
    if gateway is not None:
        findings += advice(
            on_space=on_space,
            hops=gateway.trusted_proxy_hops,
            limits=gateway.limits,
            embedded=[
                name for name in ("DATABASE_URL", "QDRANT_URL", "ADMIN_API_KEY") if not inherited.get(name)
            ],
        )
    return Configuration(layout, gateway, retriever, chat, on_space, embedded), findings


def known() -> set[str]:
    """Return every variable there is."""
    classes = (GatewaySettings, RetrieverSettings, ChatSettings, BackupSettings, CliSettings)
    return {name.upper() for cls in classes for name in cls.model_fields} | _OURS


def _before_the_first_start(inherited: Mapping[str, str], layout: Layout) -> dict[str, str]:
    """Return the environment with something for each secret that will be made, where it is not yet."""
    env = dict(inherited)
    for name in secrets.GENERATED:
        try:
            kept = secrets.read(layout, name)
        except (OSError, UnicodeDecodeError):
            kept = ""  # told with the data folder
        if not env.get(name):
            env[name] = kept or _MADE
    return env


def _settings(
    cls: type[_S],
    service: str,
    env: Mapping[str, str],
    layout: Layout,
    findings: list[Finding],
    inherited: Mapping[str, str],
) -> _S | None:
    names = sorted(field.upper() for field in cls.model_fields if inherited.get(field.upper()))
    settings, wrong = None, list[tuple[str, str]]()
    try:
        settings = settings_of(cls, service, env, layout)
    except ValidationError as error:
        wrong = problems(error)
    except SettingsError as error:
        wrong = [(str(error).split('"')[1].upper(), "is not JSON")]
    findings += form(service, names, wrong)
    return settings
