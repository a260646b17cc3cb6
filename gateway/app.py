"""The gateway as an ASGI app: routes, and what goes around them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from gateway.browser import PageOrCall, browser_routes
from gateway.calls import CallLimits, Calls
from gateway.client_address import ClientAddress
from gateway.contract import rpcs
from gateway.documentation import documentation_routes
from gateway.files import Files
from gateway.metrics import HttpMetrics
from gateway.pages import AdminPages
from gateway.refusals import EXPECTED, answer_error
from gateway.response_headers import ResponseHeaders
from gateway.routes import Router
from gateway.session_ends import SessionEnds
from gateway.sessions import Sessions
from gateway.sse import EventStreams
from gateway.upstream import Upstream
from server.adapters.redis.ended_sessions import EndedSessions
from server.files import open_local_requests
from server.settings import Settings


def build_app(settings: Settings, metrics: HttpMetrics | None = None) -> ASGIApp:
    """Signed URLs are served where there is a local store; with S3 settings their addresses are unknown here.

    Raises OSError when the files of the certificates for the way to the server cannot be read, and ValueError when the
    address of Redis is none.
    """
    upstream = Upstream(settings, metrics.upstream_error if metrics is not None else None)
    ends = SessionEnds()
    others = EndedSessions(settings.redis_url.get_secret_value())
    sessions = Sessions(settings, upstream, ends, others.tell)
    routes: list[BaseRoute] = [Route("/healthz", _healthy, methods=["GET"])]
    pages = AdminPages(settings.admin_dist, connect_to=_store_origins(settings))
    routes += browser_routes(settings, sessions, pages)
    routes += documentation_routes(stall_seconds=settings.http_stall_seconds)
    local = open_local_requests(settings)
    if local is not None:
        files = Files(local, stall_seconds=settings.http_stall_seconds)
        routes.append(Route(f"/{local.bucket}/{{key:path}}", files))
    calls = Calls(
        Router(rpcs()),
        upstream,
        EventStreams(upstream, sessions.watched, stall_seconds=settings.http_stall_seconds),
        identify=sessions.identify,
        vouch=sessions.vouch,
        addresses=ClientAddress(settings.trusted_proxies),
        limits=CallLimits(
            settings.call_timeout_seconds,
            settings.http_stall_seconds,
            settings.max_message_bytes,
            only_tokens=settings.gateway_certificate_file is not None,
        ),
    )
    page_or_call = PageOrCall(pages, calls, stall_seconds=settings.http_stall_seconds)
    routes.append(Route("/{path:path}", page_or_call))

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        others.start(lambda marks: loop.call_soon_threadsafe(ends.ended, marks))
        watch = asyncio.create_task(metrics.watch_loop()) if metrics is not None else None
        yield
        others.stop()
        if watch is not None:
            watch.cancel()
        await upstream.close()

    app = Starlette(
        routes=routes,
        middleware=_cors(settings.http_allowed_origins),
        exception_handlers=dict.fromkeys((*EXPECTED, Exception), answer_error),
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False  # the address to go to would be made of the client's own Host
    whole = ResponseHeaders(app)  # outside of all, so that what fails has them too
    if metrics is None:
        return whole
    metrics.watch_codec(calls.waiting_for_a_thread)
    own = {each.endpoint: each.path for each in routes if isinstance(each, Route) and each.endpoint is not page_or_call}
    return metrics.around(whole, own)


def _cors(allowed_origins: list[str]) -> list[Middleware]:
    if not allowed_origins:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=allowed_origins,
            allow_methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=[
                "authorization",
                "content-type",
                "grpc-timeout",
                "idempotency-key",
                "if-match",
                "if-none-match",
                "last-event-id",
                "range",
                "tickets-caller",
                "traceparent",
                "tracestate",
                "x-amz-checksum-sha256",
                "x-request-id",
            ],
            expose_headers=["content-disposition", "content-range", "etag", "retry-after", "x-request-id"],
        )
    ]


def _store_origins(settings: Settings) -> tuple[str, ...]:
    """Where signed URLs lead, other than here: the gateway itself may be known by several names."""
    store = settings.s3_public_endpoint or settings.s3_endpoint or settings.files_url
    return (store.rstrip("/"),) if store is not None else ()


async def _healthy(_request: Request) -> PlainTextResponse:
    """The process answers. It needs neither database nor server for that."""
    return PlainTextResponse("serving\n")
