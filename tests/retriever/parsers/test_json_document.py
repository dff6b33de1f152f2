"""A JSON document says what it is, and what is wrong with it is named field by field."""

import json

import pytest

from retriever.parsers.json_document import parse
from shared.errors import InvalidRequestError


def test_all_that_is_said_is_kept() -> None:
    """Title, url and metadata are the document's own; its text is Markdown."""
    said = {"title": " T ", "url": "/x", "text": "# Head\n\n*Text*.", "metadata": {"lang": "en", "n": [1, 2]}}
    document = parse(json.dumps(said))
    assert (document.title, document.url, document.metadata) == ("T", "/x", {"lang": "en", "n": [1, 2]})
    assert document.text == "Head\n\nText."
    assert document.sections[0].anchor == "head"
    assert parse(json.dumps(said), title="Given").title == "Given"


def test_plain_text_is_left_as_it_is() -> None:
    """With ``media_type`` text/plain no mark is taken for Markdown; the rest may be left out."""
    document = parse('{"text": "# no *heading*", "media_type": "text/plain"}')
    assert (document.text, document.url, document.metadata) == ("# no *heading*", "", {})
    assert parse('{"text": "# One"}').title == "One"


def test_front_matter_says_nothing_beside_the_fields() -> None:
    """What the text says of itself does not stand in for a field that was left out."""
    document = parse(json.dumps({"text": "---\nurl: /y\nlang: de\n---\nText."}))
    assert (document.text, document.url, document.metadata) == ("Text.", "", {})


@pytest.mark.parametrize(
    ("text", "param", "said"),
    [
        ('{"title": "x"}', "text", "text: is missing"),
        ('{"text": 3}', "text", "must be text"),
        ('{"text": "x", "metadata": []}', "metadata", "must be an object"),
        ('{"text": "x", "body": 1}', "body", "known are title, url, text, metadata, media_type"),
        ('{"text": "x", "media_type": "text/html"}', "media_type", "one of text/markdown, text/plain"),
        ('{"text": "x", "media_type": 1}', "media_type", "must be text"),
        ('{"text": "x", "a\\ud800b": 1}', "ab", "is not known"),
        ("[]", None, "must be a JSON object"),
        ("", None, "not JSON: Expecting value"),
        ("9" * 5000, None, "not JSON: it cannot be read"),
        ("[" * 100_000, None, "not JSON: it cannot be read"),
    ],
)
def test_what_is_wrong_is_named(text: str, param: str | None, said: str) -> None:
    """Each refusal names the field and what would be right."""
    with pytest.raises(InvalidRequestError) as caught:
        parse(text)
    assert caught.value.param == param
    assert said in caught.value.detail
