"""Checks that run at the same time, each for so long at most, whatever becomes of the others."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence

from cli.findings import Finding

Check = Callable[[], Sequence[Finding]]


def at_once(checks: Mapping[str, Check], *, seconds: float) -> list[Finding]:
    """Return what all of ``checks`` found, in their order; one that fails or does not end is a finding.

    A check that does not end is left behind in its thread: a name server may keep it for minutes.
    """
    running = [_Running(name, check) for name, check in checks.items()]
    deadline = time.monotonic() + seconds
    return [finding for one in running for finding in one.found(max(0.0, deadline - time.monotonic()))]


class _Running:
    def __init__(self, name: str, check: Check) -> None:
        self._name, self._check = name, check
        self._findings: Sequence[Finding] | None = None
        # No thread keeps the command from ending.
        self._thread = threading.Thread(target=self._run, name=f"check {name}", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._findings = self._check()
        except Exception as error:
            # Its text may hold what was sent.
            self._findings = [self._red(f"could not be looked at: {type(error).__name__}")]

    def found(self, seconds: float) -> Sequence[Finding]:
        self._thread.join(seconds)
        return self._findings if self._findings is not None else [self._red("did not end in time")]

    def _red(self, found: str) -> Finding:
        return Finding(self._name, self._name, "red", found, "run it again; look at what it is about by hand")
