"""From the settings to a running gateway process, and its end."""

import os
import signal
import socket
import sys
from collections.abc import Callable

import structlog
import uvicorn
from prometheus_client import REGISTRY

from gateway.access_log import AccessLog
from gateway.app import build_app
from gateway.client_address import ClientAddress
from gateway.connections import BoundedConnection, counting
from gateway.metrics import HttpMetrics
from server import log
from server.line_writer import LineWriter
from server.metrics_http import MetricsServer
from server.settings import Settings

_log = structlog.get_logger("gateway")

_BACKLOG = 1024
_VANISHED_SECONDS = 60


def serve(settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT; drain; return the exit status.

    Raises OSError when a port is taken or the data directory cannot be written. Runs in the main thread, and only
    once in a process.
    """
    # uvicorn takes the signals over while it runs, and afterwards sends those that came to whom it had them from.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    log.configure(settings.log_level, settings.log_format)
    try:
        listener = listen(
            settings.http_host,
            settings.http_port,
            vanished_seconds=max(_VANISHED_SECONDS, 2 * settings.http_stall_seconds),
        )
    except OSError as error:
        raise OSError(f"port {settings.http_port} on {settings.http_host} cannot be used: {_words(error)}") from None
    writer = LineWriter(sys.stderr)
    metrics = HttpMetrics(REGISTRY) if settings.http_metrics_port else None
    server = make_server(settings, writer.write if settings.access_log else None, metrics)
    page = _metrics_page(settings, server) if metrics is not None else None
    _log.info("listening", address=f"{settings.http_host}:{listener.getsockname()[1]}", pid=os.getpid())
    server.run(sockets=[listener])
    if page is not None:
        page.close()
    writer.close()
    _log.info("stopped", pid=os.getpid())
    return 0


def listen(host: str, port: int, *, vanished_seconds: float = _VANISHED_SECONDS) -> socket.socket:
    """A listening socket; ``::`` takes IPv4 too. Its connections send what is written at once: an answer is a head and
    a body, and the body would wait for the client's late word that the head has come (40 ms). On Linux they end when
    nothing that was sent is taken for ``vanished_seconds``: a client whose network is gone says no goodbye, and its
    stream would live on for a quarter of an hour. Raises OSError."""
    address = host.strip("[]")
    if ":" not in address:
        listener = socket.create_server((address, port), backlog=_BACKLOG)
    else:
        both = address == "::" and socket.has_dualstack_ipv6()
        listener = socket.create_server((address, port), family=socket.AF_INET6, backlog=_BACKLOG, dualstack_ipv6=both)
    # asyncio sees to it for sockets of its own alone. Connections have it from the socket that they were accepted on.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(vanished_seconds * 1000))
    return listener


def _words(error: OSError) -> str:
    """The system's, without what Python adds."""
    return os.strerror(error.errno) if error.errno and error.errno > 0 else str(error.strerror)


def _metrics_page(settings: Settings, server: uvicorn.Server) -> MetricsServer:
    host, port = settings.metrics_host, settings.http_metrics_port
    try:
        return MetricsServer(host, port, REGISTRY, lambda: server.started and not server.should_exit)
    except OSError as error:
        raise OSError(f"port {port} on {host} cannot be used: {_words(error)}") from None


def make_server(
    settings: Settings, access_sink: Callable[[str], None] | None = None, metrics: HttpMetrics | None = None
) -> uvicorn.Server:
    """The app in a server that has yet to be run; its ``should_exit`` begins the drain.

    ``access_sink`` takes the lines of the access log. uvicorn's own would show queries, which are signatures.
    Without ``metrics`` nothing is counted.
    """
    app = build_app(settings, metrics)
    server = uvicorn.Server(
        uvicorn.Config(
            app if access_sink is None else AccessLog(app, access_sink, ClientAddress(settings.trusted_proxies)),
            http=BoundedConnection if metrics is None else counting(metrics.refused),
            loop="asyncio",
            ws="none",
            lifespan="on",
            interface="asgi3",
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=settings.http_max_connections,
            timeout_graceful_shutdown=max(1, round(settings.drain_grace_seconds)),
        )
    )
    if metrics is not None:
        metrics.watch_connections(lambda: len(server.server_state.connections))
    return server
