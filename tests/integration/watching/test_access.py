"""Streams end, or are told to forget, as soon as their reader may no longer see."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
import jwt
import pytest

from rodistaa.tickets.client import TicketsClient
from rodistaa.tickets.v1 import ticket_pb2 as t
from rodistaa.tickets.v1 import ticket_writes_pb2 as writes
from rodistaa.tickets.v1.filter_pb2 import TicketFilter
from server.domain.roles import Role
from tests.database import Database
from tests.integration.postgres.rows import insert_message, insert_ticket, update_ticket
from tests.integration.watching.followers import ListFollower, TimelineFollower, client_of, ended_with, listed
from tests.running import AUDIENCE, SECRET, Running, running
from tests.ticket_requests import REASON
from tests.unit.identity.keys import KeyPair, jwks
from tests.waiting import eventually

NOT_FOUND = (grpc.StatusCode.NOT_FOUND, "TICKET_NOT_FOUND")


@pytest.fixture
def manager(server: Running) -> TicketsClient:
    return server.client(Role.OPS_MANAGER)


def secret_note(manager: TicketsClient, ticket: str) -> None:
    manager.tickets.AddMessage(writes.AddMessageRequest(ticket_id=ticket, message="Now among ourselves"))


@pytest.mark.parametrize("way", ["reassigned", "unwatched", "moved", "in-psql"])
def test_a_ticket_that_is_taken_away(server: Running, manager: TicketsClient, way: str) -> None:
    """The stream of its timeline ends before anything that came after, and the list loses it."""
    reader = {
        "reassigned": server.client(Role.OPS_AGENT, f"agent-{way}"),
        "unwatched": server.client(Role.DRIVER, f"driver-{way}"),
        "moved": server.client(Role.FRANCHISE_AGENT, f"franchise-{way}", ("FR-101",)),
        "in-psql": server.client(Role.SHIPPER, f"shipper-{way}"),
    }[way]
    columns = {
        "reassigned": {"owner_role": "ops_agent"},
        "unwatched": {},
        "moved": {"assigned_franchise_id": "FR-101"},
        "in-psql": {"created_by_id": "shipper-in-psql"},
    }[way]
    with server.database.connect() as connection:
        ticket = insert_ticket(connection, **columns, tags=[f"taken-{way}"])
        rpc = manager.tickets
        if way == "unwatched":
            rpc.SetWatch(writes.SetWatchRequest(ticket_id=ticket, user_id=f"driver-{way}", watching=True))
        entries, tickets = TimelineFollower(ticket), ListFollower(TicketFilter(tags_any=[f"taken-{way}"]))
        stream, list_stream = entries.open(reader), tickets.open(reader)
        eventually(lambda: ticket in tickets.held and entries.seq == 1, what="the beginning")
        if way == "reassigned":
            rpc.AssignTicket(writes.AssignTicketRequest(id=ticket, owner_role=t.ROLE_FINANCE, reason=REASON))
        elif way == "unwatched":
            rpc.SetWatch(writes.SetWatchRequest(ticket_id=ticket, user_id=f"driver-{way}", watching=False))
        elif way == "moved":
            request = writes.AssignTicketRequest(id=ticket, owner_role=t.ROLE_FINANCE, reason=REASON)
            request.assigned_franchise_id = "FR-102"
            rpc.AssignTicket(request)
        else:
            update_ticket(connection, ticket, created_by_id="somebody-else")
        secret_note(manager, ticket)
        assert ended_with(stream.end()) == NOT_FOUND
        assert entries.seq == 1, "nothing after that was sent"
        eventually(lambda: tickets.held == {}, what="an empty list")
        assert list_stream.events[-1].left.ticket_id == ticket
        assert not list_stream.is_over
        assert entries.open(reader).end().reason == "TICKET_NOT_FOUND"
        list_stream.close()
        assert tickets.faults == entries.faults == []


def test_what_happens_before_and_after_being_taken_away_is_told_to_those_who_see_it(
    server: Running, manager: TicketsClient
) -> None:
    """Between franchises: the one loses the ticket, the other gets it, who has both keeps it."""
    one = server.client(Role.FRANCHISE_AGENT, "only-111", ("FR-111",))
    other = server.client(Role.FRANCHISE_AGENT, "only-112", ("FR-112",))
    both = server.client(Role.FRANCHISE_AGENT, "both-11x", ("FR-111", "FR-112"))
    with server.database.connect() as connection:
        ticket = insert_ticket(connection, assigned_franchise_id="FR-111")
        where = TicketFilter(franchise_ids=["FR-111", "FR-112"])
        follower = {client: ListFollower(where) for client in (one, other, both)}
        for client, following in follower.items():
            following.open(client)
        timelines = {client: TimelineFollower(ticket) for client in (one, both)}
        for client, entries in timelines.items():
            entries.open(client)
        eventually(lambda: [entries.seq for entries in timelines.values()] == [1, 1], what="the timelines")
        eventually(lambda: ticket in follower[one].held and ticket in follower[both].held, what="the snapshots")
        update_ticket(connection, ticket, assigned_franchise_id="FR-112")
        insert_message(connection, ticket, is_internal_note=True)
        eventually(
            lambda: ticket not in follower[one].held and ticket in follower[other].held, what="the change of hands"
        )
        eventually(lambda: timelines[both].numbers == [1, 2, 3], what="all of the timeline")
        assert ended_with(timelines[one].stream.end()) == NOT_FOUND
        assert timelines[one].numbers == [1]
        eventually(lambda: follower[both].held == listed(both, where), what="the list of both")
        for following in follower.values():
            following.close()
        timelines[both].close()


def token(seconds: float, user: str) -> str:
    claims = {
        "sub": user,
        "role": "ops_manager",
        "aud": AUDIENCE,
        "exp": datetime.now(UTC) + timedelta(seconds=seconds),
    }
    return jwt.encode(claims, SECRET, algorithm="HS256")


@pytest.fixture
def lenient(database: Database) -> Iterator[Running]:
    """New calls are let in although their token expired a while ago: clocks may differ."""
    with running(database, jwt_leeway_seconds=60) as served:
        yield served


def test_a_token_that_expires_ends_its_streams(lenient: Running) -> None:
    with lenient.database.connect() as connection:
        ticket = insert_ticket(connection)
    with client_of(lenient.target, token(3, "briefly")) as client:
        followers: list[TimelineFollower | ListFollower] = [TimelineFollower(ticket), ListFollower()]
        for follower in followers:
            follower.open(client)
        for stream in (follower.stream for follower in followers):
            assert ended_with(stream.end(within=8)) == (grpc.StatusCode.UNAUTHENTICATED, "TOKEN_EXPIRED")
            assert stream.events


def test_a_token_expires_although_the_database_hangs(lenient: Running) -> None:
    """What waits for the database must not keep the rights of others from being looked at."""
    with lenient.database.connect() as connection:
        ticket = insert_ticket(connection)
    with (
        client_of(lenient.target, token(4, "briefly")) as client,
        lenient.database.connect(autocommit=False) as holder,
    ):
        stream = TimelineFollower(ticket).open(client)
        eventually(lambda: stream.events, what="the beginning")
        holder.execute("LOCK TABLE tickets IN ACCESS EXCLUSIVE MODE")
        assert ended_with(stream.end(within=9)) == (grpc.StatusCode.UNAUTHENTICATED, "TOKEN_EXPIRED")
        holder.rollback()


def test_a_key_that_is_withdrawn_ends_its_streams(database: Database, tmp_path: Path) -> None:
    kept, withdrawn = KeyPair.make(kid="kept"), KeyPair.make(kid="withdrawn")
    keys = tmp_path / "jwks.json"
    keys.write_text(jwks(kept, withdrawn))
    with database.connect() as connection:
        ticket = insert_ticket(connection)
        with (
            running(database, jwt_secret=None, jwks_file=keys) as served,
            client_of(served.target, kept.sign()) as good,
            client_of(served.target, withdrawn.sign()) as bad,
        ):
            follower = TimelineFollower(ticket)
            goes_on = follower.open(good)
            others: list[TimelineFollower | ListFollower] = [TimelineFollower(ticket), ListFollower()]
            for other in others:
                other.open(bad)
            ends = [other.stream for other in others]
            eventually(lambda: goes_on.events and all(stream.events for stream in ends), what="the beginning")
            keys.write_text(jwks(kept))
            for stream in ends:
                assert ended_with(stream.end()) == (grpc.StatusCode.UNAUTHENTICATED, "TOKEN_INVALID")
            insert_message(connection, ticket)
            eventually(lambda: follower.numbers == [1, 2], what="what others are told")
            goes_on.close()


def test_a_transaction_that_stays_open_delays_lists_alone(fresh_server: Running) -> None:
    client = fresh_server.client(Role.OPS_MANAGER)
    with fresh_server.database.connect() as connection, fresh_server.database.connect(autocommit=False) as idle:
        ticket = insert_ticket(connection)
        entries, tickets = TimelineFollower(ticket), ListFollower()
        entries.open(client)
        tickets.open(client)
        eventually(lambda: ticket in tickets.held and entries.seq == 1, what="the beginning")
        idle.execute("SELECT pg_current_xact_id()")
        for number in range(1, 4):
            insert_message(connection, ticket)
            update_ticket(connection, ticket, title=f"Payment is late by {number} days")
        eventually(lambda: entries.numbers == list(range(1, 8)), what="the whole timeline")
        assert not tickets.stream.is_over
        tickets.close()  # and somebody who resumes meanwhile loses nothing either
        tickets.open(client)
        idle.rollback()
        eventually(lambda: tickets.held == {ticket: 4}, what="the list")
        assert tickets.held == listed(client, tickets.where)
        assert tickets.faults == entries.faults == []
        entries.close()
        tickets.close()
