"""Takes the request from the wire, after authentication; what does not parse is the client's mistake, not ours."""

from collections.abc import Callable, Iterator
from typing import Any

import grpc
from google.protobuf.message import DecodeError

from server.api.calls import CallState, Method
from server.api.interceptors.concern import Handler
from server.domain.errors import InvalidArgument


class ClientGone(Exception):
    """The client went away before its message came. ``signal`` is what grpc wants to see raised then."""

    def __init__(self, signal: grpc.RpcError) -> None:
        super().__init__()
        self.signal = signal


class Decoding:
    """Does the work that grpc would do before the handler is called.

    So nobody makes the server wait for a message, or parse one, who has not said who he is; and what cannot
    be parsed is INVALID_ARGUMENT, where grpc answers INTERNAL.
    """

    def __init__(self, decode: Callable[[bytes], Any] | None, encode: Callable[[Any], bytes] | None) -> None:
        self._decode = decode
        self._encode = encode

    def around(self, method: Method, inner: Handler) -> Handler:
        """The request of the outer handler is the iterator of incoming messages, that of the inner one a message."""
        decode, encode = self._decode, self._encode

        def received(requests: Iterator[bytes]) -> Any:  # noqa: ANN401 - any message
            try:
                body = next(requests)
                return body if decode is None else decode(body)
            except StopIteration:
                raise InvalidArgument("The call ended without a request.") from None
            except DecodeError:
                raise InvalidArgument("The request is not a valid message of its type.") from None
            except grpc.RpcError as error:
                raise ClientGone(error) from None

        def handle(state: CallState, requests: Any) -> Any:  # noqa: ANN401 - any messages
            response = inner(state, received(requests))
            return response if encode is None else encode(response)

        def handle_stream(state: CallState, requests: Any) -> Any:  # noqa: ANN401 - any messages
            return inner(state, received(requests))

        return handle_stream if method.streaming else handle
