"""An answer goes on, whatever becomes of the page that asked for it."""

import os
import signal

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chat import Chat
from tests.browser.stack import Stack

WORDS = " ".join(f"word{n}" for n in range(60))
ANSWER = f"Beginning {WORDS} end."


@pytest.fixture
def held(stack: Stack) -> Stack:
    """A model that stands still in the middle of its answer."""
    stack.model.write(ANSWER, WORDS)
    stack.model.hold(after=20)
    return stack


def begun(page: Page, address: str, asked: str) -> Chat:
    """Ask, and return when the answer has begun."""
    page.goto(address)
    chat = Chat(page)
    chat.ask(asked)
    expect(chat.answer).to_contain_text("Beginning word0")
    return chat


def whole(chat: Chat) -> None:
    """Hold the answer against what the model wrote: nothing is missing, nothing doubled."""
    # Who has lost the connection waits for up to 15 s between two tries.
    expect(chat.answer).to_contain_text("end.", timeout=20_000)
    chat.whole()
    expect(chat.answer.get_by_text("Beginning word0")).to_have_text(f"{ANSWER.removesuffix(' end.')}1 end.")


def test_a_reload_in_mid_answer(held: Stack, page: Page, asked: str) -> None:
    """The page comes back to the conversation, and the answer goes on."""
    chat = begun(page, held.carrel.address, asked)
    page.reload()
    expect(chat.answer).to_contain_text("Beginning word0")
    expect(chat.stop).to_be_visible()
    held.model.go()
    whole(chat)


def test_a_network_that_is_lost_and_found(held: Stack, page: Page, asked: str) -> None:
    """The page says so while it lasts; what was missed comes afterwards."""
    chat = begun(page, held.network_address, asked)
    held.network.behave(refusing=True)
    held.network.reset()
    expect(page.get_by_text("Not connected").first).to_be_visible()
    held.model.go()
    held.network.heal()
    whole(chat)
    expect(page.get_by_text("Not connected")).to_have_count(0)


def test_a_network_that_falls_silent(held: Stack, page: Page, asked: str) -> None:
    """No connection is closed, nothing comes: the page notices by the heartbeat that does not."""
    chat = begun(page, held.network_address, asked)
    held.network.stall()
    held.model.go()
    expect(page.get_by_text("Not connected").first).to_be_visible(timeout=90_000)
    held.network.heal()
    whole(chat)


def test_a_question_without_a_network(stack: Stack, page: Page, asked: str) -> None:
    """It is sent once there is one, and asked once."""
    stack.model.write(ANSWER, WORDS)
    page.goto(stack.network_address)
    chat = Chat(page)
    expect(chat.question).to_be_enabled()
    stack.network.behave(refusing=True)
    stack.network.reset()
    chat.ask(asked)
    expect(page.get_by_text("Not connected").first).to_be_visible()
    stack.network.heal()
    whole(chat)
    page.reload()
    expect(chat.answers).to_have_count(1)


def test_two_tabs(held: Stack, page: Page, asked: str) -> None:
    """Both follow one run; a visitor is one, however many tabs there are."""
    chat = begun(page, held.carrel.address, asked)
    other = page.context.new_page()
    other.goto(page.url)
    second = Chat(other)
    expect(second.answer).to_contain_text("Beginning word0")
    held.model.go()
    whole(chat)
    whole(second)


def test_a_restart_of_the_chat_service(held: Stack, page: Page, asked: str) -> None:
    """A kill in the middle of an answer: it is cut short, which is said, and can be asked again."""
    chat = begun(page, held.carrel.address, asked)
    os.kill(held.carrel.pids()["chat_ws"], signal.SIGKILL)
    held.model.go()
    expect(chat.answer).to_contain_text("The answer was cut short.", timeout=60_000)
    chat.button("Try again").click()
    whole(chat)
