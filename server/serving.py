"""From the settings to a running server process, and its end. Knows everything about the shell, nothing of tickets."""

import gc
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import structlog
from prometheus_client import REGISTRY

from server import log
from server.adapters.identity.certificates import CertificatePrincipals
from server.adapters.identity.jwks_file import JwksFile
from server.adapters.identity.jwks_url import JwksUrl, require_safe
from server.adapters.identity.keys import KeySource, SharedSecret
from server.adapters.identity.tokens import JwtVerifier
from server.api.interceptors.access_log import AccessLog
from server.api.interceptors.authentication import Authentication
from server.api.interceptors.chain import Concerns
from server.api.interceptors.deadline import Deadline
from server.api.interceptors.metrics import Metrics
from server.api.interceptors.peer_address import PeerAddress
from server.api.interceptors.rate_limit import RateLimit
from server.api.interceptors.tracing import Tracing
from server.api.server import Registration, ServerOptions, TicketsServer, build_server
from server.api.tls import TlsFiles
from server.domain.ids import FranchiseId, UserId
from server.domain.principal import Principal
from server.line_writer import LineWriter
from server.metrics_http import MetricsServer, collects_metrics, serving_gauge
from server.processes import when_parent_is_gone
from server.settings import PREFIX, Settings

_log = structlog.get_logger("server")

Hook = Callable[[], None]


def serve(
    settings: Settings,
    registrations: Sequence[Registration],
    *,
    ready: Callable[[], bool],
    before_stop: Sequence[Hook] = (),
    after_stop: Sequence[Hook] = (),
) -> int:
    """Serve until SIGTERM, SIGINT, or the end of the supervising process; drain; return the exit status.

    ``before_stop`` runs when the drain begins (streams end themselves here), ``after_stop`` when no call
    is left (pools are closed here). Runs in the main thread, and only once in a process.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    log.configure(settings.log_level, settings.log_format)
    writer = LineWriter(sys.stderr)
    server = build_server(server_options(settings), registrations, concerns(settings, writer), ready)
    for hook in before_stop:
        server.before_stop(hook)
    metrics = _metrics_server(settings, server)
    server.start()
    when_parent_is_gone(stop.set)
    _log.info("listening", address=f"{settings.grpc_host}:{server.port}", pid=os.getpid())
    _settle_garbage_collector()
    stop.wait()
    _log.info("draining", grace_seconds=settings.drain_grace_seconds)
    finished = server.drain(settings.drain_grace_seconds)
    for hook in after_stop:
        hook()
    if metrics is not None:
        metrics.close()
    _log.info("stopped", pid=os.getpid())
    writer.close()
    if not finished:
        # Handlers that were cut off still hold threads, which the interpreter would wait for.
        sys.stderr.flush()
        os._exit(0)
    return 0


def server_options(settings: Settings) -> ServerOptions:
    """The part of the settings that is about listening."""
    tls = None
    if settings.tls_certificate_file is not None and settings.tls_private_key_file is not None:
        tls = TlsFiles(settings.tls_certificate_file, settings.tls_private_key_file, settings.tls_client_ca_file)
    return ServerOptions(
        host=settings.grpc_host,
        port=settings.grpc_port,
        threads=settings.threads,
        max_waiting_calls=settings.max_waiting_calls,
        request_body_timeout_seconds=settings.request_body_timeout_seconds,
        max_message_bytes=settings.max_message_bytes,
        max_concurrent_streams=settings.max_concurrent_streams,
        keepalive_seconds=settings.keepalive_seconds,
        keepalive_timeout_seconds=settings.keepalive_timeout_seconds,
        max_connection_age_seconds=settings.max_connection_age_seconds,
        reuse_port=settings.reuse_port,
        reflection=settings.reflection,
        readiness_interval_seconds=settings.readiness_interval_seconds,
        tls=tls,
    )


def concerns(settings: Settings, writer: LineWriter) -> Concerns:
    """The chain that the settings ask for. Raises ValueError or OSError when there is no way to be identified."""
    return Concerns(
        authentication=authentication(settings),
        peer_address=PeerAddress([str(proxy) for proxy in settings.trusted_proxies]),
        tracing=_tracing() if settings.tracing else None,
        access_log=AccessLog(writer.write, settings.access_log_keep_reads) if settings.access_log else None,
        metrics=Metrics() if collects_metrics(settings.metrics_port) else None,
        rate_limit=(
            RateLimit(settings.rate_limit_per_second, settings.rate_limit_burst)
            if settings.rate_limit_per_second > 0
            else None
        ),
        deadline=Deadline(settings.call_timeout_seconds),
    )


def check_identity(settings: Settings) -> None:
    """Raises ValueError, naming the setting, when nobody could ever be identified or a file is not what it should be.

    For the start of a process, before it connects to anything and before it has children.
    """
    files = {
        "jwks_file": settings.jwks_file,
        "tls_certificate_file": settings.tls_certificate_file,
        "tls_private_key_file": settings.tls_private_key_file,
        "tls_client_ca_file": settings.tls_client_ca_file,
    }
    for name, path in files.items():
        if path is not None:
            _require_readable(f"{PREFIX}{name.upper()}", path)
    _require_identity(settings)
    sources: dict[str, Callable[[], object]] = {
        "jwks_file": lambda: _key_source(settings),
        "jwks_url": lambda: require_safe(settings.jwks_url or ""),  # not fetched: it may be away for now
        "jwt_secret": lambda: _key_source(settings),
    }
    for name, read in sources.items():
        if getattr(settings, name) is not None:
            try:
                read()
            except ValueError as error:
                raise ValueError(f"{PREFIX}{name.upper()}: {error}") from None


def _require_identity(settings: Settings) -> None:
    if not (settings.jwks_file or settings.jwks_url or settings.jwt_secret or settings.mtls_principals):
        raise ValueError("set TICKETS_JWKS_FILE, TICKETS_JWKS_URL or TICKETS_JWT_SECRET, or TICKETS_MTLS_PRINCIPALS")


def _require_readable(setting: str, path: Path) -> None:
    try:
        path.read_bytes()
    except OSError as error:
        raise ValueError(f"{setting}: {path.absolute()} cannot be read: {error.strerror}") from None


def authentication(settings: Settings) -> Authentication:
    """Raises ValueError when nobody could ever be identified, OSError or ValueError for keys that cannot be read."""
    _require_identity(settings)
    keys = _key_source(settings)
    verifier = None
    if keys is not None:
        verifier = JwtVerifier(
            keys,
            audience=settings.jwt_audience,
            issuer=settings.jwt_issuer,
            leeway_seconds=settings.jwt_leeway_seconds,
            max_age_seconds=settings.jwt_cache_seconds,
        )
    certificates = {
        name: Principal(UserId(service.sub), service.role, frozenset(map(FranchiseId, service.franchise_ids)))
        for name, service in settings.mtls_principals.items()
    }
    return Authentication(verifier, CertificatePrincipals(certificates) if certificates else None)


def _key_source(settings: Settings) -> KeySource | None:
    if settings.jwks_file is not None:
        return JwksFile(settings.jwks_file)
    if settings.jwks_url is not None:
        return JwksUrl(settings.jwks_url, max_age_seconds=settings.jwks_max_age_seconds)
    if settings.jwt_secret is not None:
        return SharedSecret(settings.jwt_secret.get_secret_value())
    return None


def _metrics_server(settings: Settings, server: TicketsServer) -> MetricsServer | None:
    if not collects_metrics(settings.metrics_port):
        return None
    server.health.on_change(serving_gauge().set)
    if settings.metrics_port == 0:
        return None
    return MetricsServer(settings.metrics_host, settings.metrics_port, REGISTRY, lambda: server.health.serving)


def _tracing() -> Tracing:
    """With the `otlp` extra spans go where OTEL_EXPORTER_OTLP_ENDPOINT says; without it, to whatever is installed."""
    from opentelemetry import trace
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": "rodistaa-tickets"}))
    try:
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
    except ImportError:
        _log.warning("tracing is on, but the otlp extra is not installed: spans go nowhere")
    else:
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    return Tracing()


def _settle_garbage_collector() -> None:
    """What exists now stays until the end: do not look through it again with every collection."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
