"""Builds the gRPC server and takes it down again without cutting anyone off."""

import errno
import importlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import grpc
import structlog
from google.protobuf import descriptor_pool
from grpc_health.v1 import health, health_pb2_grpc

from server.api.health import Health
from server.api.interceptors.chain import ChainInterceptor, Concerns
from server.api.interceptors.exempt import Exempt
from server.api.pools import HandlerPool, Holding, Watchdog
from server.api.reflection import enable_reflection
from server.api.tls import TlsFiles, server_credentials

_log = structlog.get_logger("server.api")

_LAST_MOMENT_SECONDS = 1.0

_STALLED_SECONDS = 1.0
"""A client whose request is still not there after this is slow, whatever the load of the server."""
_ANONYMOUS = Holding(limit_seconds=1.0, patience_seconds=0.25, share=1)
_REFLECTION = Holding(limit_seconds=60.0, patience_seconds=1.0, share=1)
"""For a whole stream; grpcurl needs some milliseconds of it."""


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """How the server listens and what it bears; ``server.settings`` explains each value."""

    host: str = "127.0.0.1"
    port: int = 50051
    threads: int = 32
    max_waiting_calls: int = 1000
    request_body_timeout_seconds: float = 5.0
    max_message_bytes: int = 4 * 1024 * 1024
    max_concurrent_streams: int = 4096
    keepalive_seconds: float = 60.0
    keepalive_timeout_seconds: float = 20.0
    max_connection_age_seconds: float = 0.0
    reuse_port: bool = False
    reflection: bool = True
    readiness_interval_seconds: float = 2.0
    tls: TlsFiles | None = None


@dataclass(frozen=True, slots=True)
class Registration:
    """A service of the contract and who serves it."""

    name: str
    """Full name, such as ``rodistaa.tickets.v1.TicketService``."""
    add: Callable[[grpc.Server], None]

    @classmethod
    def of(cls, name: str, add: Callable[[Any, grpc.Server], None], servicer: object) -> "Registration":
        """With a generated ``add_XServicer_to_server``."""
        # Its module ``x_pb2_grpc`` alone does not load the descriptor of the service, which reflection shows and
        # ``Method.at`` reads; ``x_pb2`` does.
        importlib.import_module(add.__module__.removesuffix("_grpc"))
        return cls(name, lambda server: add(servicer, server))


class TicketsServer:
    """A built server: ``start``, then ``drain`` once. Made by ``build_server``."""

    def __init__(self, server: grpc.Server, port: int, health: Health, pools: Sequence[HandlerPool]) -> None:
        self.port = port
        """The port bound, also where 0 was asked for."""
        self.health = health
        self._server = server
        self._pools = pools
        self._watchdog = Watchdog(pools)
        self._before_stop: list[Callable[[], None]] = []

    def before_stop(self, callback: Callable[[], None]) -> None:
        """Called when a drain begins, before connections are told to go away: here streams end themselves."""
        self._before_stop.append(callback)

    def start(self) -> None:
        """Serve; the health service says SERVING as soon as the readiness check agrees."""
        self._watchdog.start()
        self._server.start()
        self.health.start()

    def drain(self, grace_seconds: float) -> bool:
        """Take no new calls, let those under way finish for up to ``grace_seconds``, then cut off the rest.

        Returns whether every handler has come to its end; one that was cut off may go on in its thread.
        """
        self.health.drain()
        for callback in self._before_stop:
            callback()
        self._server.stop(grace_seconds).wait()
        self._watchdog.stop()
        give_up = time.monotonic() + _LAST_MOMENT_SECONDS
        ended = [pool.finish(give_up) for pool in self._pools]
        finished = all(ended)
        if not finished:
            _log.warning("handlers that were cut off are still running")
        return finished


def build_server(
    options: ServerOptions,
    registrations: Sequence[Registration],
    concerns: Concerns,
    ready: Callable[[], bool] = lambda: True,
) -> TicketsServer:
    """A server with its port bound but not yet serving.

    Raises OSError when the port is taken, KeyError for a service that the contract does not have.
    """
    holding = Holding(options.request_body_timeout_seconds, _STALLED_SECONDS, max(1, options.threads // 4))
    pool = HandlerPool(options.threads, "rpc", holding)
    control_pool = HandlerPool(8, "control", _ANONYMOUS)
    notice_pool = HandlerPool(1, "notices", _ANONYMOUS)
    reflection_pool = HandlerPool(4, "reflection", _REFLECTION)
    limit = options.max_waiting_calls
    chain = ChainInterceptor(
        concerns,
        held=pool.held,
        exempt=Exempt(
            [concerns.request_id, concerns.error_mapping],
            control_pool=control_pool,
            notice_pool=notice_pool,
            reflection_pool=reflection_pool,
        ),
        control_pool=control_pool,
        overloaded=lambda: pool.waiting() >= limit,
    )
    server = grpc.server(pool, interceptors=[chain], options=_channel_options(options))
    for registration in registrations:
        descriptor_pool.Default().FindServiceByName(registration.name)
        registration.add(server)
    names = [registration.name for registration in registrations]
    health_service = Health(names, ready, options.readiness_interval_seconds)
    health_pb2_grpc.add_HealthServicer_to_server(health_service.servicer, server)
    if options.reflection:
        enable_reflection([*names, health.SERVICE_NAME], server)
    pools = [pool, control_pool, notice_pool, reflection_pool]
    return TicketsServer(server, _bind(server, options), health_service, pools)


def _bind(server: grpc.Server, options: ServerOptions) -> int:
    address = f"{options.host}:{options.port}"
    try:
        if options.tls is not None:
            return server.add_secure_port(address, server_credentials(options.tls))
        return server.add_insecure_port(address)
    except RuntimeError:
        # grpc tells the cause to its own log alone.
        raise OSError(errno.EADDRINUSE, f"cannot listen on {address}; is the port taken?") from None


def _channel_options(options: ServerOptions) -> list[tuple[str, int]]:
    chosen = [
        ("grpc.max_receive_message_length", options.max_message_bytes),
        ("grpc.max_send_message_length", options.max_message_bytes),
        ("grpc.max_concurrent_streams", options.max_concurrent_streams),
        # Without this two servers on one port would share it without noticing.
        ("grpc.so_reuseport", int(options.reuse_port)),
        # Find dead peers, and bear clients that ping as often as every ten seconds.
        ("grpc.keepalive_time_ms", int(options.keepalive_seconds * 1000)),
        ("grpc.keepalive_timeout_ms", int(options.keepalive_timeout_seconds * 1000)),
        ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
        ("grpc.keepalive_permit_without_calls", 1),
    ]
    if options.max_connection_age_seconds > 0:
        chosen.append(("grpc.max_connection_age_ms", int(options.max_connection_age_seconds * 1000)))
        chosen.append(("grpc.max_connection_age_grace_ms", 60_000))
    return chosen
