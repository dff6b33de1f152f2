"""What passes the gateway, counted, and the metrics of all services merged into one text's families. Pure."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from shared.counting import Requests
from shared.errors import CarrelError

UP = "carrel_up"


class Refusal(StrEnum):
    """Why the gateway itself refused."""

    MALFORMED = "malformed"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    NO_ROUTE = "no_route"
    TOO_LARGE = "too_large"
    TOO_SLOW = "too_slow"
    RATE_LIMITED = "rate_limited"
    UNAVAILABLE = "unavailable"
    TIMEOUT = "timeout"
    OTHER = "other"


_BY_STATUS: Mapping[int, Refusal] = {
    400: Refusal.MALFORMED,
    401: Refusal.UNAUTHORIZED,
    403: Refusal.FORBIDDEN,
    404: Refusal.NO_ROUTE,
    405: Refusal.NO_ROUTE,
    408: Refusal.TOO_SLOW,
    413: Refusal.TOO_LARGE,
    414: Refusal.TOO_LARGE,
    431: Refusal.TOO_LARGE,
    429: Refusal.RATE_LIMITED,
    502: Refusal.UNAVAILABLE,
    503: Refusal.UNAVAILABLE,
    504: Refusal.TIMEOUT,
}


def refusal_of(error: CarrelError) -> Refusal:
    """Return why a request was refused that ended in ``error``."""
    return _BY_STATUS.get(error.status, Refusal.OTHER)


class Traffic(Requests):
    """The gateway's answers, and its refusals by reason."""

    def __init__(self) -> None:
        super().__init__("gateway")
        self._refused = dict.fromkeys(Refusal, 0)

    def refused(self, why: Refusal) -> None:
        """Count one refusal of the gateway's own; the answer to it is counted like any other."""
        self._refused[why] += 1

    def collect(self) -> Iterable[Metric]:
        """Return the families."""
        family = CounterMetricFamily(
            "carrel_gateway_refusals", "What the gateway itself refused, by why.", labels=("reason",)
        )
        for why, count in self._refused.items():
            family.add_metric((why,), count)
        return (*super().collect(), family)


def merge(own: Iterable[Metric], texts: Mapping[str, str | None]) -> list[Metric]:
    """Return the gateway's ``own`` families and those of the services' ``texts``, each family once.

    A sample gets the label ``service`` unless its name is the service's own (``carrel_<service>_...``), and
    ``replica`` where a text is that of ``<service> <address>``, one of several. A service whose text is None
    or cannot be read is left out, and ``carrel_up`` says so.
    """
    read = {"gateway": list(own)} | {service: _read(text) for service, text in texts.items()}
    merged: dict[str, Metric] = {}
    for service, families in read.items():
        for family in families or ():
            into = merged.setdefault(family.name, Metric(family.name, family.documentation, family.type))
            if into.type == family.type:
                into.samples += _labelled(family, *_named(service))
    up = GaugeMetricFamily(UP, "Whether the service told its metrics.", labels=("service",))
    for service, families in read.items():
        name, replica = _named(service)
        up.samples.append(Sample(UP, {"service": name, **replica}, float(families is not None)))
    return [up, *(family for name, family in merged.items() if name != UP)]


def _named(service: str) -> tuple[str, dict[str, str]]:
    name, _, replica = service.partition(" ")
    return name, {"replica": replica} if replica else {}


def _labelled(family: Metric, service: str, replica: dict[str, str]) -> list[Sample]:
    """The family's samples without their timestamps: what is told is told now."""
    more = {} if family.name.startswith(f"carrel_{service}_") else {"service": service}
    return [
        Sample(sample.name, {**sample.labels, **more, **replica}, sample.value) for sample in family.samples
    ]


def _read(text: str | None) -> list[Metric] | None:
    try:
        return None if text is None else list(text_string_to_metric_families(text))
    except (ValueError, LookupError, TypeError):
        # The parser takes its text's form for granted.
        return None
