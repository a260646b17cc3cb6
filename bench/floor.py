"""The bare handlers that the server is held against: `python -m bench.floor PORT`, with TICKETS_DATABASE_URL.

No authentication, validation, deadlines, logs or metrics; the same statements, the same rows, the same answers. What
makes the server fast without being part of its work it has too: threads, pool, prepared statements, a settled garbage
collector.
"""

import gc
import hashlib
import os
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import grpc
from google.protobuf.json_format import MessageToDict
from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb
from psycopg_pool import ConnectionPool

from rodistaa.tickets.v1 import ticket_pb2
from rodistaa.tickets.v1.ticket_reads_pb2 import GetTicketRequest, GetTicketResponse
from rodistaa.tickets.v1.ticket_writes_pb2 import CreateTicketRequest, CreateTicketResponse

THREADS = 32
CONNECTIONS = 16
PRINCIPAL = "bench-floor"

COLUMNS = (
    "id, title, description, created_by_id, created_by_role, owner_id, owner_role, assigned_franchise_id, priority, "
    "status, severity, linked_type, linked_id, sla_due_at, sla_escalation_level, sla_breached, first_response_due_at, "
    "first_responded_at, first_response_breached, tags, is_sensitive, archived, resolution_summary, metadata, "
    "created_at, updated_at, resolved_at, closed_at, version"
)
GET = f"SELECT {COLUMNS} FROM tickets WHERE id = %s".encode()
CREATE = f"""
WITH context AS (
    SELECT set_config('tickets.context', %s, true) AS applied
), claim AS (
    INSERT INTO idempotency_keys (principal_id, request_id, method, fingerprint, response)
    SELECT %s, %s, 'CreateTicket', %s, %s FROM context
    ON CONFLICT DO NOTHING RETURNING request_id
)
INSERT INTO tickets ({COLUMNS})
SELECT {", ".join(["%s"] * 8)}, %s::ticket_priority, %s::ticket_status, %s, %s::ticket_linked_type,
    {", ".join(["%s"] * 17)}
FROM claim
RETURNING id
""".encode()
CONTEXT = f'{{"actor_id": "{PRINCIPAL}", "actor_role": "ops_manager", "ip_address": "127.0.0.1"}}'


def _numbers(enum: Any, prefix: str, *, lower: bool = False) -> dict[str | None, Any]:  # noqa: ANN401 - any wire enum
    names = {name: name.removeprefix(prefix) for name in enum.keys()}  # noqa: SIM118 - not a mapping
    return {(short.lower() if lower else short): enum.Value(name) for name, short in names.items()} | {None: 0}


ROLE = _numbers(ticket_pb2.Role, "ROLE_", lower=True)
STATUS = _numbers(ticket_pb2.TicketStatus, "TICKET_STATUS_")
PRIORITY = _numbers(ticket_pb2.TicketPriority, "TICKET_PRIORITY_")
SEVERITY = _numbers(ticket_pb2.TicketSeverity, "TICKET_SEVERITY_", lower=True)
LINKED_TYPE = _numbers(ticket_pb2.LinkedType, "LINKED_TYPE_", lower=True)
PRIORITY_NAME = {number: name for name, number in PRIORITY.items()}
LINKED_TYPE_NAME = {number: name for name, number in LINKED_TYPE.items() if number}
DONE = ("RESOLVED", "CLOSED")


def filled(row: tuple[Any, ...]) -> ticket_pb2.Ticket:
    """A row of COLUMNS as the server would answer it to a manager, protected fields included."""
    (ticket_id, title, description, created_by_id, created_by_role, owner_id, owner_role, franchise_id) = row[:8]
    (priority, status, severity, linked_type, linked_id, due_at, level, breached) = row[8:16]
    (response_due_at, responded_at, response_breached, tags, sensitive, archived, summary, metadata) = row[16:24]
    (created_at, updated_at, resolved_at, closed_at, version) = row[24:]
    now = datetime.now(UTC)
    percent = None
    if status in DONE:
        clock = ticket_pb2.SLA_STATUS_COMPLETED
    else:
        left = (due_at - now) / (due_at - created_at)
        percent = min(100.0, max(0.0, 100.0 * left))
        if left <= 0:
            clock = ticket_pb2.SLA_STATUS_BREACHED
        else:
            clock = ticket_pb2.SLA_STATUS_NEAR_BREACH if left <= 0.2 else ticket_pb2.SLA_STATUS_ON_TRACK
        response_breached = response_breached or (responded_at is None and now > response_due_at)
    return ticket_pb2.Ticket(
        id=ticket_id,
        title=title,
        description=description,
        created_by_id=created_by_id,
        created_by_role=ROLE[created_by_role],
        owner_id=owner_id,
        owner_role=ROLE[owner_role],
        assigned_franchise_id=franchise_id,
        priority=PRIORITY[priority],
        status=STATUS[status],
        severity=SEVERITY[severity],
        linked_type=LINKED_TYPE[linked_type],
        linked_id=linked_id,
        sla_due_at=due_at,
        sla_escalation_level=level,
        sla_breached=breached,
        sla_status=clock,
        sla_percent_left=percent,
        first_response_due_at=response_due_at,
        first_responded_at=responded_at,
        first_response_breached=response_breached,
        tags=tags,
        is_sensitive=sensitive,
        archived=archived,
        resolution_summary=summary,
        metadata=metadata or None,
        created_at=created_at,
        updated_at=updated_at,
        resolved_at=resolved_at,
        closed_at=closed_at,
        etag=f'"{version:x}"',
        version=version,
    )


class Floor:
    """The two calls, bare."""

    def __init__(self, pool: "ConnectionPool[Connection[TupleRow]]") -> None:
        self._pool = pool
        # Beyond the numbers that servers on the same database take from the sequence.
        self._numbers = count(uuid.uuid4().int % 10**9 * 1000 + 10**12)

    def get_ticket(self, request: GetTicketRequest, _: grpc.ServicerContext) -> GetTicketResponse:
        """One statement."""
        with self._pool.connection() as connection:
            row = connection.execute(GET, (request.id,), prepare=True).fetchone()
        if row is None:
            raise LookupError(request.id)
        return GetTicketResponse(ticket=filled(row))

    def create_ticket(self, request: CreateTicketRequest, _: grpc.ServicerContext) -> CreateTicketResponse:
        """One statement, and the triggers of its tables."""
        wire = request.ticket
        now = datetime.now(UTC)
        row = (
            f"TKT-{next(self._numbers)}",
            wire.title,
            wire.description,
            PRINCIPAL,
            "ops_manager",
            None,
            "ops_agent",
            wire.assigned_franchise_id or None,
            PRIORITY_NAME[wire.priority],
            "NEW",
            None,
            LINKED_TYPE_NAME.get(wire.linked_type),
            wire.linked_id or None,
            now + timedelta(days=2),
            0,
            False,
            now + timedelta(hours=8),
            None,
            False,
            list(wire.tags),
            False,
            False,
            None,
            MessageToDict(wire.metadata),
            now,
            now,
            None,
            None,
            1,
        )
        response = CreateTicketResponse(ticket=filled(row))
        values = [*row[:23], Jsonb(row[23]), *row[24:]]
        key = uuid.UUID(request.request_id)
        fingerprint = hashlib.sha256(request.SerializeToString()).digest()
        with self._pool.connection() as connection:
            connection.execute(
                CREATE, (CONTEXT, PRINCIPAL, key, fingerprint, response.SerializeToString(), *values), prepare=True
            )
        return response


def main() -> None:
    """Serve until killed."""
    pool: ConnectionPool[Connection[TupleRow]] = ConnectionPool(
        os.environ["TICKETS_DATABASE_URL"], min_size=CONNECTIONS, kwargs={"autocommit": True}, open=True
    )
    pool.wait()
    server = grpc.server(ThreadPoolExecutor(THREADS), options=[("grpc.so_reuseport", 1)])
    floor = Floor(pool)
    handlers: dict[str, grpc.RpcMethodHandler[Any, Any]] = {
        "GetTicket": grpc.unary_unary_rpc_method_handler(
            floor.get_ticket, GetTicketRequest.FromString, GetTicketResponse.SerializeToString
        ),
        "CreateTicket": grpc.unary_unary_rpc_method_handler(
            floor.create_ticket, CreateTicketRequest.FromString, CreateTicketResponse.SerializeToString
        ),
    }
    service = "rodistaa.tickets.v1.TicketService"
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
    server.add_insecure_port(f"127.0.0.1:{sys.argv[1]}")
    server.start()
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    server.wait_for_termination()


if __name__ == "__main__":
    main()
