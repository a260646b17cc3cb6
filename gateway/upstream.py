"""The gRPC server, as the gateway calls it: some channels for all callers, each call with its caller's own metadata."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import timedelta
from itertools import cycle, islice
from pathlib import Path
from typing import Any, Protocol, TypeAlias, cast

import google.rpc.status_pb2 as rpc_status
import grpc
import grpc.aio
import structlog
from google.protobuf.message import DecodeError, Message

from gateway.contract import Rpc, rpcs
from gateway.errors import INTERNAL_TEXT, make_status
from server.settings import Settings

Metadata: TypeAlias = Sequence[tuple[str, str]]

_log = structlog.get_logger("gateway.upstream")

_DETAILS_KEY = "grpc-status-details-bin"
_RETRY_AFTER = timedelta(seconds=1)

# Mutations may be retried like reads, because the gateway gives each of them a request_id.
_RETRY_POLICY = {
    "maxAttempts": 4,
    "initialBackoff": "0.1s",
    "maxBackoff": "1s",
    "backoffMultiplier": 2,
    # A server that begins to drain ends the calls that cross its goodbye with CANCELLED. Calls that are cancelled here
    # are not retried.
    "retryableStatusCodes": ["UNAVAILABLE", "CANCELLED"],
}
_SILENT = {
    grpc.StatusCode.UNAVAILABLE: ("DEPENDENCY_UNAVAILABLE", "The ticket server cannot be reached. Try again."),
    grpc.StatusCode.DEADLINE_EXCEEDED: ("DEADLINE_EXCEEDED", "The deadline passed."),
    grpc.StatusCode.CANCELLED: ("CANCELLED", "The call was cancelled."),
    grpc.StatusCode.UNIMPLEMENTED: ("UNIMPLEMENTED", "The ticket server does not offer this method."),
    grpc.StatusCode.RESOURCE_EXHAUSTED: ("INVALID_REQUEST", "The request or its answer is too large."),
}
"""What stands for statuses that gRPC itself made, which have no details."""


class UpstreamError(Exception):
    """The call failed: ``status`` is the server's, or what stands for it where the server did not answer."""

    def __init__(self, code: grpc.StatusCode, status: rpc_status.Status, metadata: Metadata) -> None:
        super().__init__(code, status.message)
        self.code = code
        self.status = status
        self.metadata = metadata
        """The trailing metadata that is text."""


class OnError(Protocol):
    """Told of each call that failed; ``answered``: the server itself said so."""

    def __call__(self, code: grpc.StatusCode, *, answered: bool) -> None: ...


class Upstream:
    """Safe for any number of calls at a time, in the event loop that it was first used in.

    Calls and streams take ``settings.gateway_connections`` channels in turn, each of which has connections of its own:
    the processes that share one address of the server are given connections by the kernel, and keep them. A channel
    whose connection is broken is passed over for as long as another one has a whole one.

    A server that is down makes calls fail with UNAVAILABLE within a second or so; when it is back it is found again
    within two. Raises OSError when the files of its certificates cannot be read.
    """

    def __init__(self, settings: Settings, on_error: OnError | None = None) -> None:
        self._target = settings.server_target
        self._credentials = _credentials(settings)
        self._count = settings.gateway_connections
        self._on_error = on_error
        self._channels: list[_Channel] = []
        self._turns: Iterator[_Channel] = iter(())

    async def unary(
        self,
        rpc: Rpc,
        request: Message,
        *,
        metadata: Metadata,
        timeout: float,  # noqa: ASYNC109 - sent along: the server stops working then
    ) -> Message:
        """The answer. Raises UpstreamError. Cancelling the task cancels the call on the server."""
        try:
            answer: Message = await self._next().method(rpc)(request, timeout=timeout, metadata=metadata)
        except grpc.aio.AioRpcError as error:
            raise self._failed(error, rpc) from None
        return answer

    async def stream(self, rpc: Rpc, request: Message, *, metadata: Metadata) -> AsyncIterator[Message]:
        """Messages as they come; the next one is read from the connection when it is asked for.

        Raises UpstreamError. Closing the iterator, or cancelling the task, cancels the call on the server.
        """
        call = self._next().method(rpc)(request, metadata=metadata)
        try:
            while (message := await call.read()) is not grpc.aio.EOF:
                yield cast("Message", message)
        except grpc.aio.AioRpcError as error:
            raise self._failed(error, rpc) from None
        finally:
            call.cancel()

    async def close(self) -> None:
        """Cancels what is under way, and frees the connections."""
        await asyncio.gather(*(channel.close() for channel in self._channels))

    def _next(self) -> "_Channel":
        """The next in turn that is connected. Where none is, the next in turn, which waits for its own connection or
        says that there is none."""
        if not self._channels:
            # In the running loop: a channel belongs to the one that it is made in.
            self._channels = [_Channel(self._target, self._credentials) for _ in range(self._count)]
            self._turns = cycle(self._channels)
        for channel in islice(self._turns, self._count):
            if channel.is_connected():
                return channel
        return next(self._turns)

    def _failed(self, error: grpc.aio.AioRpcError, rpc: Rpc) -> UpstreamError:
        failure, answered = _upstream_error(error, rpc)
        if self._on_error is not None:
            self._on_error(failure.code, answered=answered)
        return failure


class _Channel:
    """One of gRPC's, with its methods, which are made once."""

    def __init__(self, target: str, credentials: grpc.ChannelCredentials | None) -> None:
        options = _channel_options()
        if credentials is None:
            self._channel = grpc.aio.insecure_channel(target, options=options)
        else:
            self._channel = grpc.aio.secure_channel(target, credentials, options=options)
        self._methods: dict[str, Any] = {}

    def is_connected(self) -> bool:
        """One that is not begins to be."""
        return self._channel.get_state(try_to_connect=True) is grpc.ChannelConnectivity.READY

    def method(self, rpc: Rpc) -> Any:  # noqa: ANN401 - of messages that differ by the method
        """What calls it: for one answer, or a stream of them."""
        method = self._methods.get(rpc.path)
        if method is None:
            of_its_kind = self._channel.unary_stream if rpc.streams else self._channel.unary_unary
            method = self._methods[rpc.path] = of_its_kind(
                rpc.path,
                request_serializer=rpc.request.SerializeToString,
                response_deserializer=rpc.response.FromString,
            )
        return method

    async def close(self) -> None:
        """Cancels what is under way."""
        await self._channel.close()


def _channel_options() -> list[tuple[str, Any]]:
    config = {
        # Spreads calls over all replicas behind one DNS name; with one address it changes nothing.
        "loadBalancingConfig": [{"round_robin": {}}],
        "methodConfig": [
            {"name": [{"service": name} for name in {rpc.service for rpc in rpcs()}], "retryPolicy": _RETRY_POLICY}
        ],
        # When most calls fail, retries stop, so that they do not hold a struggling server down.
        "retryThrottling": {"maxTokens": 100, "tokenRatio": 0.1},
    }
    return [
        ("grpc.service_config", json.dumps(config)),
        # Channels of the same address would share one connection otherwise.
        ("grpc.use_local_subchannel_pool", 1),
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.min_reconnect_backoff_ms", 100),
        ("grpc.max_reconnect_backoff_ms", 2_000),
        # A peer that vanished is noticed within 80 s, on connections that have a call under way.
        ("grpc.keepalive_time_ms", 60_000),
        ("grpc.keepalive_timeout_ms", 20_000),
        ("grpc.keepalive_permit_without_calls", 0),
        # The server's limit is what counts.
        ("grpc.max_receive_message_length", -1),
        ("grpc.max_send_message_length", -1),
        # Proxies of the environment are for the internet.
        ("grpc.enable_http_proxy", 0),
    ]


def _credentials(settings: Settings) -> grpc.ChannelCredentials | None:
    if not settings.gateway_tls:
        return None

    def content(path: Path | None) -> bytes | None:
        return path.read_bytes() if path is not None else None

    return grpc.ssl_channel_credentials(
        content(settings.gateway_ca_file),
        content(settings.gateway_private_key_file),
        content(settings.gateway_certificate_file),
    )


def _upstream_error(error: grpc.aio.AioRpcError, rpc: Rpc) -> tuple[UpstreamError, bool]:
    """And whether it is the server's own."""
    code = error.code()
    trailing = list(error.trailing_metadata() or ())
    text = [(key, value) for key, value in trailing if isinstance(value, str)]
    for key, value in trailing:
        if key == _DETAILS_KEY and isinstance(value, bytes):
            status = _parsed(value)
            if status is not None and status.code == code.value[0]:
                return UpstreamError(code, status, text), True
    return UpstreamError(code, _stand_in(code, error, rpc), text), False


def _parsed(details: bytes) -> rpc_status.Status | None:
    try:
        return rpc_status.Status.FromString(details)
    except DecodeError:
        return None


def _stand_in(code: grpc.StatusCode, error: grpc.aio.AioRpcError, rpc: Rpc) -> rpc_status.Status:
    """What gRPC says of addresses and limits is for the log."""
    known = _SILENT.get(code)
    if known is None:
        _log.error("the server failed in a way of its own", rpc=rpc.name, code=code.name, details=error.details())
        return make_status(code, "INTERNAL", INTERNAL_TEXT)
    if code is not grpc.StatusCode.CANCELLED:
        _log.warning("no answer of the server", rpc=rpc.name, code=code.name, details=error.details())
    reason, message = known
    return make_status(code, reason, message, retry_after=_RETRY_AFTER if code is grpc.StatusCode.UNAVAILABLE else None)
