"""Asking and reading: an answer grows, is cited, stopped, given again, copied and rated."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chat import Chat
from tests.browser.lighthouse import FACTS
from tests.browser.stack import Stack

WICK = FACTS["lamps.html"]["wick"][1]


@pytest.fixture
def chat(stack: Stack, page: Page) -> Chat:
    """The chat page, just opened."""
    page.goto(stack.carrel.address)
    return Chat(page)


def test_an_answer_grows_and_is_cited(stack: Stack, chat: Chat, asked: str) -> None:
    """The beginning is there while the model still writes; then the mark stands behind the very span."""
    stack.model.write(f"In short: {WICK} That is all.", WICK)
    stack.model.hold(after=8)
    chat.ask(asked)
    expect(chat.answer).to_contain_text("In short: The wick is")
    expect(chat.answer).not_to_contain_text("That is all.")
    expect(chat.stop).to_be_visible()
    stack.model.go()
    expect(chat.answer).to_contain_text("That is all.")
    chat.whole()
    cited = chat.answer.locator(".cited")
    assert "".join(cited.all_text_contents()) == WICK
    mark = chat.mark(1)
    assert mark.evaluate("mark => mark.closest('sup').previousSibling.textContent").endswith("the light.")


def test_a_source_opens_at_the_highlighted_paragraph(stack: Stack, chat: Chat, asked: str) -> None:
    """Its card says where it stands and quotes it; the link lands on the paragraph, marked by the browser."""
    stack.model.write(WICK, WICK)
    chat.ask_and_hear(asked, WICK)
    chat.mark(1).click()
    card = chat.page.get_by_role("dialog").filter(has_text="Trimming the wick")
    expect(card).to_contain_text("Lamps")
    expect(card).to_contain_text(WICK)
    with chat.page.context.expect_page() as opened:
        card.get_by_role("link", name="Open the passage").click()
    book = opened.value
    paragraph = book.locator("p", has_text=WICK)
    expect(paragraph).to_be_in_viewport()
    assert book.evaluate("scrollY") > 0
    assert book.evaluate("opener") is None
    plain = chat.page.context.new_page()
    plain.goto(f"{stack.site_address}/lamps.html#wick")
    expect(plain.locator("p", has_text=WICK)).to_be_in_viewport()
    assert paragraph.screenshot() != plain.locator("p", has_text=WICK).screenshot(), "it is not highlighted"


def test_an_answer_is_stopped(stack: Stack, chat: Chat, asked: str) -> None:
    """What was said so far is kept, and so says the page after a reload."""
    stack.model.write(f"In short: {WICK} That is all.")
    stack.model.hold(after=8)
    chat.ask(asked)
    expect(chat.answer).to_contain_text("In short: The wick is")
    chat.stop.click()
    expect(chat.answer).to_contain_text("You stopped this answer.")
    stack.model.go()
    expect(chat.send).to_be_visible()
    chat.page.reload()
    expect(chat.answer).to_contain_text("In short: The wick is")
    expect(chat.answer).to_contain_text("You stopped this answer.")
    expect(chat.answer).not_to_contain_text("That is all.")


def test_an_answer_is_given_again(stack: Stack, chat: Chat, asked: str) -> None:
    """Both answers stay, and one pages between them."""
    stack.model.write(f"First: {WICK}")
    chat.ask_and_hear(asked, "First:")
    stack.model.write(f"Second: {WICK}")
    # The same question over the same index would be answered from memory.
    chat.button("Answer again").click()
    expect(chat.answer).to_contain_text("2 of 2")
    expect(chat.answer).to_contain_text("Second:")
    chat.whole()
    chat.button("Previous answer").click()
    expect(chat.answer).to_contain_text("1 of 2")
    expect(chat.answer).to_contain_text("First:")


@pytest.mark.parametrize("options", [{"permissions": ["clipboard-read", "clipboard-write"]}])
def test_an_answer_is_copied_with_its_sources(stack: Stack, chat: Chat, asked: str) -> None:
    """As Markdown, sources numbered."""
    stack.model.write(f"**Often**: {WICK}", WICK)
    chat.ask_and_hear(asked, "Often")
    chat.button("Copy").click()
    copied: str = chat.page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("**Often**: ")
    assert re.search(r"\[1\].*Trimming the wick", copied, re.DOTALL)


def test_an_answer_is_rated(stack: Stack, chat: Chat, page: Page, asked: str) -> None:
    """With a word to it; both are kept."""
    stack.model.write(WICK, WICK)
    chat.ask_and_hear(asked, WICK)
    chat.button("This does not answer my question").click()
    chat.answer.get_by_role("textbox").fill("Which wick?")
    chat.button("Send").click()
    expect(page.get_by_text("Thanks").first).to_be_attached()
    page.reload()
    pressed = chat.button("This does not answer my question")
    expect(pressed).to_have_attribute("aria-pressed", "true")
    insights: Any = stack.carrel.get("/v1/insights/gaps", **{"x-api-key": stack.carrel.admin_key}).json()
    assert "Which wick?" in str(insights) or asked in str(insights)


def test_what_the_documents_do_not_hold_is_said(stack: Stack, chat: Chat) -> None:
    """Plainly, without a source."""
    stack.model.fake.chat = (
        "unavailable"  # the fake would answer anything; quotations are held to the question
    )
    chat.ask("Which compiler optimisations does the Zig language enable by default?")
    expect(chat.answer).to_contain_text("Not in these documents")
    chat.whole()
    expect(chat.answer.get_by_role("button", name=re.compile("^Source"))).to_have_count(0)


def test_what_was_lacking_is_said(stack: Stack, chat: Chat) -> None:
    """In one plain line."""
    stack.model.fake.chat = "unavailable"
    chat.ask("How long does a watch last?")
    expect(chat.answer).to_contain_text("Please note: the answer is made of quotations")
