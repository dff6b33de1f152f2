"""Metadata of documents: what is allowed, how it is stored for filtering, how a filter is asked.

Owns that mapping in both directions, so that a filter means the same on every engine. Pure.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from retriever.ports import AnyOf, Between, Condition, Equals
from shared.contracts.retriever import Filters, FilterValue, Range
from shared.contracts.wire import sendable
from shared.errors import FieldError, InvalidRequestError

MAX_KEYS = 32
MAX_VALUES = 100
MAX_VALUE_CHARS = 2000
_KEY = re.compile(r'[^"\\\[\]\x00-\x1f\ud800-\udfff]{1,64}')
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_OWN_FIELDS = ("document_id", "url")

# The engines do not agree on how to match a boolean; as text that no metadata can hold they do.
_BOOLEANS = {True: "\x01true", False: "\x01false"}


def checked(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``metadata`` when every value is a scalar or a list of scalars.

    Raises
    ------
    InvalidRequestError
        Naming each key that is refused and why.
    """
    problems = [
        FieldError(f"metadata.{sendable(key[:64])}", problem)
        for key, value in metadata.items()
        for problem in _problems(key, value)
    ]
    if len(metadata) > MAX_KEYS:
        problems.append(FieldError("metadata", f"at most {MAX_KEYS} keys"))
    if problems:
        detail = "; ".join(f"{problem.field}: {problem.message}" for problem in problems[:10])
        raise InvalidRequestError(detail, fields=problems[:10])
    return dict(metadata)


def kept(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return those entries of a document's own front matter that :func:`checked` would let pass."""
    fitting = [(key, value) for key, value in metadata.items() if not any(_problems(key, value))]
    return dict(fitting[:MAX_KEYS])


def facets(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``metadata`` as it is stored with each chunk for filtering."""
    return {
        key: [_facet(item) for item in value] if isinstance(value, list) else _facet(value)
        for key, value in metadata.items()
    }


def conditions(filters: Filters) -> tuple[Condition, ...]:
    """Return what ``filters`` ask for, in the terms of the engine's port.

    Raises
    ------
    InvalidRequestError
        If a key cannot be one of metadata.
    """
    return tuple(_condition(key, value) for key, value in filters.items())


def _condition(key: str, value: FilterValue) -> Condition:
    if _KEY.fullmatch(key) is None:
        raise InvalidRequestError(
            "A filter's key has 1 to 64 characters, no quotes or brackets", param="filters"
        )
    path = key if key in _OWN_FIELDS else f'facets."{key}"'
    if isinstance(value, Range):
        return Between(path, gt=value.gt, gte=value.gte, lt=value.lt, lte=value.lte)
    if isinstance(value, list):
        return AnyOf(path, tuple(_facet(item) for item in value))
    return Equals(path, _facet(value))


def _facet(value: Any) -> str | int | float:
    facet: str | int | float = _BOOLEANS[value] if isinstance(value, bool) else value
    return facet


def _problems(key: str, value: Any) -> Iterator[str]:
    if _KEY.fullmatch(key) is None:
        yield "a key has 1 to 64 characters, no quotes or brackets"
    values = value if isinstance(value, list) else [value]
    if len(values) > MAX_VALUES:
        yield f"at most {MAX_VALUES} values"
    yield from filter(None, map(_scalar_problem, values[:MAX_VALUES]))


def _scalar_problem(value: Any) -> str:
    match value:
        case bool():
            return ""
        case int() | float():
            # True of neither NaN nor an infinity, and asks of no integer to become a float.
            fits = abs(value) < 2**53
            return "" if fits else "a number must be finite and less than 2 to the 53"
        case str():
            fits = len(value) <= MAX_VALUE_CHARS and _UNSTORABLE.search(value) is None
            return "" if fits else f"text has at most {MAX_VALUE_CHARS} characters, no NUL, no lone surrogate"
        case _:
            return "must be text, a number, true, false or a list of these"
