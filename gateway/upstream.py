"""The gRPC server, as the gateway calls it: one channel for all callers, each call with its caller's own metadata."""

import json
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeAlias, cast

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


class Upstream:
    """Safe for any number of calls at a time, in the event loop that it was first used in.

    A server that is down makes calls fail with UNAVAILABLE within a second or so; when it is back it is found again
    within two. Raises OSError when the files of its certificates cannot be read.
    """

    def __init__(self, settings: Settings) -> None:
        self._target = settings.server_target
        self._credentials = _credentials(settings)
        self._channel: grpc.aio.Channel | None = None
        self._unary: dict[str, Any] = {}
        self._streams: dict[str, Any] = {}

    async def unary(
        self,
        rpc: Rpc,
        request: Message,
        *,
        metadata: Metadata,
        timeout: float,  # noqa: ASYNC109 - sent along: the server stops working then
    ) -> Message:
        """The answer. Raises UpstreamError. Cancelling the task cancels the call on the server."""
        method = self._unary.get(rpc.path)
        if method is None:
            method = self._unary[rpc.path] = self._open().unary_unary(
                rpc.path,
                request_serializer=rpc.request.SerializeToString,
                response_deserializer=rpc.response.FromString,
            )
        try:
            answer: Message = await method(request, timeout=timeout, metadata=metadata)
        except grpc.aio.AioRpcError as error:
            raise _upstream_error(error, rpc) from None
        return answer

    async def stream(self, rpc: Rpc, request: Message, *, metadata: Metadata) -> AsyncIterator[Message]:
        """Messages as they come; the next one is read from the connection when it is asked for.

        Raises UpstreamError. Closing the iterator, or cancelling the task, cancels the call on the server.
        """
        method = self._streams.get(rpc.path)
        if method is None:
            method = self._streams[rpc.path] = self._open().unary_stream(
                rpc.path,
                request_serializer=rpc.request.SerializeToString,
                response_deserializer=rpc.response.FromString,
            )
        call = method(request, metadata=metadata)
        try:
            while (message := await call.read()) is not grpc.aio.EOF:
                yield cast("Message", message)
        except grpc.aio.AioRpcError as error:
            raise _upstream_error(error, rpc) from None
        finally:
            call.cancel()

    async def close(self) -> None:
        """Cancels what is under way, and frees the connection."""
        if self._channel is not None:
            await self._channel.close()

    def _open(self) -> grpc.aio.Channel:
        """In the running loop: a channel belongs to the one that it is made in."""
        if self._channel is None:
            options = _channel_options()
            if self._credentials is None:
                self._channel = grpc.aio.insecure_channel(self._target, options=options)
            else:
                self._channel = grpc.aio.secure_channel(self._target, self._credentials, options=options)
        return self._channel


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


def _upstream_error(error: grpc.aio.AioRpcError, rpc: Rpc) -> UpstreamError:
    code = error.code()
    trailing = list(error.trailing_metadata() or ())
    text = [(key, value) for key, value in trailing if isinstance(value, str)]
    for key, value in trailing:
        if key == _DETAILS_KEY and isinstance(value, bytes):
            status = _parsed(value)
            if status is not None and status.code == code.value[0]:
                return UpstreamError(code, status, text)
    return UpstreamError(code, _stand_in(code, error, rpc), text)


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
