"""What comes over HTTP is bounded and checked before it is a document."""

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import pytest
from starlette.requests import Request

from retriever.documents.preparation import Submission
from retriever.documents.submissions import MAX_ID_CHARS, document_id, read_submission
from shared.errors import InvalidRequestError, TooLargeError, UnsupportedMediaTypeError


def request(chunks: Sequence[bytes] = (b"text",), query: str = "", **headers: str) -> Request:
    pending = list(chunks)

    async def receive() -> dict[str, Any]:
        body = pending.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(pending)}

    given = {"content-type": "text/plain"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    raw = [(name.encode(), value.encode()) for name, value in given.items()]
    return Request({"type": "http", "method": "PUT", "headers": raw, "query_string": query.encode()}, receive)


@pytest.mark.parametrize(
    "value", ["a", "ch04-01-what.md", "guide/intro.md", "a b/ü.txt", "x" * MAX_ID_CHARS, "..a"]
)
def test_names_and_paths_are_ids(value: str) -> None:
    """An id is a name or a path of names."""
    assert document_id(value) == value


@pytest.mark.parametrize(
    "value",
    [
        "",
        "x" * (MAX_ID_CHARS + 1),
        "a\nb",
        "a\x00",
        "a\u200bb",
        "\u202ea",
        "../a",
        "a/../b",
        "a/./b",
        "a//b",
        "/a",
    ],
)
def test_other_ids_are_refused(value: str) -> None:
    """What is empty, too long, hidden or leads elsewhere is no id."""
    with pytest.raises(InvalidRequestError) as caught:
        document_id(value)
    assert caught.value.param == "id"


async def test_a_submission_is_what_was_sent() -> None:
    """Body, media type and charset are taken as they come, in any number of pieces."""
    given = request([b"one ", b"two"], content_type="text/markdown; charset=latin-1")
    assert await read_submission(given, limit=100) == Submission(
        b"one two", "text/markdown", "latin-1", "", "", {}
    )


async def test_headers_and_query_say_what_the_document_is() -> None:
    """Headers are percent-encoded; the query wins over them; hidden characters are taken out of a title."""
    metadata = json.dumps({"lang": "en"})
    given = request(
        query="url=https%3A%2F%2Fx.org%2Fquery",
        x_document_title=quote("Ünder\u200bground"),
        x_document_url="https://x.org/header",
        x_document_metadata=quote(metadata),
    )
    submission = await read_submission(given, limit=9)
    assert submission.title == "Ünderground"
    assert submission.url == "https://x.org/query"
    assert submission.metadata == {"lang": "en"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("title", "x" * 501),
        ("url", "javascript:alert(1)"),
        ("metadata", "{"),
        ("metadata", "[1]"),
        ("metadata", "[" * 100_000),
        ("metadata", '{"a": {"deep": 1}}'),
        ("metadata", '{"a": NaN}'),
        ("metadata", json.dumps({"a": "x" * 40_000})),
    ],
)
async def test_what_cannot_be_said_is_refused(name: str, value: str) -> None:
    """A title, url or metadata out of bounds is refused by its name."""
    with pytest.raises(InvalidRequestError) as caught:
        await read_submission(request(query=f"{name}={quote(value)}"), limit=9)
    assert str(caught.value.param).startswith(name)


async def test_the_size_is_counted_while_it_comes() -> None:
    """A body over the limit is refused by its declared length, and without one as soon as it is over."""
    with pytest.raises(TooLargeError, match="8 bytes"):
        await read_submission(request([], content_length="9"), limit=8)
    endless = request([b"12345", b"6789", b"never read"])
    with pytest.raises(TooLargeError):
        await read_submission(endless, limit=8)
    assert (await read_submission(request([b"12345678"]), limit=8)).content == b"12345678"


async def test_an_unknown_media_type_is_refused_before_the_body() -> None:
    """The body of a document that cannot be read is not waited for."""
    with pytest.raises(UnsupportedMediaTypeError):
        await read_submission(request([], content_type="application/msword"), limit=8)
