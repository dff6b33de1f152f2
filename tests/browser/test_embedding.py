"""The chat on other sites' pages: as a widget, and in a frame whose storage is blocked."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.browser import chromium
from tests.browser.chat import Chat
from tests.browser.conftest import Complaints
from tests.browser.lighthouse import FACTS
from tests.browser.stack import HTML, Stack
from tests.support.site import Answer

WICK = FACTS["lamps.html"]["wick"][1]
SELECTED = "The keeper polishes the brass on Sundays."


def host_page(stack: Stack, name: str, body: str) -> str:
    """Serve a page of the other site, and return its address."""
    page = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Docs of {name}</title>'
        f"<style>p {{ font: 20px serif; }} button {{ display: none; }}</style></head>"
        f"<body><h1>Docs</h1><p id=text>{SELECTED}</p>{body}</body></html>"
    )
    stack.site.pages[f"/{name}.html"] = Answer(page.encode(), headers=HTML)
    return f"{stack.site_address}/{name}.html"


@pytest.fixture
def host(stack: Stack) -> str:
    """The address of a page of another origin with the widget on it."""
    return host_page(
        stack, "widget", f'<script type="module" src="{stack.carrel.address}/widget.js"></script>'
    )


def test_the_widget_answers(stack: Stack, page: Page, host: str, asked: str) -> None:
    """A button opens the chat; the page's own styles do not reach it, nor the widget's the page."""
    stack.model.write(WICK, WICK)
    page.goto(host)
    launcher = page.get_by_role("button", name="Ask the docs")
    expect(launcher).to_be_visible()
    launcher.click()
    panel = page.get_by_role("dialog", name="Questions about these documents")
    chat = Chat(page, panel)
    expect(chat.question).to_be_focused()
    chat.ask_and_hear(asked, WICK)
    expect(chat.mark(1)).to_be_visible()
    assert page.locator("#text").evaluate("node => getComputedStyle(node).fontSize") == "20px"
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(launcher).to_be_focused()
    assert page.context.cookies() == []
    assert "token" not in page.url


def test_asking_about_selected_text(stack: Stack, page: Page, host: str, asked: str) -> None:
    """A button beside the selection opens the chat with it; it goes to the model beside the question."""
    stack.model.write(WICK, WICK)
    page.goto(host)
    expect(page.get_by_role("button", name="Ask the docs")).to_be_visible()
    page.locator("#text").click(click_count=3)
    page.get_by_role("button", name="Ask about this").click()
    panel = page.get_by_role("dialog", name="Questions about these documents")
    expect(panel.get_by_text(SELECTED)).to_be_visible()
    chat = Chat(page, panel)
    chat.ask_and_hear(asked, WICK)
    bodies = [body for path, body in stack.model.fake.asked if path == "/v2/chat" and body.get("stream")]
    assert SELECTED in bodies[-1]["messages"][-1]["content"]
    assert SELECTED not in json.dumps(bodies[-1]["documents"])


def test_a_page_that_may_not_call_is_told(stack: Stack, page: Page, complaints: Complaints) -> None:
    """The widget comes, and says that questions are not allowed, and what the site's owner has to do."""
    host_page(stack, "foreign", f'<script type="module" src="{stack.carrel.address}/widget.js"></script>')
    # The same server under a name that is not in ALLOWED_ORIGINS.
    page.goto(f"{stack.site.address}/foreign.html")
    page.get_by_role("button", name="Ask the docs").click()
    expect(page.get_by_text("Questions are not allowed from this page.").first).to_be_visible()
    expect(page.get_by_text(f"add {stack.site.address} to ALLOWED_ORIGINS").first).to_be_visible()
    complaints.said.clear()


@pytest.fixture
def strict(playwright: Playwright, tmp_path: Path, complaints: Complaints) -> Iterator[Page]:
    """A page of a browser that blocks third-party cookies, and with them all storage of such frames."""
    preferences = tmp_path / "Default" / "Preferences"
    preferences.parent.mkdir()
    blocked = {"profile": {"cookie_controls_mode": 1, "block_third_party_cookies": True}}
    preferences.write_text(json.dumps(blocked))
    options: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
    context = playwright.chromium.launch_persistent_context(
        tmp_path, executable_path=chromium.found(), args=list(chromium.ARGUMENTS), **options
    )
    complaints.watch(context)
    yield context.new_page()
    context.close()


def test_in_a_frame_of_another_site(stack: Stack, strict: Page, asked: str) -> None:
    """As a Space shows it: in a frame, third-party cookies blocked. It answers, in its own memory."""
    address = host_page(
        stack, "frame", f'<iframe src="{stack.carrel.address}" title="Chat" width=900 height=600></iframe>'
    )
    stack.model.write(WICK, WICK)
    strict.goto(address)
    frame = strict.frame_locator("iframe")
    chat = Chat(strict, frame.locator("body"))
    chat.ask_and_hear(asked, WICK)
    chat.mark(1).click()
    expect(frame.get_by_role("link", name="Open the passage")).to_be_visible()
