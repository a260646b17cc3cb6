"""What every refused call has to look like, whoever refuses it and why."""

import re
from collections.abc import Callable
from typing import Any, cast

import google.rpc.error_details_pb2 as error_details
import google.rpc.status_pb2 as rpc_status
import grpc
import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from grpc_status import rpc_status as from_trailers

from rodistaa.tickets.client import TicketsError
from rodistaa.tickets.v1.errors_pb2 import ErrorReason
from server.api.errors import ERROR_DOMAIN, REQUEST_ID_KEY
from tests.database import Database

INVALID = grpc.StatusCode.INVALID_ARGUMENT
Rpc = Callable[[Any], Message]

_SEGMENT = re.compile(r"([a-z_0-9]+)(?:\[(\d+)\])?", re.ASCII)
_INTERNALS = re.compile(
    r"psycopg|sqlalchemy|traceback|exception calling|\.py\b|select .* from|insert into|violates|constraint|pg_",
    re.IGNORECASE,
)


def refused(
    rpc: Rpc,
    request: Message,
    *,
    code: grpc.StatusCode = INVALID,
    reason: str | None = None,
    field: str | None = None,
) -> TicketsError:
    """Make the call, which has to fail in the promised form, and with what is named here."""
    with pytest.raises(TicketsError) as caught:
        rpc(request)
    error = caught.value
    check_form(error, request)
    assert error.code is code, error
    if reason is not None:
        assert error.reason == reason, error
    if field is not None:
        assert field in [violation.field for violation in error.field_violations], error
    return error


def check_form(error: TicketsError, request: Message | None = None) -> None:
    """ErrorInfo with a known reason, field paths that exist, a request id, no internals."""
    call = cast("grpc.Call", error.__cause__)
    assert dict(call.trailing_metadata() or ()).get(REQUEST_ID_KEY), error
    status = from_trailers.from_call(call)
    assert isinstance(status, rpc_status.Status), f"no rich status: {error}"
    infos = [_unpacked(detail, error_details.ErrorInfo()) for detail in status.details]
    (info,) = [found for found in infos if found is not None]
    assert info.domain == ERROR_DOMAIN
    assert f"ERROR_REASON_{info.reason}" in ErrorReason.keys(), info.reason  # noqa: SIM118 - an enum wrapper, no dict
    for violation in error.field_violations:
        assert violation.description
        if request is not None:
            resolve(request, violation.field)
    said = " ".join([error.message, *error.metadata.values(), *(v.description for v in error.field_violations)])
    assert not _INTERNALS.search(said), said


def _unpacked(detail: Any, into: error_details.ErrorInfo) -> error_details.ErrorInfo | None:
    return into if detail.Unpack(into) else None


def resolve(request: Message, path: str) -> None:
    """Hold a path against the request: fields that its descriptor has, indexes that its lists have.

    The name of a oneof, of which no field was set, is a path too.
    """
    descriptor: Any = request.DESCRIPTOR
    value: Any = request
    for segment in path.split("."):
        match = _SEGMENT.fullmatch(segment)
        assert match is not None, f"{path}: {segment} is not a segment"
        assert descriptor is not None, f"{path}: {segment} lies below a scalar"
        name, index = match.groups()
        if name in descriptor.oneofs_by_name:
            descriptor = None
            continue
        assert name in descriptor.fields_by_name, f"{path}: {descriptor.full_name} has no {name}"
        field: FieldDescriptor = descriptor.fields_by_name[name]
        value = getattr(value, name)
        if index is not None:
            assert field.is_repeated, f"{path}: {name} is not a list"
            assert int(index) < len(value), f"{path}: {name} has {len(value)} elements"
            value = value[int(index)]
        descriptor = field.message_type


def rows(database: Database) -> dict[str, int]:
    """The number of rows of every table, so that a half-write shows."""
    with database.connect() as connection:
        names = connection.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
            " AND NOT relispartition ORDER BY relname"
        ).fetchall()
        counts = {}
        for (name,) in names:
            row = connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()
            counts[name] = 0 if row is None else int(row[0])
        return counts
