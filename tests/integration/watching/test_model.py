"""Whoever follows sees in the end what whoever reads sees, whatever was written and how often the streams broke."""

import os
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import grpc
import pytest

from rodistaa.tickets.client import TicketsClient
from rodistaa.tickets.v1 import ticket_pb2 as t
from rodistaa.tickets.v1.filter_pb2 import TicketFilter
from rodistaa.tickets.v1.ticket_watch_pb2 import WatchTicketsResponse
from server.domain.roles import OUTSIDE, Role
from tests.database import Database
from tests.integration.postgres.rows import insert_ticket
from tests.integration.watching.followers import (
    ListFollower,
    TimelineFollower,
    client_of,
    ended_with,
    listed,
    timeline,
)
from tests.integration.watching.writers import DESCRIPTION, PROTECTED, Writers, random_columns
from tests.running import Running, StartServer, token_for
from tests.waiting import eventually

NOT_FOUND = (grpc.StatusCode.NOT_FOUND, "TICKET_NOT_FOUND")
SLOW = (grpc.StatusCode.RESOURCE_EXHAUSTED, "SLOW_CONSUMER")
ENDLESSLY = float(os.environ.get("TICKETS_MODEL_SECONDS", "0"))
"""How long each of these tests writes and reads; CI has no time for more than the usual."""


@dataclass(frozen=True)
class Reader:
    role: Role
    user: str
    franchises: tuple[str, ...] = ()

    @property
    def token(self) -> str:
        return token_for(self.role, self.user, self.franchises)

    def may_see(self, ticket: t.Ticket, watched: set[tuple[str, str]]) -> bool:
        """By the table of the specification, as far as the ticket's own fields tell."""
        return (
            self.role is Role.OPS_MANAGER
            or self.user in (ticket.created_by_id, ticket.owner_id)
            or (self.role not in OUTSIDE and t.Role.Name(ticket.owner_role) == f"ROLE_{self.role.name}")
            or (self.role is Role.FRANCHISE_AGENT and ticket.assigned_franchise_id in self.franchises)
            or (self.user, ticket.id) in watched
        )


READERS = (
    Reader(Role.OPS_MANAGER, "manager-1"),
    Reader(Role.OPS_AGENT, "agent-1"),
    Reader(Role.FRANCHISE_AGENT, "one-franchise", ("FR-001",)),
    Reader(Role.FRANCHISE_AGENT, "two-franchises", ("FR-001", "FR-002")),
    Reader(Role.SHIPPER, "shipper-1"),
    Reader(Role.FINANCE, "finance-1"),
)


@dataclass(frozen=True)
class Wanted:
    """A filter, and columns of a ticket that it finds."""

    where: TicketFilter
    columns: dict[str, Any] = field(default_factory=dict)


FILTERS = (
    Wanted(TicketFilter()),
    Wanted(TicketFilter(statuses=[t.TICKET_STATUS_NEW, t.TICKET_STATUS_OPEN])),
    Wanted(TicketFilter(owner_id="agent-1"), {"owner_id": "agent-1"}),
    Wanted(TicketFilter(unassigned=True)),
    Wanted(TicketFilter(tags_any=["fraud", "kyc"]), {"tags": ["kyc"]}),
    Wanted(TicketFilter(tags_all=["fraud", "late"]), {"tags": ["late", "fraud"]}),
    Wanted(TicketFilter(text="payment")),
    Wanted(TicketFilter(text="truck", unassigned=False), {"title": "The truck is late again", "owner_id": "bela"}),
    Wanted(TicketFilter(archived=True), {"archived": True}),
    Wanted(TicketFilter(sensitive=True), {"is_sensitive": True}),
    Wanted(
        TicketFilter(
            priorities=[t.TICKET_PRIORITY_HIGH], linked_type=t.LINKED_TYPE_PAYMENT, linked_id="BKG-1", sensitive=False
        ),
        {"priority": "HIGH", "linked_type": "payment", "linked_id": "BKG-1"},
    ),
    Wanted(TicketFilter(franchise_ids=["FR-002", "FR-003"]), {"assigned_franchise_id": "FR-002"}),
    Wanted(TicketFilter(owner_roles=[t.ROLE_FINANCE, t.ROLE_OPS_AGENT]), {"owner_role": "finance"}),
)


class Followers:
    """All of them, on any of the servers."""

    def __init__(self, targets: Sequence[str], tickets: Sequence[str], by: random.Random) -> None:
        self._by = by
        self._open_clients = ExitStack()
        self.clients: dict[Reader, list[TicketsClient]] = {
            reader: [self._open_clients.enter_context(client_of(target, reader.token)) for target in targets]
            for reader in READERS
        }
        self.lists = [
            (reader, wanted, ListFollower(wanted.where))
            for reader in READERS
            for wanted in by.sample(FILTERS, len(FILTERS) if ENDLESSLY else 5)
        ]
        self.timelines = [(reader, TimelineFollower(ticket)) for reader in READERS for ticket in by.sample(tickets, 4)]
        self.ends: dict[tuple[grpc.StatusCode, str], int] = {}
        self.opened = 0

    def everybody(self) -> Sequence[tuple[Reader, ListFollower | TimelineFollower]]:
        return [*((reader, follower) for reader, _, follower in self.lists), *self.timelines]

    def open(self, reader: Reader, follower: ListFollower | TimelineFollower) -> None:
        """On any server, from where it is."""
        self.opened += 1
        follower.open(self._by.choice(self.clients[reader]))

    def open_again(self) -> None:
        """Those whose stream has ended by itself."""
        for reader, follower in self.everybody():
            if follower.stream.is_over:
                self._reckon(follower)
                self.open(reader, follower)

    def break_one(self) -> None:
        reader, follower = self._by.choice(self.everybody())
        was_over = follower.stream.is_over
        follower.close()
        if was_over:
            self._reckon(follower)
        self.open(reader, follower)

    def _reckon(self, follower: ListFollower | TimelineFollower) -> None:
        if follower.stream.error is not None:
            end = ended_with(follower.stream.error)
            self.ends[end] = self.ends.get(end, 0) + 1

    def close(self) -> None:
        for _, follower in self.everybody():
            follower.close()
        self._open_clients.close()


def live_through(targets: Sequence[str], database: Database, *, seed: int, seconds: float) -> None:
    print(f"seed {seed}")  # noqa: T201 - to have the same again
    by = random.Random(seed)
    with database.connect() as connection:
        tickets = [insert_ticket(connection, **{"description": DESCRIPTION, **random_columns(by)}) for _ in range(12)]
    followers = Followers(targets, tickets, by)
    try:
        for reader, follower in followers.everybody():
            followers.open(reader, follower)
        writers = Writers(targets, database, tickets, seed=seed)
        until = time.monotonic() + (ENDLESSLY or seconds)
        try:
            while time.monotonic() < until:
                followers.open_again()
                for _ in range(4):
                    followers.break_one()
                writers.go_on(10)
        finally:
            writers.stop()
        writers.end_out_of_order(by)
        followers.open_again()
        check_lists(followers, database, writers)
        check_timelines(followers)
        assert not set(followers.ends) - {NOT_FOUND}, followers.ends
        print(f"{writers.done} writes, {followers.opened} streams, of them ended: {followers.ends}")  # noqa: T201
    finally:
        followers.close()


def check_lists(followers: Followers, database: Database, writers: Writers) -> None:
    # A ticket for each of them, after everything else: once it is there, so is all before it.
    with database.connect() as connection:
        last = {
            follower: insert_ticket(
                connection, **{"created_by_id": reader.user, "description": DESCRIPTION, **wanted.columns}
            )
            for reader, wanted, follower in followers.lists
        }
    for reader, wanted, follower in followers.lists:
        eventually(lambda: last[follower] in follower.held, within=30, what=f"the last of {reader} {wanted}")  # noqa: B023
    newest = max(last.values(), key=lambda ticket: int(ticket[4:]))
    for reader, wanted, follower in followers.lists:
        what = f"{reader} {wanted}"
        if last[follower] != newest:  # those that see more come last
            eventually(lambda: last[follower] in follower.held, what=what)  # noqa: B023
        eventually(
            lambda: follower.held == listed(followers.clients[reader][0], wanted.where),  # noqa: B023
            within=5,
            what=f"the list of {what}: {difference(follower, followers.clients[reader][0])}",
        )
        assert follower.faults == [], what
        for event in follower.events:
            for ticket in shown(event):
                assert reader.may_see(ticket, writers.made_watch), f"{what} was shown {ticket}"
                assert not (ticket.is_sensitive and PROTECTED in ticket.description), what
                assert ticket.redacted == ticket.is_sensitive, what


def difference(follower: ListFollower, client: TicketsClient) -> str:
    now, held = listed(client, follower.where), follower.held
    return f"missing {set(now.items()) - set(held.items())}, too much {set(held.items()) - set(now.items())}"


def shown(event: WatchTicketsResponse) -> Iterator[t.Ticket]:
    if event.HasField("changed"):
        yield event.changed.ticket
    yield from event.snapshot.tickets


def check_timelines(followers: Followers) -> None:
    for reader, follower in followers.timelines:
        client = followers.clients[reader][0]
        if follower.stream.is_over and follower.stream.error is not None:
            assert ended_with(follower.stream.error) == NOT_FOUND
        else:
            wanted = [entry.seq for entry in timeline(client, follower.ticket_id)]
            eventually(lambda: follower.numbers == wanted, within=10, what=f"{reader} {follower.ticket_id} {wanted}")  # noqa: B023
            if reader.role is Role.OPS_MANAGER:
                assert wanted == list(range(1, len(wanted) + 1))
        assert follower.numbers == sorted(set(follower.numbers))
        assert follower.faults == []
        for entry in follower.entries:
            if reader.role in OUTSIDE:
                assert entry.HasField("message")
                assert not entry.message.is_internal_note
            if entry.message.redacted:
                assert PROTECTED not in entry.message.message


@pytest.mark.slow
@pytest.mark.timeout(ENDLESSLY + 300)
def test_followers_of_one_server(fresh_server: Running) -> None:
    live_through([fresh_server.target], fresh_server.database, seed=int(time.time()), seconds=8)


@pytest.mark.slow
@pytest.mark.timeout(ENDLESSLY + 300)
def test_followers_that_come_back_to_other_servers(database: Database, server_processes: StartServer) -> None:
    servers = [server_processes(TICKETS_ACCESS_LOG="false") for _ in range(3)]
    for server in servers:
        server.wait_ready()
    live_through([server.target for server in servers], database, seed=int(time.time()), seconds=8)
