"""Requests to the object store that callers may make themselves."""

from rodistaa.tickets.v1 import attachment_pb2
from server.api.convert.values import set_timestamp
from server.application.object_store import SignedRequest


def from_signed_request(signed: SignedRequest) -> attachment_pb2.SignedRequest:
    """A signed request. It is a secret: it goes into the answer and nowhere else."""
    wire = attachment_pb2.SignedRequest(method=signed.method, url=signed.url, headers=signed.headers)
    set_timestamp(wire.expires_at, signed.expires_at)
    return wire
