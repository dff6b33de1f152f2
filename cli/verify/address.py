"""Opens sessions from invented addresses, all at once, to see whether they are believed."""

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from cli.findings import Finding
from cli.verify.outside import Outside
from cli.verify.verdicts.address import INVENTED, verdict


def check(outside: Outside) -> Finding:
    """Return whether an invented X-Forwarded-For is taken for the caller's address."""

    def ask(address: str) -> tuple[int, Mapping[str, str]]:
        seen = outside.ask("POST", "/v1/sessions", headers={"x-forwarded-for": address})
        if token := str(seen.told.get("token", "")):
            outside.tokens.append(token)
        return seen.status, seen.headers

    # At once: a bucket that is filled meanwhile tells nothing.
    began = time.monotonic()
    with ThreadPoolExecutor(len(INVENTED)) as pool:
        answers = list(pool.map(ask, INVENTED))
    return verdict(answers, seconds=time.monotonic() - began)
