"""Prometheus texts, read with Prometheus's own parsers."""

from collections.abc import Iterable

from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families

Samples = dict[tuple[str, ...], float]


def samples(families: Iterable[Metric]) -> Samples:
    """Every sample by its name and the values of its labels, in the order of the labels' names."""
    found: Samples = {}
    for family in families:
        for sample in family.samples:
            key = (sample.name, *(value for _, value in sorted(sample.labels.items())))
            assert key not in found, key
            found[key] = sample.value
    return found


def read(text: str) -> Samples:
    """The samples of a text in format 0.0.4, in which each family is announced once."""
    announced = [line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")]
    assert len(announced) == len(set(announced))
    return samples(text_string_to_metric_families(text))


def read_openmetrics(text: str) -> Samples:
    """The samples of an OpenMetrics text; its parser is strict."""
    return samples(openmetrics.text_string_to_metric_families(text))  # type: ignore[no-untyped-call]  # it is not typed
