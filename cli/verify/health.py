"""Asks for health: of the whole, of each service, and the probes of platforms."""

from collections.abc import Callable, Iterator, Sequence
from threading import Event

from cli.findings import Finding
from cli.verify.outside import Outside
from cli.verify.verdicts.health import needs, probes, services, unanswered, whole

_LOOKS, _PAUSE_S = 4, 1.0
_PROBES = ("/health/live", "/health/ready")
_SERVICES = ("gateway", "retriever", "chat_ws")


def check(
    outside: Outside, *, degraded: Sequence[str], pause: Callable[[float], object] | None = None
) -> Iterator[Finding]:
    """Yield what health tells; ``degraded`` is what answers said they lacked.

    A service that did not answer in time is asked again: one slow moment is not its state.
    """
    seen = outside.ask("GET", "/health")
    for _ in range(_LOOKS - 1):
        if not unanswered(seen.told):
            break
        (pause or Event().wait)(_PAUSE_S)
        seen = outside.ask("GET", "/health")
    yield whole(seen.status, seen.told)
    yield from services(seen.told)
    yield from needs(seen.told, degraded=degraded)
    statuses = {path: outside.ask("GET", path).status for path in _PROBES}
    each = {f"/health/{name}": outside.ask("GET", f"/health/{name}").status for name in _SERVICES}
    yield probes(statuses | each)
