"""The gRPC server, as the gateway calls it: one channel for all callers, each call with its caller's own metadata."""

from collections.abc import AsyncIterator, Sequence

import google.rpc.status_pb2 as rpc_status
import grpc
from google.protobuf.message import Message

from gateway.contract import Rpc
from server.settings import Settings

Metadata = Sequence[tuple[str, str]]


class UpstreamError(Exception):
    """The call failed: ``status`` is the server's, or what stands for it where the server did not answer."""

    def __init__(self, code: grpc.StatusCode, status: rpc_status.Status, metadata: Metadata) -> None:
        super().__init__(code, status.message)
        self.code = code
        self.status = status
        self.metadata = metadata
        """The trailing metadata."""


class Upstream:
    """Safe for any number of calls at a time, in the event loop that it was first used in."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def unary(
        self,
        rpc: Rpc,
        request: Message,
        *,
        metadata: Metadata,
        timeout: float,  # noqa: ASYNC109 - sent along: the server stops working then
    ) -> Message:
        """The answer. Raises UpstreamError. Cancelling the task cancels the call on the server."""
        raise NotImplementedError

    def stream(self, rpc: Rpc, request: Message, *, metadata: Metadata) -> AsyncIterator[Message]:
        """Messages as they come; the next one is read from the connection when it is asked for.

        Raises UpstreamError. Closing the iterator, or cancelling the task, cancels the call on the server.
        """
        raise NotImplementedError

    async def close(self) -> None:
        """Cancels what is under way, and frees the connection."""
