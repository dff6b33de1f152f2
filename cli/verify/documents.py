"""Puts a small document there as the owner, so that there is something to ask about, and removes it again."""

from dataclasses import dataclass, replace
from uuid import uuid4

from cli.findings import Finding
from cli.verify.outside import Outside, Seen
from cli.verify.verdicts.lines import DOCUMENTS, finding

FOLDER = "carrel-verify"
QUESTION = "How long does the amber verification lamp of Carrel burn?"
GENERAL = "What is this documentation about?"
_TEXT = """# The amber verification lamp

The amber verification lamp of Carrel burns for ninety-one minutes. It is lit by `carrel verify` to see
whether a document is taken in, found, cited and removed again; this document may be deleted at any time.
"""


@dataclass
class Probe:
    """The document of one verification."""

    outside: Outside
    id: str = ""
    put: bool = False
    """Whether it is there."""
    wrong: str = ""

    def __post_init__(self) -> None:
        self.id = self.id or f"{FOLDER}/{uuid4().hex}.md"

    def begin(self) -> None:
        """Put it there, read it, search it."""
        path = f"/v1/documents/{self.id}"
        headers = {"content-type": "text/markdown"}
        stored = self.outside.ask("PUT", path, owner=True, headers=headers, content=_TEXT.encode())
        if stored.status != 201:
            self.wrong = f"PUT answers {_said(stored)}"
            return
        self.put = True
        read = self.outside.ask("GET", path, owner=True)
        found = self.outside.ask(
            "POST", "/v1/search", owner=True, json={"query": QUESTION, "limit": 20, "rerank": False}
        )
        passages = found.told.get("passages")
        ids = [passage.get("document_id") for passage in passages] if isinstance(passages, list) else []
        if read.status != 200:
            self.wrong = f"GET answers {_said(read)}"
        elif self.id not in ids:
            self.wrong = f"it is not found by a search for its own words ({_said(found)})"

    def end(self) -> Finding:
        """Remove it, and return the line of the owner's API."""
        if not self.outside.key:
            told = "not tried: there is no owner's key"
            return finding(DOCUMENTS, "yellow", told, "give it as --key or ADMIN_API_KEY")
        if self.put:
            path = f"/v1/documents/{self.id}"
            removed = self.outside.ask("DELETE", path, owner=True)
            gone = self.outside.ask("GET", path, owner=True)
            if removed.status not in (200, 204) or gone.status != 404:
                self.wrong = self.wrong or f"DELETE answers {_said(removed)}, and GET then {_said(gone)}"
        if self.wrong:
            found = finding(DOCUMENTS, "red", self.wrong, _fix(self.wrong, self.id if self.put else ""))
            # A refused key follows from nothing else.
            return replace(found, needs=()) if _refused(self.wrong) else found
        return finding(DOCUMENTS, "green", "put there, read, found, and removed again")


def _said(seen: Seen) -> str:
    code = seen.told.get("code", "")
    return f"HTTP {seen.status} {code}".strip() if seen.status else f"nothing ({seen.error})"


def _refused(wrong: str) -> bool:
    return "HTTP 401" in wrong or "HTTP 403" in wrong


def _fix(wrong: str, left: str) -> str:
    if _refused(wrong):
        return "the key is not this deployment's: give its ADMIN_API_KEY"
    return f"see the log; then delete the document {left}" if left else "see the log"
