"""Texts that say alike, as the retriever groups them for the other services: ``POST /v1/groups``."""

from typing import Annotated

from pydantic import Field

from shared.contracts.wire import Answer, Request, Text

MAX_TEXTS = 1_000
MAX_TEXT_CHARS = 1_000


class GroupsRequest(Request):
    """What is to be grouped."""

    texts: Annotated[
        list[Annotated[Text, Field(max_length=MAX_TEXT_CHARS)]], Field(min_length=1, max_length=MAX_TEXTS)
    ]


class GroupsAnswer(Answer):
    """Every text is in exactly one group."""

    groups: list[list[int]]
    """Positions in ``texts``, rising; the largest group first, of equal ones the one that begins first."""
