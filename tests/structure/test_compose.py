"""compose.yaml: what Carrel's own rules take, pinned, with each secret where it belongs alone."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from pydantic_settings import BaseSettings

from chat_ws.settings import ChatSettings
from cli.apart import NEEDED
from cli.backups.settings import BackupSettings
from cli.supervision.alive import PORTS
from cli.supervision.launch import PROGRAMS, is_secret
from cli.supervision.layout import Layout
from cli.supervision.services import settings_of
from gateway.settings import GatewaySettings
from retriever.settings import RetrieverSettings
from shared import __version__

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "compose.yaml").read_text()
CLASSES: dict[str, type[BaseSettings]] = {
    "gateway": GatewaySettings,
    "retriever": RetrieverSettings,
    "chat_ws": ChatSettings,
    "backup": BackupSettings,
}
_ASKED = re.compile(r"\$\{(\w+)(:[-?])([^}]*)\}")
SET = {
    name: f"{name.lower()}-of-the-tests"
    for name in ("POSTGRES_PASSWORD", "QDRANT_API_KEY", "INTERNAL_TOKEN", "SESSION_SECRET", "ADMIN_API_KEY")
}
"""What the file says must be set."""


def resolved(text: str) -> dict[str, Any]:
    """What compose makes of ``text`` where only what must be set is."""
    filled = _ASKED.sub(lambda asked: SET.get(asked[1]) or asked[3], text)
    found: dict[str, Any] = yaml.safe_load(filled)
    return found


FILE = resolved(TEXT)
SERVICES: dict[str, dict[str, Any]] = FILE["services"]
OURS = {name: one for name, one in SERVICES.items() if "SERVICE" in one.get("environment", {})}


def environment(name: str) -> dict[str, str]:
    """The variables of a container of ours."""
    return {key: str(value or "") for key, value in OURS[name]["environment"].items()}


def test_two_gateways_two_chat_services_one_retriever() -> None:
    """Beside them the engines, and who makes backups."""
    kinds = sorted(environment(name)["SERVICE"] for name in OURS)

    assert kinds == ["backup", "chat_ws", "chat_ws", "gateway", "gateway", "retriever"]
    assert set(SERVICES) - set(OURS) == {"postgres", "redis", "qdrant"}


def test_images_are_pinned() -> None:
    """To a version; ours to the one of this checkout."""
    for name, service in SERVICES.items():
        assert re.fullmatch(r"[\w./-]+:v?\d+\.\d+(\.\d+)?(-[a-z]+)?", service["image"]), name
    assert {OURS[name]["image"] for name in OURS} == {f"carrel:{__version__}"}


@pytest.mark.parametrize("name", OURS)
def test_each_is_told_all_it_needs_and_nothing_unknown(name: str) -> None:
    """Its own settings class takes what it is told; every variable is one of its settings."""
    told = environment(name)
    service = told.pop("SERVICE")

    assert all(told.get(needed) for needed in NEEDED[service])
    settings_of(CLASSES[service], service, told, Layout(Path("/nowhere")))
    assert set(told) <= {field.upper() for field in CLASSES[service].model_fields}


@pytest.mark.parametrize("name", OURS)
def test_each_holds_its_own_secrets_alone(name: str) -> None:
    """None is written down: they come from the env file, and those that must be set have no default."""
    told = environment(name)

    assert {key for key in told if is_secret(key)} <= PROGRAMS[told["SERVICE"]][1]
    for asked, how, default in _ASKED.findall(TEXT):
        if asked in SET:
            assert how == ":?", asked
        elif is_secret(asked):
            assert default == "", asked
    written = yaml.safe_load(TEXT)["services"][name]["environment"]
    assert all(
        "${" in str(written[key])
        for key in written
        if is_secret(key) and key not in ("QDRANT_URL", "REDIS_URL")
    )


def test_they_find_each_other() -> None:
    """Each address names a container and the port it listens on; gateways know every chat service."""
    for name in OURS:
        told = environment(name)
        for address in filter(None, f"{told.get('RETRIEVER_URL', '')},{told.get('CHAT_URL', '')}".split(",")):
            url = urlsplit(address)
            other = environment(url.hostname or "")
            assert url.port == PORTS[other["SERVICE"]][1], address
            assert other["BIND_HOST"] == "0.0.0.0"
        for variable in ("DATABASE_URL", "REDIS_URL", "QDRANT_URL"):
            if variable in told:
                assert urlsplit(told[variable]).hostname in SERVICES
    chats = {name for name in OURS if environment(name)["SERVICE"] == "chat_ws"}
    for name in ("gateway-1", "gateway-2"):
        addresses = environment(name)["CHAT_URL"].split(",")
        assert {urlsplit(address).hostname for address in addresses} == chats


def test_only_gateways_are_reached_from_outside() -> None:
    """Each on a port of its own, which leads to the gateway's."""
    published = {name: one["ports"] for name, one in SERVICES.items() if "ports" in one}

    assert set(published) == {"gateway-1", "gateway-2"}
    assert published == {"gateway-1": ["7860:7860"], "gateway-2": ["7861:7860"]}
    assert PORTS["gateway"][1] == 7860


def test_each_is_watched_and_comes_back() -> None:
    """By a health check and a restart; volumes are declared, roots of ours read-only."""
    for name, service in SERVICES.items():
        assert service["healthcheck"]["test"][0] == "CMD", name
        assert service["restart"] == "unless-stopped", name
        for mount in service.get("volumes", ()):
            assert mount.partition(":")[0] in FILE["volumes"]
        for other, how in service.get("depends_on", {}).items():
            assert other in SERVICES
            assert how == {"condition": "service_healthy"}
    for name, service in OURS.items():
        assert service["read_only"], name
        assert service["tmpfs"] == ["/tmp"]
        assert service["init"]


def test_what_is_to_be_set_stands_in_the_example() -> None:
    """Every name the file asks for is in .env.example."""
    listed = set(re.findall(r"^(\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))

    assert {asked for asked, _, _ in _ASKED.findall(TEXT)} <= listed
