"""Every view can be used by everybody: axe finds nothing, the keyboard reaches all, changes are told once."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chat import Chat
from tests.browser.lighthouse import FACTS
from tests.browser.stack import Stack
from tests.support.system import eventually

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_LISTEN = """() => {
    window.told = [];
    const regions = "[aria-live]:not([aria-live=off]), [role=status], [role=alert], [role=log]";
    const listen = (root) => {
        for (const { shadowRoot } of root.querySelectorAll("*")) if (shadowRoot) listen(shadowRoot);
        for (const region of root.querySelectorAll(regions)) {
            new MutationObserver(() => window.told.push(region.textContent.trim().slice(0, 60)))
                .observe(region, { childList: true, subtree: true, characterData: true });
        }
    };
    listen(document);
}"""
ARABIC = (
    "\u064a\u064f\u0642\u0635 \u0627\u0644\u0641\u062a\u064a\u0644 "
    "\u0643\u0644 \u0623\u0631\u0628\u0639 \u0633\u0627\u0639\u0627\u062a."
)
"""The wick is trimmed every four hours."""
WICK = FACTS["lamps.html"]["wick"][1]
LOOKS = [
    pytest.param({"color_scheme": scheme, "viewport": size}, id=f"{scheme}-{name}")
    for scheme in ("light", "dark")
    for name, size in {
        "desktop": {"width": 1280, "height": 800},
        "phone": {"width": 320, "height": 700},
    }.items()
]


def violations(page: Page) -> list[str]:
    """Return what axe-core has against the page as it is, each with the places."""
    page.evaluate(AXE.read_text("utf-8"))
    run = "rules => axe.run(document, {runOnly: {type: 'tag', values: rules}})"
    found: list[dict[str, Any]] = page.evaluate(run, RULES)["violations"]
    return [f"{rule['id']}: {rule['help']} {[node['target'] for node in rule['nodes']]}" for rule in found]


@pytest.mark.parametrize("options", LOOKS)
def test_the_chat(stack: Stack, page: Page, asked: str) -> None:
    """Empty, while answering, with an answer, its source card, the list of conversations, a dialog."""
    stack.model.write(
        f"In short: {WICK}\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```sh\nls\n```", WICK
    )
    page.goto(stack.carrel.address)
    chat = Chat(page)
    expect(chat.question).to_be_enabled()
    assert violations(page) == []
    stack.model.hold(after=10)
    chat.ask(asked)
    expect(chat.answer).to_contain_text("In short")
    assert violations(page) == []
    stack.model.go()
    chat.whole()
    assert violations(page) == []
    chat.mark(1).click()
    expect(page.get_by_role("link", name="Open the passage")).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Open the passage")).to_be_hidden()


def test_all_of_it_by_keyboard(stack: Stack, page: Page, asked: str) -> None:
    """Ask, walk to the mark, open the card, follow its link: no mouse."""
    stack.model.write(WICK, WICK)
    page.goto(stack.carrel.address)
    chat = Chat(page)
    expect(chat.question).to_be_enabled()
    page.keyboard.press("/")
    expect(chat.question).to_be_focused()
    page.keyboard.type(asked)
    page.keyboard.press("Enter")
    expect(chat.answer).to_contain_text("every four hours")
    chat.whole()
    for _ in range(40):
        page.keyboard.press("Shift+Tab")
        if chat.mark(1).evaluate("mark => mark === mark.getRootNode().activeElement"):
            break
    else:
        pytest.fail("the mark cannot be reached")
    page.keyboard.press("Enter")
    link = page.get_by_role("link", name="Open the passage")
    expect(link).to_be_visible()
    page.keyboard.press("Escape")
    expect(link).to_be_hidden()
    expect(chat.mark(1)).to_be_focused()


def test_a_reader_is_told_once(stack: Stack, page: Page, asked: str) -> None:
    """A live region says that the answer is there, and not every word as it comes."""
    stack.model.write(" ".join(f"word{n}" for n in range(200)), "word0 word1 word2")
    page.goto(stack.carrel.address)
    chat = Chat(page)
    expect(chat.question).to_be_enabled()
    page.evaluate(_LISTEN)
    chat.ask(asked)
    expect(chat.answer).to_contain_text("word199")
    chat.whole()
    # The driver's own waiting would evaluate text, which the page's policy forbids.
    said = "window.told.some((text) => text.includes('Answer ready'))"
    eventually(lambda: page.evaluate(said), within=15, what="the answer was announced")
    told: list[str] = page.evaluate("window.told")
    assert len([text for text in told if "word" in text]) <= 2, told


@pytest.mark.parametrize("options", [{"locale": "ar", "viewport": {"width": 390, "height": 800}}])
def test_right_to_left(stack: Stack, page: Page, asked: str) -> None:
    """Arabic stands at the right, and nothing sticks out of a phone's page."""
    stack.model.write(ARABIC, ARABIC)
    page.goto(stack.carrel.address)
    chat = Chat(page)
    answer = chat.ask_and_hear(asked, ARABIC[:5])
    paragraph = answer.locator(".text p").first
    assert paragraph.evaluate("node => getComputedStyle(node).direction") == "rtl"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
