"""How many calls, how they ended, how long they took, how many are under way."""

from collections.abc import Callable
from time import perf_counter
from typing import Any

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram

from server.api.calls import CallState, Method
from server.api.interceptors.concern import Handler

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """Registers its series once; one object serves a process. Streams have no latency, only a number of open ones."""

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        self._handled = Counter(
            "tickets_rpc_handled", "Calls that ended, by method and status code.", ["method", "code"], registry=registry
        )
        self._seconds = Histogram(
            "tickets_rpc_seconds",
            "Seconds from the start of the handler to its end; unary calls.",
            ["method"],
            buckets=_BUCKETS,
            registry=registry,
        )
        self._in_flight = Gauge(
            "tickets_rpc_in_flight",
            "Calls under way, unary and streams apart.",
            ["kind"],
            registry=registry,
            multiprocess_mode="livesum",
        )

    def around(self, method: Method, inner: Handler) -> Handler:
        """Labelled children are looked up here, once a method, and not in every call."""
        in_flight = self._in_flight.labels("stream" if method.streaming else "unary")
        observe = None if method.streaming else self._seconds.labels(method.name).observe
        count_of: dict[str, Callable[[], None]] = {}

        def record(state: CallState) -> None:
            code = "CANCELLED" if state.code is None else state.code.name
            count = count_of.get(code)
            if count is None:
                count = count_of[code] = self._handled.labels(method.name, code).inc
            count()
            if observe is not None:
                observe(perf_counter() - state.started)
            in_flight.dec()

        def handle(state: CallState, request: Any) -> Any:  # noqa: ANN401 - any message
            in_flight.inc()
            state.when_done.append(record)
            return inner(state, request)

        return handle
