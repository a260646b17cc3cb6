"""Takes the request from the wire, after authentication; what does not parse is the client's mistake, not ours."""

from collections.abc import Callable, Iterator
from typing import Any

import grpc
from google.protobuf.message import DecodeError

from server.api.calls import CallState, Method
from server.api.interceptors.concern import Handler
from server.api.pools import HeldThreads
from server.domain.errors import DeadlineExceeded, InvalidArgument


class ClientGone(Exception):
    """The client went away before its call was served. ``signal`` is what grpc wants raised then, if anything."""

    def __init__(self, signal: grpc.RpcError | None = None) -> None:
        super().__init__()
        self.signal = signal


class Decoding:
    """Does the work that grpc would do before the handler is called.

    So nobody makes the server wait for a message, or parse one, who has not said who he is; nobody makes it
    wait long, which ``held`` sees to; and what cannot be parsed is INVALID_ARGUMENT, where grpc answers INTERNAL.
    """

    def __init__(
        self, held: HeldThreads, decode: Callable[[bytes], Any] | None, encode: Callable[[Any], bytes] | None
    ) -> None:
        self._held = held
        self._decode = decode
        self._encode = encode

    def around(self, method: Method, inner: Handler) -> Handler:
        """The request of the outer handler is the iterator of incoming messages, that of the inner one a message."""
        decode, encode = self._decode, self._encode
        hold, release = self._held.hold, self._held.release

        def received(state: CallState, requests: Iterator[bytes]) -> Any:  # noqa: ANN401 - any message
            hold(state)
            body = failure = None
            try:
                body = next(requests)
            except (StopIteration, grpc.RpcError) as error:
                failure = error
            if not release(state):
                # Whatever came at the last moment: the call was cancelled already.
                raise DeadlineExceeded("The request message did not come in time.")
            if body is None:
                if isinstance(failure, grpc.RpcError):
                    raise ClientGone(failure)
                raise InvalidArgument("The call ended without a request.")
            try:
                return body if decode is None else decode(body)
            except DecodeError:
                raise InvalidArgument("The request is not a valid message of its type.") from None

        def handle(state: CallState, requests: Any) -> Any:  # noqa: ANN401 - any messages
            response = inner(state, received(state, requests))
            return response if encode is None else encode(response)

        def handle_stream(state: CallState, requests: Any) -> Any:  # noqa: ANN401 - any messages
            return inner(state, received(state, requests))

        return handle_stream if method.streaming else handle
