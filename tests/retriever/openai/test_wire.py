"""What clients of OpenAI send is taken as it is; what would change what they get is refused by name."""

from typing import Any

import pytest
from pydantic import ValidationError

from retriever.openai.wire import CompletionRequest
from shared.contracts.wire import field_path

ASKED: dict[str, Any] = {"model": "carrel", "messages": [{"role": "user", "content": "What is a lens?"}]}


def read(**more: Any) -> CompletionRequest:
    return CompletionRequest.model_validate(ASKED | more)


def test_what_clients_add_is_let_through() -> None:
    """Settings of other models, fields of a later version, and an answer sent back as history."""
    answer: dict[str, Any] = {
        "role": "assistant",
        "content": "A lens.",
        "refusal": None,
        "annotations": [],
        "audio": None,
    }
    body = read(
        messages=[answer, *ASKED["messages"]],
        temperature=0.2,
        top_p=1,
        seed=7,
        user="u",
        stop=["\n"],
        metadata={"a": "b"},
        logit_bias={},
        tool_choice="none",
        service_tier="auto",
        something_new={"x": 1},
        tools=[],
        functions=None,
        n=1,
        response_format={"type": "text"},
        max_tokens=None,
        stream_options={"include_usage": True, "include_obfuscation": False},
    )
    assert [message.text for message in body.messages] == ["A lens.", "What is a lens?"]
    assert body.stream_options is not None
    assert body.stream_options.include_usage


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("one", "one"),
        ([{"type": "text", "text": "one"}, {"type": "text", "text": "two", "cache_control": {}}], "one\ntwo"),
        ([], ""),
        (None, ""),
    ],
)
def test_content_is_text_or_parts_of_text(content: object, text: str) -> None:
    """Both forms mean the same; an assistant that only called tools has none."""
    assert read(messages=[{"role": "user", "content": content}]).messages[0].text == text


IMAGE = {"type": "image_url", "image_url": {"url": "https://x.org/a.png"}}


@pytest.mark.parametrize(
    ("more", "field", "said"),
    [
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "tools", "no tools are called"),
        ({"functions": [{"name": "f"}]}, "functions", "leave this out"),
        ({"n": 2}, "n", "less than or equal to 1"),
        ({"n": True}, "n", "integer"),
        ({"response_format": {"type": "json_object"}}, "response_format.type", "'text'"),
        ({"max_tokens": 0}, "max_tokens", "greater than or equal to 1"),
        ({"max_completion_tokens": "5"}, "max_completion_tokens", "integer"),
        ({"stream": "yes"}, "stream", "boolean"),
        ({"stream_options": {"include_usage": 1}}, "stream_options.include_usage", "boolean"),
        ({"model": ""}, "model", "at least 1"),
        ({"model": None}, "model", "string"),
        ({"messages": []}, "messages", "at least 1"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages.0.role", "'user'"),
        ({"messages": [{"role": "user", "content": 1}]}, "messages.0.content", "string"),
        ({"messages": [{"role": "user", "content": "a\0"}]}, "messages.0.content", "NUL"),
        ({"messages": [{"role": "user", "content": [IMAGE]}]}, "messages.0.content", "only parts"),
        ({"messages": [{"role": "user", "content": ["x"]}]}, "messages.0.content", "TextPart"),
    ],
)
def test_what_is_refused_is_named(more: dict[str, Any], field: str, said: str) -> None:
    """The field and what would be right, not a part of how it was looked for."""
    with pytest.raises(ValidationError) as refused:
        read(**more)
    first = refused.value.errors()[0]
    assert field_path(first["loc"]) == field
    assert said in first["msg"]
