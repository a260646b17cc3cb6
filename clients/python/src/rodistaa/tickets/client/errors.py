"""The one exception that calls raise."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar, cast

import google.rpc.error_details_pb2 as error_details
import google.rpc.status_pb2 as rich_status
import grpc
from google.protobuf.message import Message
from grpc_status import rpc_status

_Detail = TypeVar("_Detail", bound=Message)


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """A field of the request that is wrong, as a path such as "ticket.title"."""

    field: str
    description: str


class TicketsError(Exception):
    """A call failed.

    Decide by `code` and `reason`, which are stable; `message` is for people. `reason` is a name of
    `rodistaa.tickets.v1.ErrorReason` without its prefix, such as "TICKET_NOT_FOUND"; a newer server
    may send one that is not in this version. It is empty when the error was not made by the ticket
    server, as when it could not be reached.
    """

    def __init__(
        self,
        code: grpc.StatusCode,
        message: str,
        *,
        reason: str = "",
        metadata: Mapping[str, str] | None = None,
        field_violations: Sequence[FieldViolation] = (),
        retry_after: timedelta | None = None,
    ) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.reason = reason
        self.metadata = dict(metadata or {})
        self.field_violations = tuple(field_violations)
        self.retry_after = retry_after

    def __str__(self) -> str:
        return f"{self.code.name} {self.reason or '-'}: {'; '.join((self.message, *self.unmentioned_fields()))}"

    def __repr__(self) -> str:
        return f"TicketsError({self.code.name}, reason={self.reason!r}, message={self.message!r})"

    def unmentioned_fields(self) -> Iterator[str]:
        """Yields "field: description" of those violations that `message` does not tell; the server tells the first."""
        for each in self.field_violations:
            told = f"{each.field}: {each.description}"
            if told not in self.message:
                yield told

    @classmethod
    def from_rpc_error(cls, error: grpc.RpcError) -> "TicketsError":
        """Reads the rich status of `error`, or what there is where it has none."""
        # Every RpcError that a channel raises is a Call as well; its class does not say so.
        call = cast("grpc.Call", error)
        status = _rich_status(call)
        info = _detail(status, error_details.ErrorInfo())
        retry = _detail(status, error_details.RetryInfo())
        bad_request = _detail(status, error_details.BadRequest())
        return cls(
            call.code(),
            call.details() or "",
            reason=info.reason,
            metadata=info.metadata,
            field_violations=[FieldViolation(each.field, each.description) for each in bad_request.field_violations],
            retry_after=(retry.retry_delay.ToTimedelta() if retry.HasField("retry_delay") else None),
        )


def _rich_status(call: grpc.Call) -> rich_status.Status:
    try:
        status = rpc_status.from_call(call)
    except ValueError:  # the rich status contradicts the plain one: somebody in between changed it
        status = None
    return status if isinstance(status, rich_status.Status) else rich_status.Status()


def _detail(status: rich_status.Status, into: _Detail) -> _Detail:
    for detail in status.details:
        if detail.Unpack(into):
            break
    return into
