"""Whether a secret stands in anything that was answered: those known here, and what looks like one."""

import re
from collections.abc import Iterable, Mapping

from cli.findings import Finding
from cli.verify.verdicts.lines import SECRETS, finding

SHORTEST = 8
"""A known secret that is shorter stands anywhere by chance."""
_SHAPES = {
    "a token of Hugging Face": r"\bhf_[A-Za-z0-9]{30,}",
    "a database's password": r"\bpostgres(?:ql)?://[^\s:/@\"]+:[^\s@\"]+@",
    "a Redis password": r"\brediss?://[^\s/@\"]*:[^\s@\"]+@",
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
    "a signed token": r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{16,}",
    "a key of forty characters": r"\b(?=\w*[A-Z])(?=\w*[a-z])(?=\w*\d)[A-Za-z0-9]{40}\b",
}
"""The forty are a key of Cohere's."""


def verdict(
    answers: Iterable[tuple[str, str]], *, known: Mapping[str, str], handed_out: Iterable[str]
) -> Finding:
    """Return the line; ``answers`` are a place and its text, ``handed_out`` the tokens asked for."""
    told = list(handed_out)
    searched = 0
    alike: list[str] = []
    for place, text in answers:
        searched += 1
        for name, secret in known.items():
            if len(secret) >= SHORTEST and secret in text:
                fix = f"change {name} at once, wherever it is used; then see what wrote it"
                return finding(SECRETS, "red", f"{name} stands in the answer to {place}", fix)
        for token in told:
            text = text.replace(token, "")
        alike += [f"{what} in {place}" for what, shape in _SHAPES.items() if re.search(shape, text)]
    if alike:
        fix = "see whether it is an example of a document, or real: then change it"
        return finding(SECRETS, "yellow", f"what looks like {'; '.join(dict.fromkeys(alike))}", fix)
    names = f", of {', '.join(sorted(known))} and of usual shapes" if known else ", by their usual shapes"
    return finding(SECRETS, "green", f"none in {searched} answers{names}")
