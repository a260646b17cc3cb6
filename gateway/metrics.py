"""What the gateway counts, for Prometheus: requests by route, streams, refusals, failures of the server, its own pace.

No label is taken from what a client sends: routes are templates, methods and statuses are of short lists.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any, TypeAlias

import grpc
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

NO_ROUTE = "none"
"""Of requests for what is not served here."""
LOOP_PAUSE_SECONDS = 0.5

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_KEY = "tickets.observed"
_REFUSED_BY_STATUS = {408: "slow", 413: "too_large", 414: "too_large", 429: "limit", 431: "too_large"}

Templates: TypeAlias = Mapping[Any, str]
"""Paths of the routes by their endpoints."""


@dataclass(slots=True)
class Observed:
    """What is known of one request, by those who serve it."""

    route: str = ""
    """The template of its path; empty where it is the route's own."""
    is_stream: bool = False
    refused: str = ""
    """Why, where the status alone does not tell."""


def observed(scope: Scope) -> Observed:
    """Of the request; where nobody counts, it is forgotten."""
    found: Observed | None = scope.get(_KEY)
    return found if found is not None else Observed()


class HttpMetrics:
    """Registers its series once; one object serves a process. Streams have no duration, only a number of open ones."""

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        self._requests = Counter(
            "tickets_http_requests",
            "Requests that ended, by method, template of the path, and class of the status (none: no answer began).",
            ["method", "route", "status"],
            registry=registry,
        )
        self._seconds = Histogram(
            "tickets_http_seconds",
            "Seconds from the head of a request to the end of its answer; no streams.",
            ["method", "route"],
            buckets=_BUCKETS,
            registry=registry,
        )
        self._in_flight = Gauge("tickets_http_in_flight", "Requests under way, streams among them.", registry=registry)
        self._streams = Gauge("tickets_http_streams", "Open streams of server-sent events.", registry=registry)
        self._refused = Counter(
            "tickets_http_refused",
            "Requests that were refused by a limit or a rule of the gateway or the server, by why.",
            ["reason"],
            registry=registry,
        )
        self._upstream_errors = Counter(
            "tickets_http_upstream_errors",
            "Calls of the server that failed, by status code and whether the server itself said so.",
            ["code", "answered"],
            registry=registry,
        )
        self._loop_delay = Histogram(
            "tickets_http_loop_delay_seconds",
            "By how much a timer of the event loop was late, twice a second.",
            buckets=_BUCKETS,
            registry=registry,
        )
        self._codec_waiting = Gauge(
            "tickets_http_codec_waiting",
            "Large bodies that wait for a thread to be read or written.",
            registry=registry,
        )
        self._connections = Gauge("tickets_http_connections", "Open connections of clients.", registry=registry)

    def around(self, app: ASGIApp, templates: Templates) -> ASGIApp:
        """The same, counted."""
        return _Counted(app, templates, self)

    def watch_codec(self, waiting: Callable[[], int]) -> None:
        """``waiting`` is asked at each scrape, by another thread."""
        self._codec_waiting.set_function(waiting)

    def watch_connections(self, count: Callable[[], int]) -> None:
        """The same."""
        self._connections.set_function(count)

    def refused(self, reason: str) -> None:
        """One more; ``reason`` is of a short list."""
        self._refused.labels(reason).inc()

    def upstream_error(self, code: grpc.StatusCode, *, answered: bool) -> None:
        """One more."""
        self._upstream_errors.labels(code.name, "yes" if answered else "no").inc()

    async def watch_loop(self) -> None:
        """Until it is cancelled."""
        clock = asyncio.get_running_loop().time
        while True:
            due = clock() + LOOP_PAUSE_SECONDS
            await asyncio.sleep(LOOP_PAUSE_SECONDS)
            self._loop_delay.observe(max(0.0, clock() - due))

    def began(self) -> None:
        """A request."""
        self._in_flight.inc()

    def stream_began(self) -> None:
        """Of a request that began before."""
        self._streams.inc()

    def ended(self, method: str, route: str, status: int, seconds: float, note: Observed) -> None:
        """A request; ``status`` is 0 where no answer began."""
        self._in_flight.dec()
        method = method if method in _METHODS else "other"
        self._requests.labels(method, route, f"{status // 100}xx" if status else "none").inc()
        if not note.is_stream:
            self._seconds.labels(method, route).observe(seconds)
        elif status == 200:
            self._streams.dec()
        reason = note.refused or _REFUSED_BY_STATUS.get(status, "")
        if reason:
            self.refused(reason)


class _Counted:
    def __init__(self, app: ASGIApp, templates: Templates, metrics: HttpMetrics) -> None:
        self._app = app
        self._templates = templates
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = perf_counter()
        note = scope[_KEY] = Observed()
        status = 0

        async def noting_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if note.is_stream and status == 200:
                    self._metrics.stream_began()
            await send(message)

        self._metrics.began()
        try:
            await self._app(scope, receive, noting_send)
        finally:
            route = note.route or self._templates.get(scope.get("endpoint"), NO_ROUTE)
            self._metrics.ended(scope["method"], route, status, perf_counter() - started, note)
