"""The documentation names what the code has: settings, error codes, frames, commands."""

import re
from pathlib import Path

import pytest

from chat_ws.protocol.machine import TABLE
from chat_ws.settings import ChatSettings
from cli.backups.settings import BackupSettings
from cli.main import app
from gateway.settings import GatewaySettings
from retriever.settings import RetrieverSettings
from shared.contracts.chat_ws import FRAME_TYPES
from shared.errors import ERROR_CODES

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
SERVER_FRAMES = (
    "connection-ready",
    "message-ack",
    "run-queued",
    "run-start",
    "search-queries",
    "search-results",
    "message-start",
    "content-delta",
    "citation-start",
    "message-end",
    "run-end",
    "heartbeat",
    "resume-gap",
    "error",
    "pong",
)


def settings() -> list[str]:
    """Return the variable of every setting."""
    classes = (GatewaySettings, RetrieverSettings, ChatSettings, BackupSettings)
    return sorted({name.upper() for cls in classes for name in cls.model_fields})


@pytest.mark.parametrize("name", settings())
def test_each_setting_is_documented(name: str) -> None:
    """Every variable a service reads stands in docs/settings.md."""
    assert f"`{name}`" in (DOCS / "settings.md").read_text()


@pytest.mark.parametrize("code", sorted(ERROR_CODES))
def test_each_error_code_is_documented(code: str) -> None:
    """Every code stands in the API's and in the protocol's page."""
    assert f"`{code}`" in (DOCS / "api.md").read_text()
    assert f"`{code}`" in (DOCS / "chat-protocol.md").read_text()


@pytest.mark.parametrize("name", [*FRAME_TYPES, *SERVER_FRAMES])
def test_each_frame_is_documented(name: str) -> None:
    """Every frame of either side stands in the protocol's page."""
    assert f"`{name}`" in (DOCS / "chat-protocol.md").read_text()


def test_the_protocol_page_shows_the_table_of_the_code() -> None:
    """States, events and what is done about them are the same in the page and in the code."""
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \|", (DOCS / "chat-protocol.md").read_text(), re.MULTILINE)

    assert {(state, event) for state, event in rows} == {
        (state.value, event.__name__) for state, event in TABLE
    }


def test_each_command_is_documented() -> None:
    """Every command of the command line stands in the README or the operator's page."""
    text = (ROOT / "README.md").read_text() + (DOCS / "operations.md").read_text()

    for command in app.registered_commands:
        assert f"carrel {command.name}" in text


def test_links_lead_somewhere() -> None:
    """A relative link in a document names a file that is there."""
    for page in [*ROOT.glob("*.md"), *DOCS.rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def metrics() -> list[str]:
    """Return the name of every metric that a service tells beside its requests."""
    found = []
    for service in ("gateway", "retriever", "chat_ws"):
        for path in (ROOT / service).glob("*.py"):
            told = re.findall(r"metrics\.(gauge|counter|histogram)\(\s*\"(\w+)\"", path.read_text())
            found += [
                f"carrel_{service}_{name}{'_total' if kind == 'counter' else ''}" for kind, name in told
            ]
    return sorted(found)


@pytest.mark.parametrize("name", metrics())
def test_each_metric_is_documented(name: str) -> None:
    """Every metric stands in the operator's page, by its full name or as one that every service tells."""
    text = (DOCS / "operations.md").read_text()
    of_all = re.sub("_(gateway|retriever|chat_ws)_", "_<service>_", name)
    assert f"`{name}`" in text or f"`{of_all}`" in text
