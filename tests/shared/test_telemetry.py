"""Spans through the real SDK, to a collector in this process."""

import socket
import subprocess
import sys
from threading import Thread

from shared.telemetry import OtlpTracer
from tests.support.otlp import collector
from tests.support.ports import free_ports

PARENT = f"00-{'a' * 32}-{'b' * 16}-01"


def test_spans_arrive_as_they_were_told() -> None:
    """Names, kinds, attributes, failures and families are those of the port."""
    with collector() as there:
        tracer = OtlpTracer("retriever", endpoint=there.url)
        outer = tracer.start("request", kind="server", parent=PARENT, attributes={"carrel.request_id": "r"})
        inner = tracer.start("search", kind="internal", parent=outer.traceparent, attributes={})
        inner.note({"carrel.passages": 3}, name="search better")
        inner.end(error="overloaded")
        outer.end()
        assert tracer.flush()
        tracer.close()
    first, second = there.spans
    assert (first.name, first.kind, first.attributes) == (
        "search better",
        "internal",
        {"carrel.passages": 3, "error.type": "overloaded"},
    )
    assert first.failed
    assert not second.failed
    assert (second.service, second.kind, second.parent_id) == ("retriever", "server", "b" * 16)
    assert first.parent_id == second.span_id
    assert {first.trace_id, second.trace_id} == {"a" * 32}
    assert outer.traceparent == f"00-{'a' * 32}-{second.span_id}-01"


def test_a_span_of_nobody_begins_a_trace_when_it_really_began() -> None:
    """Without a context there is a new trace; its beginning may be told afterwards."""
    with collector() as there:
        tracer = OtlpTracer("gateway", endpoint=there.url)
        spans = [tracer.start("r", kind="client", parent="", attributes={}, began_ns=1) for _ in range(2)]
        for one in spans:
            one.end()
        tracer.close()
    assert len({one.trace_id for one in there.spans}) == 2
    assert {(one.parent_id, one.kind) for one in there.spans} == {("", "client")}


def test_a_callers_choice_not_to_be_traced_is_kept() -> None:
    """What was not sampled by the caller is not told here either, and its context goes on as such."""
    with collector() as there:
        tracer = OtlpTracer("gateway", endpoint=there.url)
        one = tracer.start("r", kind="server", parent=PARENT[:-1] + "0", attributes={})
        assert one.traceparent.startswith(f"00-{'a' * 32}-")
        assert one.traceparent.endswith("-00")
        one.end()
        tracer.close()
    assert there.spans == []


def test_a_collector_that_is_away_costs_spans_and_nothing_else() -> None:
    """Nothing is raised; at the end what was not taken is dropped."""
    tracer = OtlpTracer("gateway", endpoint=f"http://127.0.0.1:{free_ports(1)[0]}")
    tracer.start("r", kind="server", parent="", attributes={}).end()
    tracer.close()


def test_a_collector_that_hangs_does_not_hold_up_the_end() -> None:
    """One that takes the connection and never answers is left."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        tracer = OtlpTracer("gateway", endpoint=f"http://127.0.0.1:{silent.getsockname()[1]}")
        for _ in range(2000):
            tracer.start("r", kind="server", parent="", attributes={}).end()
        closing = Thread(target=tracer.close, daemon=True)
        closing.start()
        closing.join(8)  # the SDK alone takes twelve
        assert not closing.is_alive()


def test_nothing_of_it_is_imported_unless_it_is_on() -> None:
    """A service that tells no spans does not load the SDK (FastAPI looks for its API by itself)."""
    program = "import sys, gateway.__main__, retriever.__main__, chat_ws.__main__\n"
    program += "sys.exit('opentelemetry.sdk' in sys.modules or 'shared.telemetry' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], timeout=60, check=False).returncode == 0
