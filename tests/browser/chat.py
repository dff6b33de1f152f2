"""The chat as a visitor sees it: found by what is written and said, as far as that goes."""

import re

from playwright.sync_api import Locator, Page, expect


class Chat:
    """The chat element on a page, or in a frame of it."""

    def __init__(self, page: Page, inside: Locator | None = None) -> None:
        self.page = page
        self._inside = inside if inside is not None else page.locator("body")

    @property
    def question(self) -> Locator:
        """Where questions are written."""
        return self._inside.get_by_role("textbox", name="Your question")

    @property
    def send(self) -> Locator:
        """What sends the question."""
        return self._inside.get_by_role("button", name="Send", exact=True)

    @property
    def stop(self) -> Locator:
        """What stops an answer."""
        return self._inside.get_by_role("button", name="Stop", exact=True)

    @property
    def answers(self) -> Locator:
        """All answers."""
        return self._inside.locator("carrel-answer")

    @property
    def answer(self) -> Locator:
        """The last answer."""
        return self.answers.last

    def ask(self, question: str) -> None:
        """Write a question and send it."""
        self.question.fill(question)
        self.question.press("Enter")

    def ask_and_hear(self, question: str, beginning: str) -> Locator:
        """Ask, and return the answer once it is whole."""
        before = self.answers.count()
        self.ask(question)
        expect(self.answers).to_have_count(before + 1)
        expect(self.answer).to_contain_text(beginning)
        self.whole()
        return self.answer

    def whole(self) -> None:
        """Wait until no answer is being given."""
        expect(self.stop).to_have_count(0)
        expect(self.answer.locator("[aria-busy=true]")).to_have_count(0)

    def mark(self, number: int) -> Locator:
        """The mark of a source in the last answer."""
        return self.answer.get_by_role("button", name=re.compile(f"^Source {number}: "))

    def button(self, name: str) -> Locator:
        """A button of the last answer."""
        return self.answer.get_by_role("button", name=name, exact=True)
