"""Text that would be a script where it is taken for markup does nothing, wherever it comes from."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import Dialog, Page, Request, expect

from tests.browser.chat import Chat
from tests.browser.payloads import PAYLOADS
from tests.browser.stack import Stack
from tests.support.system import eventually

_WATCH = "window.hits = []; window.hit = (n) => { window.hits.push(n); };"


@contextmanager
def unharmed(page: Page) -> Iterator[None]:
    """Fail if a payload ran, opened a dialog, asked for something elsewhere, or took the page away."""
    asked: list[str] = []
    dialogs: list[str] = []

    def note(request: Request) -> None:
        if "evil.invalid" in request.url:
            asked.append(request.url)

    def refuse(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.context.on("request", note)
    page.on("dialog", refuse)
    page.add_init_script(_WATCH)
    yield
    hits = [hit for frame in page.frames for hit in frame.evaluate("window.hits ?? []")]
    assert (hits, asked, dialogs) == ([], [], [])
    assert len(page.frames) == 1, "an answer brought a frame with it"


class Visitor:
    """The page's visitor, asking over HTTP what would take long by hand."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def ask(self, number: int, content: str) -> str:
        """Ask ``content`` in a new conversation, and return that."""
        body = {"client_message_id": f"00000000-0000-4000-8000-{number:012}", "content": content}
        answer = self._http.post("/v1/messages", json=body, headers={"accept": "application/json"})
        assert answer.status_code == 200, answer.text
        conversation: str = answer.json()["run"]["conversation_id"]
        return conversation


@pytest.fixture
def visitor(stack: Stack, page: Page) -> Iterator[Visitor]:
    """Whoever the page is."""
    page.goto(stack.carrel.address)
    session = "Object.values(localStorage).find((text) => text.includes('visitor_id')) ?? ''"
    eventually(lambda: page.evaluate(session), within=15, what="the page has a session")
    headers = {"authorization": f"Bearer {json.loads(page.evaluate(session))['token']}"}
    with httpx.Client(base_url=stack.carrel.address, headers=headers, timeout=30, trust_env=False) as http:
        yield Visitor(http)


def test_questions_answers_and_titles(stack: Stack, page: Page, visitor: Visitor) -> None:
    """Each payload as a question, as what a model answers to it, and as the title of the conversation."""
    conversations = []
    for number, payload in enumerate(PAYLOADS):
        # In the order in which they stand: a question is answered from memory only if it is the same.
        stack.model.write(f"Begin {number}\n\n{payload}\n\nEnd.", payload)
        conversations.append(visitor.ask(number, payload))
    with unharmed(page):
        page.goto(stack.carrel.address)
        for number, conversation in enumerate(conversations):
            page.goto(f"{stack.carrel.address}/#c={conversation}")
            chat = Chat(page)
            expect(chat.answer).to_contain_text(f"Begin {number}")
            press_all(page, chat)
        page.reload()


def press_all(page: Page, chat: Chat) -> None:
    """Press what an answer made of a payload; links that a reader may follow lead to web pages only."""
    for link in chat.answer.get_by_role("link").all():
        address = link.get_attribute("href") or ""
        assert address.startswith(("http://", "https://"))
        assert "noopener" in (link.get_attribute("rel") or "")
    for pressed in chat.answer.get_by_text("press").all():
        pressed.dispatch_event("click")
    for moved in chat.answer.get_by_text("over").all():
        moved.dispatch_event("mouseover")


@pytest.mark.parametrize("kind", ["text/markdown", "text/html", "text/plain"])
def test_documents(stack: Stack, page: Page, visitor: Visitor, kind: str) -> None:
    """As text, as title and as name of documents that are cited: on the card and in the list of sources."""
    names = ingest(stack, kind, PAYLOADS)
    try:
        stack.model.fake.chat = "unavailable"  # so that the answer is made of the documents' own words
        conversations = [
            visitor.ask(1000 + number, f"What does {words(number)} say?") for number in range(len(PAYLOADS))
        ]
        shown = 0
        with unharmed(page):
            for conversation in conversations:
                page.goto(f"{stack.carrel.address}/#c={conversation}")
                page.reload()
                chat = Chat(page)
                expect(chat.answer).to_be_visible()
                if chat.mark(1).count():
                    chat.mark(1).first.click()
                    expect(page.get_by_role("dialog").first).to_be_visible()
                    shown += 1
        assert shown > len(PAYLOADS) // 2
    finally:
        stack.remove(*names)


def words(number: int) -> str:
    """Words that stand in one document only."""
    return f"zebra{number} quagga{number}"


def ingest(stack: Stack, kind: str, payloads: Sequence[str]) -> list[str]:
    """Put a document for each payload, and return their ids."""
    headers = {"x-api-key": stack.carrel.admin_key, "content-type": kind}
    names = []
    with httpx.Client(base_url=stack.carrel.address, timeout=30, trust_env=False) as http:
        for number, payload in enumerate(payloads):
            name = f"payload-{number}-{payload[:40]}".replace("/", "_").replace("\\", "_")
            body = f"The {words(number)} say this: {payload} and that is what {words(number)} say."
            title = quote(payload.replace("\n", " ")[:150])
            path = f"/v1/documents/{quote(name, safe='')}?title={title}"
            answer = http.put(path, content=body, headers=headers)
            if answer.status_code in (400, 422):  # a name that no document may have
                name = f"payload-{number}"
                answer = http.put(f"/v1/documents/{name}?title={title}", content=body, headers=headers)
            assert answer.status_code in (200, 201, 204), answer.text
            names.append(name)
    return names
