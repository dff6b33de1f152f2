"""Spans through OpenTelemetry's SDK, to a collector over OTLP and HTTP.

The only module that imports OpenTelemetry; it is imported where OTEL_EXPORTER_OTLP_ENDPOINT is set. What the
SDK reads of the environment besides (sampler, headers, batches) is the operator's.
"""

from collections.abc import Mapping
from threading import Thread

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_NAMESPACE, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from shared import __version__
from shared.tracing import Attributes, Kind

SEND_TIMEOUT_S = 3
"""What a collector does not take within it is tried again for a while, then dropped."""
CLOSE_S = 0.8
"""At the end nobody waits longer: a collector that hangs must not hold up the stop."""
_KINDS: Mapping[Kind, SpanKind] = {
    "server": SpanKind.SERVER,
    "internal": SpanKind.INTERNAL,
    "client": SpanKind.CLIENT,
}


class OtlpTracer:
    """The ``Tracer`` port on OpenTelemetry; spans leave in batches, by a thread of the SDK's."""

    def __init__(self, service: str, *, endpoint: str) -> None:
        about = {SERVICE_NAME: service, SERVICE_NAMESPACE: "carrel", SERVICE_VERSION: __version__}
        self._provider = TracerProvider(resource=Resource.create(about), shutdown_on_exit=False)
        exporter = OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces", timeout=SEND_TIMEOUT_S)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("carrel", __version__)

    def start(
        self, name: str, *, kind: Kind, parent: str, attributes: Attributes, began_ns: int | None = None
    ) -> "OtlpSpan":
        """Begin a span, as the port does."""
        return OtlpSpan(
            self._tracer.start_span(
                name,
                context=_context(parent),
                kind=_KINDS[kind],
                attributes=attributes,
                start_time=began_ns,
                record_exception=False,
                set_status_on_exception=False,
            )
        )

    def flush(self) -> bool:
        """Tell what has ended by now; returns whether the collector took it."""
        return self._provider.force_flush(SEND_TIMEOUT_S * 1000)

    def close(self) -> None:
        """Tell what has ended, and no more; what the collector has not taken by then is dropped."""
        closing = Thread(target=self._provider.shutdown, name="close-spans", daemon=True)
        closing.start()
        closing.join(CLOSE_S)


class OtlpSpan:
    """The ``Span`` port on one of the SDK's."""

    def __init__(self, span: trace.Span) -> None:
        self._span = span

    @property
    def traceparent(self) -> str:
        """Its context, as the next service is told it."""
        own = self._span.get_span_context()
        return f"00-{own.trace_id:032x}-{own.span_id:016x}-{own.trace_flags:02x}"

    def note(self, attributes: Attributes, *, name: str = "") -> None:
        """Add what is known by now."""
        self._span.set_attributes(attributes)
        if name:
            self._span.update_name(name)

    def end(self, *, error: str = "") -> None:
        """It is over."""
        if error:
            self._span.set_attribute("error.type", error)
            self._span.set_status(Status(StatusCode.ERROR))
        self._span.end()


def _context(parent: str) -> Context:
    """The SDK's context of a sane ``traceparent``; the root's without one."""
    if not parent:
        return Context()
    _, trace_id, span_id, flags = parent.split("-")
    remote = SpanContext(
        int(trace_id, 16), int(span_id, 16), is_remote=True, trace_flags=TraceFlags(int(flags, 16))
    )
    return trace.set_span_in_context(NonRecordingSpan(remote), Context())
