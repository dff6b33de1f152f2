"""XML of strangers is read within bounds, and nothing it names is opened."""

from collections.abc import Mapping

import pytest

from retriever.sources.markup import MAX_DEPTH, MAX_TEXT_CHARS, MarkupError, read

LAUGHS = b"""<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><a>&b;</a>"""
EXTERNAL = b"""<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>"""


class Seen:
    def __init__(self) -> None:
        self.started: list[tuple[tuple[str, ...], dict[str, str]]] = []
        self.ended: list[tuple[tuple[str, ...], str]] = []

    def start(self, path: tuple[str, ...], attributes: Mapping[str, str]) -> None:
        self.started.append((path, dict(attributes)))

    def end(self, path: tuple[str, ...], text: str) -> None:
        self.ended.append((path, text))


def seen(content: bytes) -> Seen:
    found = Seen()
    read(content, found)
    return found


def test_elements_are_told_by_their_local_names() -> None:
    """Namespaces and case make no difference; text is that of the element itself."""
    found = seen(b'<x:A xmlns:x="urn:x" k="v"> one <B>two</B> three <![CDATA[<four>]]></x:A>')
    assert found.started == [(("a",), {"k": "v"}), (("a", "b"), {})]
    assert found.ended == [(("a", "b"), "two"), (("a",), "one  three <four>")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1"])
def test_encodings(encoding: str) -> None:
    """What the declaration says is how it is read."""
    content = f'<?xml version="1.0" encoding="{encoding}"?><a>ä</a>'.encode(encoding)
    assert seen(content).ended == [(("a",), "ä")]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (LAUGHS, "document type"),
        (EXTERNAL, "document type"),
        (b"<!DOCTYPE html><html></html>", "document type"),
        (b"", "no well-formed XML"),
        (b"<a><b></a>", "no well-formed XML"),
        (b"<a>&x;</a>", "no well-formed XML"),
        (b"<a>\xff</a>", "no well-formed XML"),
        (b'<?xml version="1.0" encoding="klingon"?><a/>', "encoding"),
        (b"<a>" * (MAX_DEPTH + 1), "too deep"),
    ],
)
def test_what_is_refused(content: bytes, said: str) -> None:
    """Entities, broken documents, unknown encodings, depths."""
    with pytest.raises(MarkupError, match=said):
        seen(content)


def test_many_elements_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """The number of elements is bounded."""
    monkeypatch.setattr("retriever.sources.markup.MAX_ELEMENTS", 10)
    with pytest.raises(MarkupError, match="too many"):
        seen(b"<a>" + b"<b/>" * 20 + b"</a>")


def test_long_text_is_cut() -> None:
    """What is held of one element is bounded."""
    (_, text), *_ = seen(b"<a>" + b"<!-- -->xyz" * 100_000 + b"</a>").ended
    assert MAX_TEXT_CHARS <= len(text) < 2 * MAX_TEXT_CHARS
