"""A browser, the whole of Carrel, and a page for each test, whose errors fail it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, sync_playwright

from tests.browser import chromium
from tests.browser.stack import Stack, running

SCREENSHOTS = Path(__file__).parents[2] / ".screenshots"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all of them."""
    for item in items:
        item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """What drives the browser."""
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """A Chromium."""
    launched = playwright.chromium.launch(executable_path=chromium.found(), args=list(chromium.ARGUMENTS))
    yield launched
    launched.close()


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Carrel and all around it, for the tests that leave it as it was."""
    with running(tmp_path_factory.mktemp("browser")) as stack:
        yield stack


@pytest.fixture
def stack(whole: Stack) -> Iterator[Stack]:
    """The same, its model and its network as at the start."""
    yield whole
    whole.model.reset()
    whole.network.heal()


class Complaints:
    """What pages complained of in their consoles, and errors that nobody caught."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def watch(self, context: BrowserContext) -> None:
        """Listen to all pages of ``context``."""
        context.on("console", self._console)
        context.on("weberror", lambda error: self.said.append(str(error.error)))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(_OF_THE_NETWORK):
            self.said.append(message.text)


# The browser itself says so of every request that fails, also where that is what is tested.
_OF_THE_NETWORK = ("Failed to load resource", "WebSocket connection to")


@pytest.fixture
def complaints() -> Complaints:
    """What the test's pages complain of; a test that expects some empties ``said``."""
    return Complaints()


@pytest.fixture
def options() -> dict[str, Any]:
    """What the test's browser context is made with; parametrize it for another."""
    return {}


@pytest.fixture
def context(browser: Browser, complaints: Complaints, options: dict[str, Any]) -> Iterator[BrowserContext]:
    """A browser context: a visitor of its own."""
    made = browser.new_context(**({"viewport": {"width": 1280, "height": 800}} | options))
    made.set_default_timeout(15_000)
    complaints.watch(made)
    yield made
    made.close()
    assert complaints.said == []


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """An empty page."""
    return context.new_page()


@pytest.fixture
def asked(request: pytest.FixtureRequest) -> str:
    """A question of the test's own: one that was asked before would be answered from memory."""
    words = "".join(letter if letter.isalnum() else " " for letter in request.node.name)
    return f"How often is the wick trimmed, {' '.join(words.split())}?"
