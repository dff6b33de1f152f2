"""What is to be said of Cohere: the key, the models, what is left of the month."""

from collections.abc import Mapping

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


def models(statuses: Mapping[str, int], variables: Mapping[str, str], *, lists: bool) -> Finding:
    """Return the line of the models, each named by a variable.

    ``lists`` says whether the address knows models at all: one that only passes calls on may not.
    """
    name = "Cohere models"
    if not lists:
        told = "this COHERE_BASE_URL tells of no models"
        return Finding(GROUP, name, "yellow", told, "see with a question that it answers", (KEY,))
    missing = [
        f"{variable} ({variables[variable]})" for variable, status in statuses.items() if status == 404
    ]
    if missing:
        fix = "name a model that docs.cohere.com lists and that this key may use"
        return Finding(GROUP, name, "red", f"not known to Cohere: {', '.join(missing)}", fix, (KEY,))
    silent = [variable for variable, status in statuses.items() if status != 200]
    if silent:
        told = f"not looked up: {', '.join(silent)}"
        return Finding(GROUP, name, "red" if len(silent) == len(statuses) else "yellow", told, "", (KEY,))
    return Finding(GROUP, name, "green", ", ".join(dict.fromkeys(variables.values())))


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
