"""Conversations made of single questions: the second speaks of "it" where it named the subject.

Pure. Two questions on documents of one title that both name it become two turns, the answer of the first
between them; of the title only "it" is left in the second.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Query = Mapping[str, Any]


def follow_ups(queries: Sequence[Query], titles: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Yield the second questions, each with the turns ``before`` it; ``titles`` is by the id of a query."""
    last: dict[str, Query] = {}
    for query in queries:
        title = titles.get(query["id"], "")
        if not title or not _name(title).search(query["text"]):
            continue
        if title in last:
            yield {**query, "text": _name(title).sub("it", query["text"]), "before": _turns(last[title])}
        last[title] = query


def _turns(query: Query) -> list[dict[str, str]]:
    return [
        {"role": "user", "content": query["text"]},
        {"role": "assistant", "content": query["answers"][0]},
    ]


def _name(title: str) -> re.Pattern[str]:
    """The title as people write it: with an article or without, its last word in either number."""
    return re.compile(rf"(?:\bthe\s+)?\b{re.escape(title.removesuffix('s'))}s?\b", re.IGNORECASE)
