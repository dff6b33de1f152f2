"""What is to be said of Cohere: the key, the models, what is left of the month."""

from collections.abc import Mapping
from dataclasses import dataclass

from cli.findings import Colour, Finding

GROUP = "Cohere"
KEY = "Cohere key"
LITTLE = 0.2
"""Of the month's calls or tokens: below it Carrel has begun to give things up."""


def key(statuses: Mapping[str, int], *, needs: tuple[str, ...]) -> Finding:
    """Return the line of the key; ``statuses`` are HTTP's by model, 0 for no answer."""
    told = set(statuses.values())
    if told & {401, 403}:
        fix = "set COHERE_API_KEY to a key of dashboard.cohere.com that is not revoked, without quotes"
        return Finding(GROUP, KEY, "red", "COHERE_API_KEY is refused", fix, needs)
    if told == {0}:
        return Finding(
            GROUP, KEY, "red", "Cohere does not answer", "see that COHERE_BASE_URL is right", needs
        )
    if 429 in told:
        fix = "wait, or have a production key: trial keys are slow and have 1000 calls a month"
        return Finding(GROUP, KEY, "yellow", "the key is asked too much (HTTP 429)", fix, needs)
    if not told & {200, 404}:
        said = f"Cohere answers HTTP {max(told)}"
        return Finding(GROUP, KEY, "yellow", said, "look at status.cohere.com; Carrel does without it", needs)
    return Finding(GROUP, KEY, "green", "accepted", needs=needs)


@dataclass(frozen=True)
class Told:
    """What was answered for the model of one variable."""

    model: str
    status: int
    """Of HTTP; 0 where there was no answer."""
    known: bool = True
    """Whether it was Cohere's own answer: an address that only passes calls on knows no models."""
    deprecated: bool = False
    endpoints: frozenset[str] = frozenset()
    """What it is for, such as ``chat``; empty where that is not told."""


PURPOSES = {
    "COHERE_CHAT_MODEL": "chat",
    "COHERE_CONDENSE_MODEL": "chat",
    "COHERE_RERANK_MODEL": "rerank",
    "COHERE_EMBED_MODEL": "embed",
}
"""Which endpoint the model of each variable is used with."""


def models(told: Mapping[str, Told]) -> Finding:
    """Return the line of the models, by variable."""
    if not any(one.known for one in told.values()):
        found = "this COHERE_BASE_URL tells of no models"
        return _models("yellow", found, "see with a question that it answers")
    if wrong := [
        f"{variable} ({one.model}){_wrong(variable, one)}"
        for variable, one in told.items()
        if _wrong(variable, one)
    ]:
        fix = "name models that docs.cohere.com lists for this and that the key may use"
        return _models("red", "; ".join(wrong), fix)
    silent = [variable for variable, one in told.items() if one.status != 200]
    if silent:
        colour: Colour = "red" if len(silent) == len(told) else "yellow"
        return _models(colour, f"not looked up: {', '.join(silent)}", "run it again")
    if old := [f"{variable} ({one.model})" for variable, one in told.items() if one.deprecated]:
        return _models(
            "yellow", f"deprecated: {', '.join(old)}", "name its successor before it is switched off"
        )
    return _models("green", ", ".join(dict.fromkeys(one.model for one in told.values())), "")


def _models(colour: Colour, found: str, fix: str) -> Finding:
    return Finding(GROUP, "Cohere models", colour, found, fix, (KEY,))


def _wrong(variable: str, told: Told) -> str:
    """Return what makes a model useless here, or nothing."""
    if told.status == 404:
        return " is not known"
    if told.status == 200 and told.endpoints and PURPOSES[variable] not in told.endpoints:
        return f" cannot {PURPOSES[variable]}"
    return ""


def budget(*, used: int, limit: int, tokens: int, token_limit: int) -> Finding:
    """Return the line of the month; a limit of 0 is none."""
    name = "Cohere budget"
    parts = [part for part in (_left(used, limit), _left(tokens, token_limit)) if part is not None]
    told = f"{used} calls and {tokens} tokens used this month"
    if not parts:
        return Finding(GROUP, name, "green", f"{told}, without a limit")
    left = min(parts)
    told = (
        f"{told}; {left:.0%} of COHERE_MONTHLY_{'CALLS' if _left(used, limit) == left else 'TOKENS'} is left"
    )
    if left > LITTLE:
        return Finding(GROUP, name, "green", told)
    colour: Colour = "yellow" if left else "red"
    fix = "raise it if the key allows more; Carrel gives things up in the order of docs/operations.md"
    return Finding(GROUP, name, colour, told, fix)


def _left(used: int, limit: int) -> float | None:
    return max(0, limit - used) / limit if limit else None
