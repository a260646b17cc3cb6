"""Writers that do everything that changes a ticket, in no order, through the API and past it."""

import random
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import grpc
import psycopg
from psycopg import sql

from rodistaa.tickets.client import TicketsClient, TicketsError
from rodistaa.tickets.v1 import ticket_bulk_pb2 as bulk
from rodistaa.tickets.v1 import ticket_pb2 as t
from rodistaa.tickets.v1 import ticket_writes_pb2 as writes
from server.domain.roles import Role
from tests.database import Database
from tests.integration.postgres.rows import insert_message, insert_ticket, update_ticket
from tests.integration.watching.followers import client_of
from tests.running import token_for
from tests.ticket_requests import REASON, new_ticket
from tests.waiting import eventually

PROTECTED = "pssst-protected"
"""Stands in each text that a sensitive ticket withholds, and nowhere else."""
DESCRIPTION = f"The load was delivered on Monday, {PROTECTED}."
USERS = ("manager-1", "agent-1", "one-franchise", "two-franchises", "shipper-1", "finance-1")
FRANCHISES = ("FR-001", "FR-002", "FR-003")
QUEUES = ("ops_agent", "franchise_agent", "finance", "ops_manager")
TAGS = ("fraud", "kyc", "late")
TITLES = ("Payment not received", "The truck is late again", "Payment for the truck is late")
STATUSES = ("NEW", "OPEN", "IN_PROGRESS", "AWAITING_SHIPPER", "ESCALATED", "RESOLVED", "CLOSED")

_EXPECTED = {
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.UNAVAILABLE,
}


def random_columns(by: random.Random) -> dict[str, Any]:
    """One change that somebody in psql may make."""
    choice: Sequence[dict[str, Any]] = (
        {"status": by.choice(STATUSES)},
        {"priority": by.choice(("LOW", "HIGH"))},
        {"owner_id": by.choice((None, *USERS)), "owner_role": by.choice((None, *QUEUES))},
        {"assigned_franchise_id": by.choice((None, *FRANCHISES))},
        {"tags": by.sample(TAGS, by.randrange(3))},
        {"title": by.choice(TITLES)},
        {"is_sensitive": by.random() < 0.3},
        {"archived": by.random() < 0.3},
        {"linked_type": "payment", "linked_id": "BKG-1"}
        if by.random() < 0.5
        else {"linked_type": None, "linked_id": None},
        {"created_by_id": by.choice(USERS)},
    )
    return by.choice(choice)


class Writers:
    """At work until ``stop``."""

    def __init__(self, targets: Sequence[str], database: Database, tickets: Sequence[str], *, seed: int) -> None:
        self.tickets = list(tickets)
        self.made_watch: set[tuple[str, str]] = set()
        """Users and the tickets that they may ever have watched."""
        self.done = 0
        self.surprises: list[str] = []
        self._targets = targets
        self._database = database
        self._stop = threading.Event()
        works: Sequence[Callable[[random.Random], None]] = (
            *(self._calls for _ in range(3)),
            *(self._late_commits for _ in range(3)),
            self._statements,
        )
        self._threads = [
            threading.Thread(target=self._run, args=(work, random.Random(seed * 100 + number)), daemon=True)
            for number, work in enumerate(works)
        ]
        for thread in self._threads:
            thread.start()

    def go_on(self, more: int) -> None:
        """Until there are so many writes more, or there is something to tell."""
        wanted = self.done + more
        eventually(lambda: self.done >= wanted or self.surprises, what=f"{more} more writes")

    def stop(self) -> None:
        """When each has finished what it is at."""
        self._stop.set()
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive(), "a writer hangs"
        assert not self.surprises, self.surprises[:3]

    def end_out_of_order(self, by: random.Random) -> None:
        """Change each ticket, and change it back in the transaction that comes first in the feed."""
        with self._database.connect() as connection, self._database.connect(autocommit=False) as older:
            older.execute("SELECT pg_current_xact_id()")
            undo: list[tuple[str, dict[str, Any]]] = []
            for ticket in self.tickets:
                columns = random_columns(by)
                names = sql.SQL(", ").join(map(sql.Identifier, columns))
                before = sql.SQL("SELECT {} FROM tickets WHERE id = {}").format(names, ticket)
                row = connection.execute(before).fetchone()
                assert row is not None
                undo.append((ticket, dict(zip(columns, row, strict=True))))
                update_ticket(connection, ticket, **columns)
            for ticket, values in undo:
                update_ticket(older, ticket, **values)
            older.commit()

    def _run(self, work: Callable[[random.Random], None], by: random.Random) -> None:
        try:
            work(by)
        except Exception as error:  # noqa: BLE001 - the test is told
            self.surprises.append(repr(error))

    def _pause(self, longest: float, by: random.Random) -> bool:
        self.done += 1
        return self._stop.wait(by.uniform(0, longest))

    # --- through the API

    def _calls(self, by: random.Random) -> None:
        target = by.choice(self._targets)
        with (
            client_of(target, token_for(Role.ADMIN, "admin-1")) as admin,
            client_of(target, token_for(Role.SHIPPER, "shipper-1")) as shipper,
        ):
            while not self._pause(0.05, by):
                try:
                    self._call(by, admin, shipper)
                except TicketsError as error:
                    if error.code not in _EXPECTED:
                        raise

    def _call(self, by: random.Random, admin: TicketsClient, shipper: TicketsClient) -> None:
        ticket, rpc = by.choice(self.tickets), admin.tickets
        seconds = 10.0

        def create() -> None:
            client = by.choice((admin, shipper))
            request = new_ticket(title=by.choice(TITLES), description=DESCRIPTION)
            created = client.tickets.CreateTicket(request, timeout=seconds).ticket.id
            if len(self.tickets) < 60:
                self.tickets.append(created)

        def update() -> None:
            changed = t.Ticket(id=ticket, tags=by.sample(TAGS, by.randrange(3)), is_sensitive=by.random() < 0.3)
            request = writes.UpdateTicketRequest(ticket=changed, reason=REASON)
            request.update_mask.paths.append(by.choice(("tags", "is_sensitive")))
            rpc.UpdateTicket(request, timeout=seconds)

        def transition() -> None:
            status = by.choice((t.TICKET_STATUS_OPEN, t.TICKET_STATUS_IN_PROGRESS, t.TICKET_STATUS_RESOLVED))
            summary = "Paid out by hand on Monday" if status == t.TICKET_STATUS_RESOLVED else ""
            request = writes.TransitionTicketRequest(
                id=ticket, status=status, reason=REASON, resolution_summary=summary
            )
            rpc.TransitionTicket(request, timeout=seconds)

        def assign() -> None:
            request = writes.AssignTicketRequest(id=ticket, reason=REASON)
            request.owner_role = by.choice((t.ROLE_OPS_AGENT, t.ROLE_FINANCE, t.ROLE_FRANCHISE_AGENT))
            if by.random() < 0.5:
                request.assigned_franchise_id = by.choice(("", *FRANCHISES))
            rpc.AssignTicket(request, timeout=seconds)

        def escalate() -> None:
            rpc.EscalateTicket(writes.EscalateTicketRequest(id=ticket, reason=REASON), timeout=seconds)

        def archive() -> None:
            request = writes.ArchiveTicketRequest(id=ticket, archived=by.random() < 0.4, reason=REASON)
            rpc.ArchiveTicket(request, timeout=seconds)

        def message() -> None:
            request = writes.AddMessageRequest(
                ticket_id=ticket, message=f"We look into it, {PROTECTED}", is_internal_note=by.random() < 0.5
            )
            rpc.AddMessage(request, timeout=seconds)

        def watch() -> None:
            user = by.choice(USERS)
            self.made_watch.add((user, ticket))
            request = writes.SetWatchRequest(ticket_id=ticket, user_id=user, watching=by.random() < 0.5)
            rpc.SetWatch(request, timeout=seconds)

        def many() -> None:
            ids = sorted(by.sample(self.tickets, min(5, len(self.tickets))))
            request = bulk.BulkUpdateTicketsRequest(ids=ids, reason=REASON)
            if by.random() < 0.5:
                request.tags.add.append(by.choice(TAGS))
            else:
                request.archive = by.random() < 0.3
            rpc.BulkUpdateTickets(request, timeout=seconds)

        by.choice(
            (
                create,
                update,
                update,
                transition,
                assign,
                assign,
                escalate,
                archive,
                message,
                message,
                watch,
                watch,
                many,
            )
        )()

    # --- past it

    def _late_commits(self, by: random.Random) -> None:
        """Transactions that have their number long before they commit, and those that never do."""
        with self._database.connect(autocommit=False) as connection:
            while True:
                connection.execute("SELECT pg_current_xact_id()")
                stopped = self._pause(0.5, by)
                with suppress(psycopg.errors.DeadlockDetected):
                    for ticket in sorted(by.sample(self.tickets, by.randrange(1, 3))):
                        self._change(connection, ticket, by)
                    self._pause(0.05, by)
                    if by.random() < 0.75:
                        connection.commit()
                connection.rollback()
                if stopped:
                    return

    def _statements(self, by: random.Random) -> None:
        with self._database.connect() as connection:
            while not self._pause(0.05, by):
                with suppress(psycopg.errors.DeadlockDetected):
                    self._change(connection, by.choice(self.tickets), by)

    def _change(self, connection: psycopg.Connection, ticket: str, by: random.Random) -> None:
        if by.random() < 0.2:
            insert_message(connection, ticket, message=f"{PROTECTED}!", is_internal_note=by.random() < 0.5)
        elif by.random() < 0.05:
            insert_ticket(connection, title=by.choice(TITLES), description=DESCRIPTION)
        else:
            update_ticket(connection, ticket, **random_columns(by))
