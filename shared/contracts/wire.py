"""The two bases of every contract, and the shapes all services share."""

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import takewhile
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, PlainSerializer

from shared.errors import InvalidRequestError

_T = TypeVar("_T")


class Request(BaseModel):
    """A body a client sends: an unknown field is an error, so that a typo is never silence."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, str_strip_whitespace=False, use_attribute_docstrings=True
    )


class Answer(BaseModel):
    """A body we send: the reader ignores fields it does not know."""

    model_config = ConfigDict(extra="ignore", frozen=True, use_attribute_docstrings=True)


def _storable(value: str) -> str:
    if "\0" in value:
        raise ValueError("must not contain the NUL character")
    try:
        # In C, where to look at each character costs more than to store the text.
        value.encode()
    except UnicodeEncodeError:
        raise ValueError("must be valid Unicode: it holds a lone surrogate") from None
    return value


Text = Annotated[str, AfterValidator(_storable)]
"""Text that every store of ours can hold: no NUL, no lone surrogate."""


def timestamp(value: datetime) -> str:
    """Return ``value`` as RFC 3339 in UTC with milliseconds."""
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Instant = Annotated[datetime, PlainSerializer(timestamp, when_used="json")]
"""An aware instant; RFC 3339 UTC on the wire."""


def field_path(loc: Iterable[int | str]) -> str:
    """Return the path of a refused field, such as ``filters.lang``, from where pydantic found it."""
    # What pydantic adds for a member of a union is its own, such as ``list[str]``, and no field of ours.
    return sendable(".".join(takewhile(lambda part: "[" not in part, map(str, loc)))[:200])


def sendable(value: str) -> str:
    """Return what a client wrote as it can be said again: JSON's escapes can hold what UTF-8 cannot."""
    return value.encode("utf-8", "replace").decode()


def said_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the JSON object of these members, for ``object_pairs_hook``.

    Raises
    ------
    InvalidRequestError
        Naming a field that it says twice: two readers could take it for two different things.
    """
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            shown = sendable(name[:64])
            raise InvalidRequestError(f"{shown} is said twice", param=shown)
        found[name] = value
    return found


class Page(Answer, Generic[_T]):
    """One page of a list; ``next_cursor`` is opaque and null on the last page."""

    items: list[_T]
    next_cursor: str | None = None


class FieldProblem(Answer):
    """One field of a request that was refused."""

    field: str
    """The field's path, such as ``filters.lang``."""
    message: str
    """What is wrong with it and what would be right."""


class Problem(Answer):
    """Every error of every route, in the one shape of RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    """What to tell errors apart by: more codes may come."""
    retryable: bool
    """Whether the same request may succeed later."""
    request_id: str
    """Stands in the logs, too."""
    retry_after_ms: int | None = None
    param: str | None = None
    """The first field that is wrong."""
    errors: list[FieldProblem] = []
    """Every field that is wrong."""


class Check(Answer):
    """The state of one thing a service needs."""

    status: Literal["ok", "degraded", "down"]
    detail: str = ""


class Health(Answer):
    """A service's own health. ``down`` means it cannot do its main job."""

    status: Literal["ok", "degraded", "down"]
    version: str
    uptime_s: float
    checks: dict[str, Check]
