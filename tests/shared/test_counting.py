"""Requests and durations, counted."""

import pytest
from prometheus_client.metrics_core import HistogramMetricFamily

from shared.counting import BOUNDS, Durations, Requests
from tests.support.prometheus import samples


def test_methods_nobody_knows_are_one() -> None:
    """A thousand made-up methods are one series, and nothing grows with them."""
    requests = Requests("t")
    for number in range(1000):
        requests.add("/", f"M{number}", 405, 0.0, 0)
    requests.add("/", "GET", 200, 0.0, 7)
    found = samples(requests.collect())
    assert {key: value for key, value in found.items() if key[0] == "carrel_t_requests_total"} == {
        ("carrel_t_requests_total", "other", "/", "405"): 1000,
        ("carrel_t_requests_total", "GET", "/", "200"): 1,
    }
    assert found["carrel_t_sent_bytes_total", "GET", "/", "200"] == 7
    assert found["carrel_t_request_duration_seconds_count", "/"] == 1001


def test_durations_fall_into_buckets() -> None:
    """A bucket holds what took at most its bound; the last holds all; the sum is the sum."""
    durations = Durations()
    for seconds in (0.001, 0.0011, 0.5, 61.0):
        durations.add(seconds)
    family = HistogramMetricFamily("x", "", labels=())
    durations.add_to(family)
    found = samples([family])
    buckets = {bound[0]: value for (name, *bound), value in found.items() if name == "x_bucket"}
    assert (buckets["0.001"], buckets["0.0025"], buckets["0.5"], buckets["60.0"]) == (1, 2, 3, 3)
    assert (buckets["+Inf"], len(buckets)) == (4, len(BOUNDS) + 1)
    assert found["x_sum",] == pytest.approx(61.5021)
