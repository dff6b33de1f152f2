"""Answers given before are found under the very same question only, and the store is bounded."""

from typing import Any

from retriever.cache import AnswerCache, cache_key
from shared.contracts.retriever import AnswerRequest, MessageStart


def key(text: str, *, model: str = "m", index_version: str = "1", **more: Any) -> str:
    request = AnswerRequest.model_validate({"messages": [{"role": "user", "content": text}], **more})
    return cache_key(request, model=model, index_version=index_version)


def test_what_makes_two_questions_the_same() -> None:
    """Case, width and white space do not count; filters, context, model and index do."""
    same = key("What is  X?")
    assert key(" what is x? ") == same
    others = [
        key("What is Y?"),
        key("What is X?", filters={"lang": "en"}),
        key("What is X?", context={"page_url": "https://x.org/"}),
        key("What is X?", model="n"),
        key("What is X?", index_version="2"),
    ]
    assert len({same, *others}) == 6


def test_the_one_unused_for_longest_goes() -> None:
    """Of three in a cache of two the one that was not asked for is gone."""
    cache = AnswerCache(2)
    cache.put("a", [MessageStart()])
    cache.put("b", [])
    assert cache.get("a") == (MessageStart(),)
    cache.put("c", [])
    assert (cache.get("b"), cache.get("c")) == (None, ())
