"""The owner's desk: from the first file to the first answer, and what else an owner looks at."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chat import Chat
from tests.browser.payloads import PAYLOADS
from tests.browser.stack import Stack
from tests.browser.test_access import LOOKS, violations
from tests.browser.test_views import picture

VIEWS = ("Documents", "Sources", "Search", "Health", "Usage", "Insights")
ZEBRAS = "A zebra at the station eats oats at noon, and hay at night."


def sign_in(stack: Stack, page: Page) -> None:
    """Open the desk and sign in."""
    page.goto(f"{stack.carrel.address}/admin")
    page.get_by_label("Admin key").fill(stack.carrel.admin_key)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Documents").first).to_be_visible()


@pytest.fixture
def zebras(tmp_path: Path, stack: Stack) -> Iterator[Path]:
    """A document that is not in the index; it is gone again afterwards."""
    path = tmp_path / "zebras.md"
    path.write_text(f"# Zebras\n\n{ZEBRAS}\n")
    yield path
    stack.remove("zebras.md")


def test_a_wrong_key(stack: Stack, page: Page) -> None:
    """It is said, and nothing is kept of it."""
    page.goto(f"{stack.carrel.address}/admin")
    page.get_by_label("Admin key").fill("not-the-key")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("This is not the admin key of this Carrel.")).to_be_visible()
    assert page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])").count("not-the-key") == 0


def test_from_a_file_to_an_answer(stack: Stack, page: Page, zebras: Path) -> None:
    """A file is chosen, its progress shown, it is in the list; a visitor's question is answered from it."""
    sign_in(stack, page)
    page.locator("input[type=file]").first.set_input_files(zebras)
    expect(page.get_by_text("1 of 1 done: 1 added")).to_be_visible()
    expect(page.get_by_text("Zebras").first).to_be_visible()
    visitor = page.context.new_page()
    visitor.goto(stack.carrel.address)
    chat = Chat(visitor)
    answer = chat.ask_and_hear("What does a zebra at the station eat at noon?", "oats")
    expect(answer.get_by_role("button", name="Source 1: Zebras")).to_be_visible()
    assert stack.carrel.admin_key not in page.url
    assert stack.carrel.admin_key not in page.evaluate("JSON.stringify({...localStorage})")


def test_a_file_that_is_refused(stack: Stack, page: Page, tmp_path: Path) -> None:
    """It is named, with the reason; the others go on."""
    wrong = tmp_path / "picture.png"
    wrong.write_bytes(b"\x89PNG")
    sign_in(stack, page)
    page.locator("input[type=file]").first.set_input_files(wrong)
    expect(page.get_by_text("1 file was not sent")).to_be_visible()
    expect(page.get_by_text("no kind of document that Carrel reads")).to_be_visible()


@pytest.mark.parametrize("options", LOOKS)
def test_every_view(stack: Stack, page: Page, options: dict[str, Any]) -> None:
    """Each can be used by everybody: axe finds nothing, nothing sticks out."""
    page.goto(f"{stack.carrel.address}/admin")
    expect(page.get_by_label("Admin key")).to_be_visible()
    assert violations(page) == []
    sign_in(stack, page)
    for view in VIEWS:
        page.get_by_role("link", name=view, exact=True).click()
        expect(page.get_by_role("heading", name=view).first).to_be_visible()
        page.wait_for_load_state("networkidle")
        assert (view, violations(page)) == (view, [])
        if options["viewport"]["width"] > 320:
            picture(page, f"desk-{view.lower()}", options)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), view


def test_names_and_titles_are_text(stack: Stack, page: Page, tmp_path: Path) -> None:
    """Payloads as names of files that are uploaded, and as titles: shown as they are written."""
    page.add_init_script("window.hits = []; window.hit = (n) => { window.hits.push(n); };")
    files = []
    for number, payload in enumerate(PAYLOADS):
        safe = "".join("_" if letter in "/\\\x00\n\t" else letter for letter in payload)[:60]
        path = tmp_path / f"{number}{safe}.md"
        path.write_text(f"# {payload}\n\nText of payload {number}.\n")
        files.append(path)
    sign_in(stack, page)
    page.locator("input[type=file]").first.set_input_files(files)
    expect(page.get_by_text("Uploads ended").first).to_be_attached(timeout=120_000)
    page.reload()
    assert page.evaluate("window.hits") == []
    stack.remove(*(path.name for path in files))
