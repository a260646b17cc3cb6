"""WatchTickets: a snapshot, then what comes to the list, changes in it and leaves it, each told once and in order."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from rodistaa.tickets.v1 import filter_pb2
from rodistaa.tickets.v1 import ticket_pb2 as t
from rodistaa.tickets.v1 import ticket_watch_pb2 as watch
from rodistaa.tickets.v1 import ticket_writes_pb2 as writes
from server.application.sla.sweep_clock_events import SweepClockEvents
from server.domain.clock_events import ClockEventKind
from server.domain.roles import Role
from tests.contract.expectations import refused
from tests.contract.follower_desk import Desk, desk, desk_of
from tests.contract.requests import full_filter, ticket
from tests.contract.streams import fetched, first_of, list_of, still
from tests.database import TestServer
from tests.integration.sla.conftest import CALL, unit_of_work
from tests.running import Running, running

__all__ = ["desk"]

# --- the beginning


@pytest.fixture(scope="module")
def large(postgres: TestServer) -> Iterator[Desk]:
    """Tickets of eighty kilobytes each."""
    with postgres.new_database() as database, running(database) as served:
        desk = desk_of(served)
        with database.connect() as connection:
            connection.execute(
                "INSERT INTO tickets (title, description, created_by_id, created_by_role, owner_role, priority, tags,"
                " created_at)"
                " SELECT 'A large ticket', repeat('😀', 20000), 'ravi', 'shipper', 'ops_agent', 'HIGH', ARRAY[%s],"
                " now() - n / 2 * interval '1 minute' FROM generate_series(1, 205) AS n",
                [desk.tag],
            )
        yield desk


@pytest.mark.parametrize("size", [0, 1, 25, 26, 200])
def test_a_snapshot_is_the_list_in_parts_that_fit(large: Desk, size: int) -> None:
    with large.follow(snapshot_size=size) as stream:
        tickets: list[t.Ticket] = []
        parts: list[watch.TicketSnapshot] = []
        while not (parts and parts[-1].complete):
            event = stream.next()
            assert event.ByteSize() < 2 * 1024 * 1024
            assert bool(event.cursor) is event.snapshot.complete
            tickets += map(still, event.snapshot.tickets)
            parts.append(event.snapshot)
    assert tickets == large.listed(large.where(), size)
    assert len(tickets) == size
    assert (len(parts) > 1) is (size * 80_000 > 1024 * 1024)


@pytest.mark.parametrize("size", [0, 24, 25, 26, 200])
def test_a_list_that_is_shorter_or_as_long_as_the_snapshot(desk: Desk, size: int) -> None:
    ids = [desk.new().id for _ in range(25)]
    with desk.follow(snapshot_size=size) as stream:
        assert [each.id for each in stream.snapshot()] == ids[::-1][:size]
        desk.say(ids[0])
        assert stream.changed().ticket.id == ids[0], "also of what the snapshot had no room for"


def test_without_a_filter_it_is_all_that_one_sees(desk: Desk) -> None:
    shipper = desk.running.client(Role.SHIPPER, f"shipper-of-{desk.tag}").tickets
    with list_of(shipper, watch.WatchTicketsRequest(snapshot_size=5)) as stream:
        assert stream.snapshot() == []
        desk.new()
        own = shipper.CreateTicket(writes.CreateTicketRequest(ticket=ticket())).ticket
        assert still(stream.changed().ticket) == fetched(shipper, own.id)


def test_a_part_before_the_last_has_no_cursor_so_that_one_who_breaks_off_begins_anew(large: Desk) -> None:
    with large.follow(snapshot_size=200) as stream:
        first = stream.next()
    assert (first.snapshot.complete, first.cursor) == (False, "")


@pytest.mark.parametrize("size", [-1, 201, 2**31 - 1, -(2**31)])
def test_a_snapshot_of_less_than_none_or_too_much_is_refused(desk: Desk, size: int) -> None:
    request = watch.WatchTicketsRequest(snapshot_size=size)
    refused(first_of(desk.admin.tickets.WatchTickets), request, field="snapshot_size")


# --- each kind of change

Step = Callable[[Desk, str], None]


@dataclass(frozen=True)
class Move:
    """What puts a ticket on the list of a filter, and takes it off again."""

    name: str
    where: dict[str, Any]
    come: Step
    comes_as: str
    go: Step

    def __str__(self) -> str:
        return self.name


UPDATED, MOVED, ASSIGNED = "TICKET_UPDATED", "STATUS_CHANGED", "ASSIGNMENT_CHANGED"
MOVES = (
    Move(
        "status",
        {"statuses": [t.TICKET_STATUS_AWAITING_SHIPPER, t.TICKET_STATUS_AWAITING_FINANCE]},
        lambda desk, id_: desk.move(id_, "AWAITING_SHIPPER"),
        MOVED,
        lambda desk, id_: desk.move(id_, "IN_PROGRESS"),
    ),
    Move(
        "resolved",
        {"statuses": [t.TICKET_STATUS_RESOLVED]},
        lambda desk, id_: desk.move(id_, "RESOLVED", "Paid."),
        MOVED,
        lambda desk, id_: desk.move(id_, "REOPENED"),
    ),
    Move(
        "owner",
        {"owner_id": "asha"},
        lambda desk, id_: desk.assign(id_, owner_id="asha"),
        ASSIGNED,
        lambda desk, id_: desk.assign(id_, owner_id="ravi"),
    ),
    Move(
        "assigned",
        {"unassigned": False},
        lambda desk, id_: desk.assign(id_, owner_id="asha"),
        ASSIGNED,
        lambda desk, id_: desk.assign(id_),
    ),
    Move(
        "queue",
        {"owner_roles": [t.ROLE_FINANCE]},
        lambda desk, id_: desk.assign(id_, owner_role=t.ROLE_FINANCE),
        ASSIGNED,
        lambda desk, id_: desk.assign(id_, owner_role=t.ROLE_OPS_AGENT),
    ),
    Move(
        "franchise",
        {"franchise_ids": ["FR-009"]},
        lambda desk, id_: desk.assign(id_, assigned_franchise_id="FR-009"),
        ASSIGNED,
        lambda desk, id_: desk.assign(id_, assigned_franchise_id="FR-010"),
    ),
    Move(
        "priority",
        {"priorities": [t.TICKET_PRIORITY_LOW]},
        lambda desk, id_: desk.update(id_, priority=t.TICKET_PRIORITY_LOW),
        "PRIORITY_CHANGED",
        lambda desk, id_: desk.update(id_, priority=t.TICKET_PRIORITY_MEDIUM),
    ),
    Move(
        "one tag",
        {"tags_any": ["come", "nothing"]},
        lambda desk, id_: desk.update(id_, tags=["come", desk.tag]),
        UPDATED,
        lambda desk, id_: desk.update(id_, tags=[desk.tag]),
    ),
    Move(
        "all tags",
        {"tags_all": ["come", "stay"]},
        lambda desk, id_: desk.update(id_, tags=["stay", "come", desk.tag]),
        UPDATED,
        lambda desk, id_: desk.update(id_, tags=["stay", desk.tag]),
    ),
    Move(
        "archived",
        {"archived": True},
        lambda desk, id_: desk.archive(id_, archived=True),
        "TICKET_ARCHIVED",
        lambda desk, id_: desk.archive(id_, archived=False),
    ),
    Move(
        "sensitive",
        {"sensitive": True},
        lambda desk, id_: desk.update(id_, is_sensitive=True),
        UPDATED,
        lambda desk, id_: desk.update(id_, is_sensitive=False),
    ),
    Move(
        "linked",
        {"linked_type": t.LINKED_TYPE_TRUCK, "linked_id": "TRK-9"},
        lambda desk, id_: desk.update(id_, linked_type=t.LINKED_TYPE_TRUCK, linked_id="TRK-9"),
        UPDATED,
        lambda desk, id_: desk.update(id_, linked_type=t.LINKED_TYPE_BOOKING, linked_id="TRK-9"),
    ),
    Move(
        "text",
        {"text": "axle brake"},
        lambda desk, id_: desk.update(id_, title="The axle and its brake"),
        UPDATED,
        lambda desk, id_: desk.update(id_, title="The axle and its wheel"),
    ),
)


@pytest.mark.parametrize("move", MOVES, ids=str)
def test_what_begins_to_match_is_told_and_what_ceases_leaves(desk: Desk, move: Move) -> None:
    made = desk.new()
    desk.move(made.id, "OPEN")
    where = desk.where(created_by_id="watch-admin", **move.where)
    with desk.follow(filter=where, snapshot_size=5) as stream:
        assert stream.snapshot() == []
        for _ in range(2):
            move.come(desk, made.id)
            come = stream.changed()
            assert [still(come.ticket)] == desk.listed(where, 5), "withheld as in a list"
            assert (come.ticket.id, come.action, come.seq) == (made.id, move.comes_as, desk.last_seq(made.id))
            if not come.ticket.archived:
                desk.say(made.id)
                said = stream.changed()
                assert (said.ticket.id, said.action, said.seq) == (made.id, "MESSAGE_ADDED", come.seq + 1)
            move.go(desk, made.id)
            assert stream.left() == made.id
    assert desk.listed(where, 5) == []


def test_what_is_put_away_leaves_a_list_of_what_is_not_and_comes_back(desk: Desk) -> None:
    made = desk.new()
    with desk.follow(snapshot_size=1) as stream:
        assert [each.id for each in stream.snapshot()] == [made.id]
        desk.archive(made.id, archived=True)
        assert stream.left() == made.id
        desk.archive(made.id, archived=False)
        back = stream.changed()
        assert (still(back.ticket), back.action) == (fetched(desk.admin.tickets, made.id), "TICKET_UNARCHIVED")


def test_a_change_that_does_not_matter_to_the_filter_is_told_while_it_matches(desk: Desk) -> None:
    """And to no one whose list the ticket neither was on nor is."""
    made = desk.new()
    with (
        desk.follow(filter=desk.where(priorities=[t.TICKET_PRIORITY_HIGH])) as matching,
        desk.follow(filter=desk.where(priorities=[t.TICKET_PRIORITY_LOW])) as other,
    ):
        assert matching.snapshot() == other.snapshot() == []
        desk.update(made.id, severity=t.TICKET_SEVERITY_MAJOR)
        told = matching.changed()
        assert (told.ticket.severity, told.action) == (t.TICKET_SEVERITY_MAJOR, UPDATED)
        watching = writes.SetWatchRequest(ticket_id=made.id, user_id="somebody")
        desk.admin.tickets.SetWatch(watching)
        told = matching.changed()
        assert (told.action, told.seq) == ("WATCH_CHANGED", 0), "it is no part of the timeline"
        low = desk.new(priority=t.TICKET_PRIORITY_LOW)
        assert other.changed().ticket.id == low.id


def test_a_ticket_that_comes_into_being_is_told_with_its_first_number(desk: Desk) -> None:
    with desk.follow() as stream:
        stream.snapshot()
        made = desk.new()
        told = stream.changed()
    assert (still(told.ticket), told.action, told.seq) == (fetched(desk.admin.tickets, made.id), "TICKET_CREATED", 1)


def test_the_changes_of_a_ticket_come_in_their_order(desk: Desk) -> None:
    made = desk.new()
    with desk.follow() as stream:
        stream.snapshot()
        for number in range(30):
            desk.update(made.id, tags=[desk.tag, f"change-{number}"])
        last = desk.last_seq(made.id)
        told: list[watch.TicketChanged] = []
        while not told or told[-1].seq < last:
            told.append(stream.changed())
    seqs = [each.seq for each in told]
    assert seqs == sorted(set(seqs))
    versions = [each.ticket.version for each in told]
    assert versions == sorted(versions)
    assert still(told[-1].ticket) == fetched(desk.admin.tickets, made.id)
    for before, each in zip([1, *seqs], told, strict=False):
        assert (each.action == "") is (each.seq > before + 1), "no action where it stands for several"


def test_a_transaction_that_commits_late_is_not_passed_by(desk: Desk) -> None:
    """It began first, so it comes first; one that is rolled back leaves no mark."""
    slow, quick, lost = desk.new(), desk.new(), desk.new()
    query = "UPDATE tickets SET title = title || '.' WHERE id = %s"
    with (
        desk.follow() as stream,
        desk.running.database.connect(autocommit=False) as late,
        desk.running.database.connect(autocommit=False) as undone,
    ):
        stream.snapshot()
        late.execute(query, [slow.id])
        undone.execute(query, [lost.id])
        desk.say(quick.id)
        undone.rollback()
        late.commit()
        assert [stream.changed().ticket.id for _ in range(2)] == [slow.id, quick.id]
        desk.say(lost.id)
        assert stream.changed().action == "MESSAGE_ADDED"


# --- what time moves, and instants


def test_an_escalation_by_a_sweep_moves_it(fresh_server: Running) -> None:
    desk = desk_of(fresh_server)
    with fresh_server.database.connect() as connection:
        overdue = insert_overdue(connection, desk.tag)
    late = {"sla_statuses": [t.SLA_STATUS_BREACHED]}
    with (
        desk.follow(filter=desk.where(statuses=[t.TICKET_STATUS_OPEN], **late), snapshot_size=5) as opened,
        desk.follow(filter=desk.where(owner_roles=[t.ROLE_REGIONAL_MANAGER], **late), snapshot_size=5) as queue,
        desk.follow(filter=desk.where(sla_statuses=[t.SLA_STATUS_ON_TRACK]), snapshot_size=5) as on_track,
    ):
        assert [[each.id for each in stream.snapshot()] for stream in (opened, queue, on_track)] == [[overdue], [], []]
        with unit_of_work(fresh_server.database.dsn) as uow:
            assert SweepClockEvents(uow, lambda: datetime.now(UTC), ClockEventKind.BREACH)(CALL, limit=10) == 1
        assert opened.left() == overdue
        told = queue.changed()
        assert (still(told.ticket), told.action) == (fetched(desk.admin.tickets, overdue), "AUTO_ESCALATED")
        assert told.ticket.status == t.TICKET_STATUS_ESCALATED
        desk.update(overdue, priority=t.TICKET_PRIORITY_LOW, tags=[desk.tag, "later"])
        assert on_track.until(overdue)[-1] in {("changed", overdue), ("left", overdue)}
        assert queue.left() == overdue, "it is on track again"
        assert [each.id for each in desk.listed(desk.where(sla_statuses=[t.SLA_STATUS_ON_TRACK]), 5)] == [overdue]


def insert_overdue(connection: psycopg.Connection, tag: str) -> str:
    """Due after 24 hours, 25 hours ago."""
    row = connection.execute(
        "INSERT INTO tickets (title, description, created_by_id, created_by_role, owner_role, priority, status, tags,"
        " created_at) VALUES ('Truck did not arrive', 'The truck for this booking never arrived.', 'ravi', 'shipper',"
        " 'ops_manager', 'HIGH', 'OPEN', ARRAY[%s], now() - interval '25 hours') RETURNING id",
        [tag],
    ).fetchone()
    assert row is not None
    return str(row[0])


def moment(when: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(when)
    return stamp


def test_a_range_of_updates_is_left_and_entered_by_every_change(desk: Desk) -> None:
    made = desk.new()
    after = moment(made.updated_at.ToDatetime(UTC) + timedelta(microseconds=1))
    with (
        desk.follow(filter=desk.where(updated=filter_pb2.TimeRange(end=after)), snapshot_size=5) as before,
        desk.follow(filter=desk.where(updated=filter_pb2.TimeRange(start=after)), snapshot_size=5) as since,
    ):
        assert [[each.id for each in stream.snapshot()] for stream in (before, since)] == [[made.id], []]
        desk.update(made.id, severity=t.TICKET_SEVERITY_MINOR)
        assert before.left() == made.id
        assert since.changed().ticket.id == made.id


def test_ranges_of_creation_and_of_the_deadline(desk: Desk) -> None:
    made = desk.new(priority=t.TICKET_PRIORITY_LOW)
    due = made.sla_due_at
    with (
        desk.follow(filter=desk.where(due=filter_pb2.TimeRange(end=due))) as sooner,
        desk.follow(filter=desk.where(due=filter_pb2.TimeRange(start=due))) as later,
        desk.follow(filter=desk.where(created=filter_pb2.TimeRange(end=made.created_at))) as older,
    ):
        for stream in (sooner, later, older):
            stream.snapshot()
        desk.update(made.id, priority=t.TICKET_PRIORITY_CRITICAL)
        assert sooner.changed().ticket.sla_due_at.ToDatetime() < due.ToDatetime()
        assert later.left() == made.id
        fresh = desk.new(priority=t.TICKET_PRIORITY_LOW)
        assert later.changed().ticket.id == fresh.id
        older.call.cancel()
        assert desk.listed(desk.where(created=filter_pb2.TimeRange(end=made.created_at)), 5) == []


def test_every_filter_of_the_contract_can_be_followed(desk: Desk) -> None:
    with desk.follow(filter=full_filter(tags_any=[desk.tag]), snapshot_size=200) as stream:
        assert stream.snapshot() == []
