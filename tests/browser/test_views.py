"""Pictures of each view, desktop and phone, light and dark, in a folder that is not kept: to be looked at."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chat import Chat
from tests.browser.conftest import SCREENSHOTS
from tests.browser.lighthouse import FACTS
from tests.browser.stack import Stack

WICK = FACTS["lamps.html"]["wick"][1]
FRESNEL = FACTS["lamps.html"]["fresnel"][1]
WATCH = FACTS["keepers.html"]["watch"][1]
ANSWER = f"""{WICK} That takes two keepers:

- {WATCH}
- The other one sleeps, so that **the light never goes out**.

The lamp stands behind a lens. {FRESNEL}

| duty | every |
|---|---|
| trim the wick | 4 hours |
| write the weather | 1 hour |

```sh
lamp --trim-wick --hours 4
```
"""
# One each: what was asked before would be answered from memory.
QUESTIONS = {
    "desktop-light": "How is the light kept burning?",
    "phone-light": "How do they keep the light burning?",
    "desktop-dark": "What keeps the light burning?",
    "phone-dark": "Who keeps the light burning?",
}
SIZES = {"desktop": {"width": 1280, "height": 800}, "phone": {"width": 390, "height": 844}}
LOOKS = [
    pytest.param({"color_scheme": scheme, "viewport": size}, id=f"{name}-{scheme}")
    for scheme in ("light", "dark")
    for name, size in SIZES.items()
]


def look(options: dict[str, Any]) -> str:
    """Return the name of a look, such as ``phone-dark``."""
    size = next(name for name, size in SIZES.items() if size == options["viewport"])
    return f"{size}-{options['color_scheme']}"


def picture(page: Page, view: str, options: dict[str, Any]) -> Path:
    """Take one, and hold that nothing sticks out of the page sideways."""
    SCREENSHOTS.mkdir(exist_ok=True)
    path = SCREENSHOTS / f"{view}-{look(options)}.png"
    page.screenshot(path=path, animations="disabled")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    return path


@pytest.mark.parametrize("options", LOOKS)
def test_the_chat(stack: Stack, page: Page, options: dict[str, Any]) -> None:
    """Empty, answering, answered, a source card, a refusal."""
    page.goto(stack.carrel.address)
    chat = Chat(page)
    expect(chat.question).to_be_enabled()
    picture(page, "chat-empty", options)
    stack.model.write(ANSWER, WICK, WATCH, FRESNEL)
    stack.model.hold(after=60)
    chat.ask(QUESTIONS[look(options)])
    expect(chat.answer).to_contain_text("The other one")
    picture(page, "chat-answering", options)
    stack.model.go()
    chat.whole()
    expect(chat.mark(1).first).to_be_visible()
    picture(page, "chat-answer", options)
    chat.mark(1).first.click()
    expect(page.get_by_role("link", name="Open the passage").first).to_be_visible()
    picture(page, "chat-source", options)
    page.keyboard.press("Escape")
    stack.model.fake.chat = "unavailable"
    chat.ask("Which compiler optimisations does the Zig language enable by default?")
    expect(chat.answer).to_contain_text("Not in these documents")
    chat.whole()
    picture(page, "chat-refused", options)
