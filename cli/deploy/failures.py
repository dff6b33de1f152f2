"""What went wrong on the Hub or in the Space, as a cause and a fix. Pure: statuses and texts in, words out.

The texts are those the platform has been seen to answer with; what is not known is told as it came.
"""

from collections.abc import Sequence
from dataclasses import dataclass

TOKENS = "https://huggingface.co/settings/tokens"


@dataclass(frozen=True)
class Failure:
    """Why it does not go on, and what to do."""

    cause: str
    fix: str

    def __str__(self) -> str:
        return f"{self.cause}; {self.fix}"


class DeployError(Exception):
    """A deployment ends here; running it again goes on where it was."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(str(failure))
        self.failure = failure


AGAIN = "run the command again, it goes on where it was"


def of_hub(status: int | None, said: str, *, doing: str, space: str) -> Failure:
    """Return what an answer of the Hub with ``status`` to ``doing`` means; None: there was no answer."""
    if status is None:
        return Failure(
            f"{doing}: the Hub cannot be reached", f"look at the network and HF_ENDPOINT, then {AGAIN}"
        )
    if status == 401:
        return Failure(
            f"{doing}: the Hub does not take this token", f"set HF_TOKEN to a write token of {TOKENS}"
        )
    if status == 402:
        why = "creating a Docker Space takes PRO, or an organisation with Team or Enterprise"
        return Failure(
            f"{doing}: {why}", "subscribe at https://huggingface.co/pro, or name a Space that is there"
        )
    if status == 403 and "storage" in said.lower():
        return Failure(f"{doing}: {said}", "free room in the account's settings, under storage")
    if status == 403:
        fix = f"give the token write access to {space} at {TOKENS}, or use one with the role write"
        return Failure(f"{doing}: the token may not do that", fix)
    if status == 404:
        return Failure(
            f"{doing}: the Hub finds no {space}", "look at the name, and at what the token may see"
        )
    if status == 429:
        return Failure(f"{doing}: the Hub has had too many requests", f"wait a few minutes, then {AGAIN}")
    if status >= 500:
        fix = f"look at https://status.huggingface.co, then {AGAIN}"
        return Failure(f"{doing}: the Hub answered {status}", fix)
    return Failure(f"{doing}: the Hub answered {status}: {said}", "the Hub's words say what it wants")


_LOG_SIGNS: Sequence[tuple[str, str, str]] = (
    ("carrel: ", "Carrel refused to start", "put right what its line names, in the env file"),
    (
        "Permission denied",
        "a file or folder is not user 1000's",
        "set DATA_DIR to none, or below /home/carrel",
    ),
    ("Read-only file system", "a folder cannot be written to", "set DATA_DIR to none, or below /home/carrel"),
    ("No space left on device", "the disk is full", "take in less, or use QDRANT_URL and DATABASE_URL"),
    ("No matching distribution", "a requirement cannot be had", "make the lock files anew and deploy again"),
    ("THESE PACKAGES DO NOT MATCH THE HASHES", "a requirement changed", "make the lock files anew"),
)
_MESSAGES: Sequence[tuple[str, str, str]] = (
    ("abus", "the platform holds the Space for abuse", "write to website@huggingface.co: nothing else helps"),
    (
        "not healthy after",
        "nothing answered on app_port in time",
        "leave PORT at app_port and HOST unset; see the log above",
    ),
    ("memory", "the Space ran out of memory", "take in less, or choose larger hardware in its settings"),
    ("schedul", "the platform has no room for the hardware now", "wait, or choose other hardware"),
    ("storage limit", "the Space's repository is full", "make a new Space: history counts"),
)


def of_stage(stage: str, message: str, log: Sequence[str]) -> Failure:
    """Return why a Space is in a bad ``stage``: by what the platform says of it, else by its log."""
    for sign, cause, fix in _MESSAGES:
        if sign in message.lower():
            return Failure(f"{stage}: {cause}", fix)
    for sign, cause, fix in _LOG_SIGNS:
        line = next((line for line in reversed(log) if sign in line), None)
        if line is not None:
            return Failure(f"{stage}: {cause}: {line.strip()}", fix)
    if stage in ("CONFIG_ERROR", "NO_APP_FILE"):
        return Failure(
            f"{stage}: {message or 'the README or the Dockerfile is not as it must be'}", "see README.md"
        )
    return Failure(
        f"{stage}: {message or 'no reason is given'}", "the log above says more; --rollback goes back"
    )
