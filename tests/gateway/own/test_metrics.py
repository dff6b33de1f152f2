"""What passes, counted; three texts, merged into one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.metrics_core import Metric

from gateway.own.metrics import Refusal, Traffic, merge, refusal_of
from shared.errors import (
    ForbiddenError,
    InternalError,
    MalformedError,
    MethodNotAllowedError,
    NotFoundError,
    OverloadedError,
    RateLimitedError,
    TooLargeError,
    UnauthorizedError,
    UpstreamTimeoutError,
    UpstreamUnavailableError,
)
from shared.metrics import expose
from tests.support.prometheus import Samples, read, read_openmetrics, samples

PROCESS = """\
# HELP process_cpu_seconds_total Total user and system CPU time spent in seconds.
# TYPE process_cpu_seconds_total counter
process_cpu_seconds_total {cpu}
# HELP carrel_build_info What is running.
# TYPE carrel_build_info gauge
carrel_build_info{{version="1"}} 1.0
"""
RETRIEVER = (
    PROCESS.format(cpu=2.5)
    + """\
# HELP carrel_retriever_request_duration_seconds From head to end.
# TYPE carrel_retriever_request_duration_seconds histogram
carrel_retriever_request_duration_seconds_bucket{route="/v1/search",le="0.1"} 3.0
carrel_retriever_request_duration_seconds_bucket{route="/v1/search",le="+Inf"} 4.0
carrel_retriever_request_duration_seconds_count{route="/v1/search"} 4.0
carrel_retriever_request_duration_seconds_sum{route="/v1/search"} 1.5
"""
)
CHAT = (
    PROCESS.format(cpu=3.5)
    + """\
# TYPE carrel_chat_ws_runs_ended_total counter
carrel_chat_ws_runs_ended_total{status="a \\"quoted\\" \\\\ one"} 7.0
"""
)


def own() -> list[Metric]:
    """What a gateway tells that has answered once."""
    traffic = Traffic()
    traffic.add("/v1/search", "POST", 200, 0.02, 100)
    cpu = Metric("process_cpu_seconds", "Total user and system CPU time spent in seconds.", "counter")
    cpu.add_sample("process_cpu_seconds_total", {}, 1.5)
    return [*traffic.collect(), cpu]


def both(families: list[Metric]) -> Samples:
    """The families as Prometheus reads them, in either format."""
    plain = read(bytes(expose(families, accept="").body).decode())
    strict = read_openmetrics(bytes(expose(families, accept="application/openmetrics-text").body).decode())
    assert plain == strict
    return plain


def test_three_texts_become_one() -> None:
    """Every family once; processes are told apart by a label, names of one service stay as they are."""
    found = both(merge(own(), {"retriever": RETRIEVER, "chat_ws": CHAT}))
    cpu = {
        labels[0]: value for (name, *labels), value in found.items() if name == "process_cpu_seconds_total"
    }
    assert cpu == {"gateway": 1.5, "retriever": 2.5, "chat_ws": 3.5}
    assert found["carrel_build_info", "retriever", "1"] == found["carrel_build_info", "chat_ws", "1"] == 1
    assert found["carrel_retriever_request_duration_seconds_count", "/v1/search"] == 4
    assert found["carrel_retriever_request_duration_seconds_bucket", "0.1", "/v1/search"] == 3
    assert found["carrel_chat_ws_runs_ended_total", 'a "quoted" \\ one'] == 7
    assert found["carrel_gateway_requests_total", "POST", "/v1/search", "200"] == 1
    assert {key: value for key, value in found.items() if key[0] == "carrel_up"} == {
        ("carrel_up", service): 1 for service in ("gateway", "retriever", "chat_ws")
    }


@pytest.mark.parametrize(
    "text", [None, "carrel_x{", "a b c", 'x{y="z} 1', "# TYPE x nonsense\nx 1", "x{y} 1"]
)
def test_a_service_that_tells_nothing_readable_is_left_out(text: str | None) -> None:
    """It is said to be down, the others are whole, and their labels are what they always are."""
    found = both(merge(own(), {"retriever": text, "chat_ws": CHAT}))
    assert (found["carrel_up", "retriever"], found["carrel_up", "chat_ws"]) == (0, 1)
    assert found["process_cpu_seconds_total", "chat_ws"] == 3.5


def test_replicas_are_told_apart() -> None:
    """Each sample of one of several says whose it is; one that tells nothing is down by its address."""
    found = both(
        merge(own(), {"retriever": RETRIEVER, "chat_ws a:1": CHAT, "chat_ws b:2": CHAT, "chat_ws c:3": None})
    )
    runs = {key[1:]: value for key, value in found.items() if key[0] == "carrel_chat_ws_runs_ended_total"}
    assert sorted(replica for key in runs for replica in key if ":" in replica) == ["a:1", "b:2"]
    assert found["process_cpu_seconds_total", "a:1", "chat_ws"] == 3.5
    assert {key[1:]: value for key, value in found.items() if key[0] == "carrel_up"} == {
        ("gateway",): 1,
        ("retriever",): 1,
        ("a:1", "chat_ws"): 1,
        ("b:2", "chat_ws"): 1,
        ("c:3", "chat_ws"): 0,
    }


def test_alone_the_gateway_still_names_itself() -> None:
    """A series keeps its labels, whoever else is there."""
    found = both(merge(own(), {"retriever": None, "chat_ws": None}))
    assert found["process_cpu_seconds_total", "gateway"] == 1.5


def test_what_contradicts_is_left_out() -> None:
    """A family of two types, or a second ``carrel_up``, would make the whole unreadable."""
    gauge = "# TYPE process_cpu_seconds gauge\nprocess_cpu_seconds 9\n# TYPE carrel_up gauge\ncarrel_up 9\n"
    found = both(merge(own(), {"retriever": gauge}))
    assert ("process_cpu_seconds", "retriever") not in found
    assert found["carrel_up", "retriever"] == 1


@given(st.text(alphabet='carel_up{}"=\\,# \n0.1eTYPEHNa', max_size=80))
def test_whatever_a_service_says_the_rest_is_told(text: str) -> None:
    """No text of one service takes the others' away."""
    families = merge(own(), {"retriever": text, "chat_ws": CHAT})
    assert expose(families, accept="").body
    found = {(s.name, *s.labels.values()): s.value for family in families for s in family.samples}
    assert found["process_cpu_seconds_total", "chat_ws"] == 3.5


def test_refusals_are_counted_by_why() -> None:
    """Each reason is there from the start, so that its first is seen."""
    traffic = Traffic()
    traffic.refused(Refusal.RATE_LIMITED)
    found = {key[1]: value for key, value in samples(traffic.collect()).items() if "refusals" in key[0]}
    assert found == {**dict.fromkeys(map(str, Refusal), 0), "rate_limited": 1}


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (MalformedError(), Refusal.MALFORMED),
        (UnauthorizedError(), Refusal.UNAUTHORIZED),
        (ForbiddenError(), Refusal.FORBIDDEN),
        (NotFoundError(), Refusal.NO_ROUTE),
        (MethodNotAllowedError(), Refusal.NO_ROUTE),
        (TooLargeError(), Refusal.TOO_LARGE),
        (RateLimitedError(), Refusal.RATE_LIMITED),
        (MalformedError(status=408), Refusal.TOO_SLOW),
        (UpstreamUnavailableError(), Refusal.UNAVAILABLE),
        (OverloadedError(), Refusal.UNAVAILABLE),
        (UpstreamTimeoutError(), Refusal.TIMEOUT),
        (InternalError(), Refusal.OTHER),
    ],
)
def test_an_error_says_why(error: UpstreamTimeoutError, why: Refusal) -> None:
    """Every error of ours has its reason."""
    assert refusal_of(error) is why
