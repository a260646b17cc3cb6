"""GetTicketStats against a count by hand over the same tickets."""

import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import grpc
import pytest

from rodistaa.tickets.v1 import filter_pb2
from rodistaa.tickets.v1 import ticket_pb2 as t
from rodistaa.tickets.v1 import ticket_reads_pb2 as reads
from rodistaa.tickets.v1 import ticket_writes_pb2 as writes
from server.domain.roles import Role
from tests.contract.expectations import refused
from tests.contract.requests import REASON, World
from tests.running import Running

DONE = (t.TICKET_STATUS_RESOLVED, t.TICKET_STATUS_CLOSED)
PAUSING = (t.TICKET_STATUS_AWAITING_SHIPPER, t.TICKET_STATUS_AWAITING_OPERATOR)
"""Of the seeded policies; the tickets here have been in their states since they were made."""
DAY = timedelta(days=1)
INSERT = """
    INSERT INTO tickets (id, title, description, created_by_id, created_by_role, owner_id, owner_role, priority, status,
        sla_due_at, sla_breached, first_responded_at, resolved_at, created_at, archived, tags)
    VALUES (%(id)s, 'A ticket to be counted', 'It is counted in several ways here.', 'ravi', 'shipper', %(owner_id)s,
        %(owner_role)s, %(priority)s, %(status)s, %(sla_due_at)s, %(sla_breached)s, %(first_responded_at)s,
        %(resolved_at)s, %(created_at)s, %(archived)s, %(tags)s)
"""


def scatter(running: Running, number: int = 150) -> datetime:
    """Tickets of all kinds, written as an import would; the moment around which they lie."""
    choice = random.Random(7)
    now = datetime.now(UTC)
    with running.database.connect() as connection:
        for index in range(number):
            created = now - timedelta(minutes=choice.randrange(0, 60 * 24 * 20))
            status = choice.choice(list(t.TicketStatus.keys())[1:]).removeprefix("TICKET_STATUS_")
            done = status in ("RESOLVED", "CLOSED")
            connection.execute(
                INSERT,
                {
                    "id": f"TKT-{500_000 + index}",
                    "owner_id": choice.choice([None, None, "asha", "zoe"]),
                    "owner_role": choice.choice(["ops_agent", "finance", None]),
                    "priority": choice.choice(["LOW", "MEDIUM", "HIGH", "CRITICAL"]),
                    "status": status,
                    "sla_due_at": created + timedelta(minutes=choice.randrange(60, 60 * 24 * 30)),
                    "sla_breached": choice.random() < 0.1,
                    "first_responded_at": choice.choice([None, created + timedelta(minutes=choice.randrange(500))]),
                    "resolved_at": min(now, created + timedelta(minutes=choice.randrange(5_000))) if done else None,
                    "created_at": created,
                    "archived": choice.random() < 0.1,
                    "tags": choice.choice([["a"], ["a", "b"], []]),
                },
            )
    return now


def everything(world: World, where: filter_pb2.TicketFilter) -> list[t.Ticket]:
    request = reads.ListTicketsRequest(filter=where, page_size=200)
    page = world.admin.tickets.ListTickets(request)
    assert not page.next_page_token
    return list(page.tickets)


def clock(ticket: t.Ticket, now: datetime) -> int:
    """The clock's state, from the definition in the contract."""
    if ticket.status in DONE:
        return t.SLA_STATUS_COMPLETED
    if not ticket.HasField("sla_due_at"):
        return t.SLA_STATUS_NO_SLA
    if ticket.status in PAUSING:
        return t.SLA_STATUS_ON_TRACK
    left = _at(ticket.sla_due_at) - now
    if left <= timedelta(0):
        return t.SLA_STATUS_BREACHED
    window = _at(ticket.sla_due_at) - _at(ticket.created_at)
    return t.SLA_STATUS_NEAR_BREACH if left <= 0.2 * window else t.SLA_STATUS_ON_TRACK


def _at(stamp: Any) -> datetime:
    moment: datetime = stamp.ToDatetime(tzinfo=UTC)
    return moment


def _mean(spans: list[timedelta]) -> float | None:
    return sum(span.total_seconds() for span in spans) / len(spans) if spans else None


@pytest.fixture
def world(fresh_server: Running) -> World:
    scatter(fresh_server)
    return World(fresh_server)


FILTERS = {
    "all": filter_pb2.TicketFilter(),
    "archived": filter_pb2.TicketFilter(archived=True),
    "tagged": filter_pb2.TicketFilter(tags_all=["a", "b"]),
    "unassigned and urgent": filter_pb2.TicketFilter(unassigned=True, priorities=[t.TICKET_PRIORITY_CRITICAL]),
    "late": filter_pb2.TicketFilter(sla_statuses=[t.SLA_STATUS_BREACHED, t.SLA_STATUS_NEAR_BREACH]),
    "open": filter_pb2.TicketFilter(statuses=[each for each in t.TicketStatus.values() if each and each not in DONE]),
    "none": filter_pb2.TicketFilter(owner_id="nobody"),
}


def test_every_figure_is_that_of_a_count_by_hand(world: World) -> None:
    for name, where in FILTERS.items():
        tickets = everything(world, where)
        stats = world.admin.tickets.GetTicketStats(reads.GetTicketStatsRequest(filter=where))
        now = _at(stats.as_of)
        assert stats.total_count == len(tickets), name
        assert {each.status: each.count for each in stats.status_counts} == Counter(each.status for each in tickets)
        assert {each.priority: each.count for each in stats.priority_counts} == Counter(
            each.priority for each in tickets
        )
        clocks = Counter(clock(each, now) for each in tickets)
        assert {each.sla_status: each.count for each in stats.sla_status_counts} == clocks, name
        roles = Counter(each.owner_role for each in tickets if each.owner_role)
        assert {each.owner_role: each.count for each in stats.owner_role_counts} == roles
        waiting = [each for each in tickets if not each.owner_id and each.status not in DONE]
        assert stats.unassigned_count == len(waiting)
        due = [each for each in tickets if each.HasField("sla_due_at")]
        assert stats.breach_rate == pytest.approx(sum(missed(each, now) for each in due) / len(due) if due else 0)
        answered = [
            _at(each.first_responded_at) - _at(each.created_at)
            for each in tickets
            if each.HasField("first_responded_at")
        ]
        resolved = [_at(each.resolved_at) - _at(each.created_at) for each in tickets if each.HasField("resolved_at")]
        for spans, field in ((answered, "average_first_response_time"), (resolved, "average_resolution_time")):
            assert stats.HasField(field) == bool(spans)  # type: ignore[arg-type] # one of two names
            if spans:
                assert getattr(stats, field).ToTimedelta().total_seconds() == pytest.approx(_mean(spans), abs=0.001)


def missed(ticket: t.Ticket, now: datetime) -> bool:
    """Whether the ticket ever missed its deadline."""
    due = _at(ticket.sla_due_at)
    if ticket.HasField("resolved_at") and _at(ticket.resolved_at) > due:
        return True
    return ticket.sla_breached or (ticket.status not in (*DONE, *PAUSING) and due <= now)


def test_lists_and_counts_agree_on_every_state_of_the_clock(world: World) -> None:
    stats = world.admin.tickets.GetTicketStats(reads.GetTicketStatsRequest())
    assert {each.sla_status for each in stats.sla_status_counts} >= {
        t.SLA_STATUS_ON_TRACK,
        t.SLA_STATUS_NEAR_BREACH,
        t.SLA_STATUS_BREACHED,
        t.SLA_STATUS_COMPLETED,
    }
    for each in stats.sla_status_counts:
        found = everything(world, filter_pb2.TicketFilter(sla_statuses=[each.sla_status]))
        assert len(found) == each.count
        assert {ticket.sla_status for ticket in found} == {each.sla_status}


def test_counts_stand_in_the_order_of_the_enum_and_zeros_are_left_out(world: World) -> None:
    stats = world.admin.tickets.GetTicketStats(reads.GetTicketStatsRequest())
    for counts, field in (
        (stats.status_counts, "status"),
        (stats.priority_counts, "priority"),
        (stats.sla_status_counts, "sla_status"),
        (stats.owner_role_counts, "owner_role"),
    ):
        numbers = [getattr(each, field) for each in counts]
        assert numbers == sorted(numbers)
        assert all(each.count > 0 for each in counts)


@pytest.mark.parametrize("zone", ["", "UTC", "Asia/Kolkata", "America/New_York", "Pacific/Kiritimati", "Pacific/Niue"])
@pytest.mark.parametrize("days", [1, 7, 90])
def test_the_trend_counts_the_days_of_a_zone(world: World, zone: str, days: int) -> None:
    asked = reads.GetTicketStatsRequest(trend_days=days, time_zone=zone)
    stats = world.admin.tickets.GetTicketStats(asked)
    in_zone = ZoneInfo(zone or "Asia/Kolkata")
    tickets = everything(world, filter_pb2.TicketFilter())
    created = Counter(_at(each.created_at).astimezone(in_zone).date() for each in tickets)
    resolved = Counter(
        _at(each.resolved_at).astimezone(in_zone).date() for each in tickets if each.HasField("resolved_at")
    )
    today = _at(stats.as_of).astimezone(in_zone).date()
    expected = [today - DAY * back for back in range(days - 1, -1, -1)]
    found = [(date(d.date.year, d.date.month, d.date.day), d.created_count, d.resolved_count) for d in stats.trend]
    assert found == [(day, created[day], resolved[day]) for day in expected]


def test_the_trend_comes_alone_where_nothing_else_is_wanted(world: World) -> None:
    asked = reads.GetTicketStatsRequest(trend_days=7, time_zone="UTC")
    whole = world.admin.tickets.GetTicketStats(asked)
    asked.trend_only = True
    alone = world.admin.tickets.GetTicketStats(asked)
    assert sum(day.created_count for day in alone.trend) > 0
    assert alone == reads.GetTicketStatsResponse(trend=whole.trend, as_of=alone.as_of)


@pytest.mark.slow
def test_every_zone_that_is_accepted_is_served(world: World) -> None:
    """The names are checked by Python and used by PostgreSQL, each with a list of its own."""
    for zone in sorted(available_timezones() - {"localtime", "Factory"}):
        world.admin.tickets.GetTicketStats(reads.GetTicketStatsRequest(trend_days=1, time_zone=zone))


@pytest.mark.parametrize("zone", ["localtime", "Factory", "IST5:30", "+05:30", "asia/kolkata", "../UTC", "UTC ", "\0"])
def test_what_is_no_iana_name_is_refused(server: Running, zone: str) -> None:
    request = reads.GetTicketStatsRequest(trend_days=1, time_zone=zone)
    refused(World(server).admin.tickets.GetTicketStats, request, field="time_zone")


def test_everybody_counts_what_they_see(world: World) -> None:
    agent = world.running.client(Role.OPS_AGENT, "asha").tickets
    seen = [
        each
        for each in everything(world, filter_pb2.TicketFilter())
        if each.owner_role == t.ROLE_OPS_AGENT or each.owner_id == "asha"
    ]
    stats = agent.GetTicketStats(reads.GetTicketStatsRequest())
    assert 0 < stats.total_count == len(seen)
    outside = world.running.client(Role.SHIPPER, "ravi").tickets
    refused(outside.GetTicketStats, reads.GetTicketStatsRequest(), code=grpc.StatusCode.PERMISSION_DENIED)


def test_a_reopened_ticket_leaves_the_trend(world: World) -> None:
    made = world.open_ticket(tags=["reopened"])
    asked = reads.GetTicketStatsRequest(filter=filter_pb2.TicketFilter(tags_any=["reopened"]), trend_days=1)
    for status, summary, resolved in (
        (t.TICKET_STATUS_RESOLVED, "Paid.", 1),
        (t.TICKET_STATUS_REOPENED, "", 0),
        (t.TICKET_STATUS_RESOLVED, "Paid again.", 1),
    ):
        world.admin.tickets.TransitionTicket(
            writes.TransitionTicketRequest(id=made.id, status=status, resolution_summary=summary, reason=REASON)
        )
        (day,) = world.admin.tickets.GetTicketStats(asked).trend
        assert (day.created_count, day.resolved_count) == (1, resolved)
