"""From an HTTP request to the message of its RPC."""

from google.protobuf.message import Message

from gateway.bad_request import BadRequest, UnsupportedMediaType
from gateway.routes import Route

__all__ = ["BadRequest", "UnsupportedMediaType", "to_request"]


def to_request(route: Route, query: str, body: bytes, content_type: str | None) -> Message:
    """The request message.

    ``query`` is as it came over the wire, without ``?``; ``body`` is whole: whoever reads it from the socket keeps
    it within ``settings.max_message_bytes``. Raises BadRequest, UnsupportedMediaType.
    """
    raise NotImplementedError
