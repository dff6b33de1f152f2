"""Answers given before are found under the very same question only, and the store is bounded."""

from typing import Any

from retriever.cache import AnswerCache, cache_key
from shared.contracts.retriever import AnswerRequest, ContentDelta, Delta, MessageStart


def key(*texts: str, model: str = "m", index_version: str = "1", **more: Any) -> str:
    turns = [{"role": "assistant" if at % 2 else "user", "content": text} for at, text in enumerate(texts)]
    request = AnswerRequest.model_validate({"messages": turns, **more})
    return cache_key(request, model=model, index_version=index_version)


def test_what_makes_two_questions_the_same() -> None:
    """Case, width and white space do not count; turns before, filters, context, model and index do."""
    same = key("What is  X?")
    assert key(" what is x? ") == key("Ｗhat is X?") == same
    assert key("What is X?", stream=True) == same
    others = [
        key("What is Y?"),
        key("Hello", "Hi", "What is X?"),
        key("Hello", "Hi there", "What is X?"),
        key("What is X?", filters={"lang": "en"}),
        key("What is X?", filters={"lang": "de"}),
        key("What is X?", context={"page_url": "https://x.org/"}),
        key("What is X?", model="n"),
        key("What is X?", index_version="2"),
    ]
    assert len({same, *others}) == 9


def test_the_one_unused_for_longest_goes() -> None:
    """Of three in a cache of two the one that was not asked for is gone."""
    cache = AnswerCache(2)
    cache.put("a", [MessageStart()])
    cache.put("b", [])
    assert cache.get("a") == (MessageStart(),)
    cache.put("c", [])
    assert (cache.get("b"), cache.get("c")) == (None, ())


def test_what_is_kept_is_bounded_in_bytes() -> None:
    """Long answers push out others; one that fills the whole by itself is not kept."""
    cache = AnswerCache(most_bytes=1000)
    cache.put("a", [ContentDelta(delta=Delta(text="x" * 400))])
    cache.put("b", [ContentDelta(delta=Delta(text="y" * 600))])
    assert cache.get("a") is None
    assert cache.get("b") is not None
    cache.put("c", [ContentDelta(delta=Delta(text="ü" * 600))])
    assert cache.get("c") is None
