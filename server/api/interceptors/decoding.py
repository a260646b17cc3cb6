"""Bytes to message, after authentication; what does not parse is the client's mistake, not ours."""

from collections.abc import Callable
from typing import Any

from google.protobuf.message import DecodeError

from server.api.calls import CallState, Method
from server.api.interceptors.concern import Handler
from server.domain.errors import InvalidArgument


class Decoding:
    """Takes the (de)serialisers over from grpc, which would answer INTERNAL, and before authentication."""

    def __init__(self, decode: Callable[[bytes], Any] | None, encode: Callable[[Any], bytes] | None) -> None:
        self._decode = decode
        self._encode = encode

    def around(self, method: Method, inner: Handler) -> Handler:
        """Raises InvalidArgument for malformed bytes, text that is not UTF-8 among them."""
        decode, encode = self._decode, self._encode

        def parsed(request: Any) -> Any:  # noqa: ANN401 - any message
            if decode is None:
                return request
            try:
                return decode(request)
            except DecodeError:
                raise InvalidArgument("The request is not a valid message of its type.") from None

        def handle(state: CallState, request: Any) -> Any:  # noqa: ANN401 - any message
            response = inner(state, parsed(request))
            return response if encode is None else encode(response)

        def handle_stream(state: CallState, request: Any) -> Any:  # noqa: ANN401 - any message
            return inner(state, parsed(request))

        return handle_stream if method.streaming else handle
