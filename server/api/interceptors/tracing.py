"""A span for every call, continuing the caller's trace. Stands in the chain only where tracing is switched on."""

from typing import Any

import grpc
from opentelemetry import trace
from opentelemetry.trace import SpanKind, Status, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from server.api.calls import CallState, Method
from server.api.interceptors.concern import Handler

_FAULTS = frozenset(
    {grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN, grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}
)


class Tracing:
    """Follows OpenTelemetry's conventions for RPC spans; the caller's errors are no errors of the span."""

    def __init__(self, tracer: Tracer | None = None) -> None:
        self._tracer = tracer if tracer is not None else trace.get_tracer("rodistaa.tickets")
        self._propagator = TraceContextTextMapPropagator()

    def around(self, method: Method, inner: Handler) -> Handler:
        """The span is current while the handler runs, so that spans of the database become its children."""
        service, _, rpc = method.path.lstrip("/").partition("/")
        attributes = {"rpc.system": "grpc", "rpc.service": service, "rpc.method": rpc}

        def handle(state: CallState, request: Any) -> Any:  # noqa: ANN401 - any message
            carrier = {key: value for key, value in state.metadata.items() if isinstance(value, str)}
            span = self._tracer.start_span(
                f"{service}/{rpc}", self._propagator.extract(carrier), SpanKind.SERVER, attributes
            )

            def record(done: CallState) -> None:
                code = done.code if done.code is not None else grpc.StatusCode.CANCELLED
                span.set_attribute("rpc.grpc.status_code", code.value[0])
                span.set_attribute("tickets.request_id", done.request_id)
                if code in _FAULTS:
                    span.set_status(Status(StatusCode.ERROR, done.reason))
                span.end()

            state.when_done.append(record)
            with trace.use_span(span, record_exception=False, set_status_on_exception=False):
                return inner(state, request)

        return handle
