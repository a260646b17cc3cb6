"""Whatever happens to a ticket, the readings of its clock are those of its history: derived, never counted in place.

Hypothesis tells lives of tickets: calls of the API with several fields at once, sweeps, edits in psql of tickets and of
policies, calendars included. After each step the stored readings are held against the audit, to the microsecond.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, cast

import grpc
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rodistaa.tickets.client import TicketsError
from rodistaa.tickets.v1 import ticket_bulk_pb2 as bulk
from rodistaa.tickets.v1 import ticket_pb2 as t
from rodistaa.tickets.v1 import ticket_writes_pb2 as writes
from rodistaa.tickets.v1.ticket_service_pb2_grpc import TicketServiceStub
from server.adapters.postgres.sessions import Session
from server.adapters.postgres.ticket_clocks import PolicyVersions, PostgresTicketClocks
from server.adapters.postgres.ticket_repository import PostgresTicketRepository
from server.application.call import Call
from server.application.repositories import Change
from server.domain.clock_events import happen, next_event
from server.domain.fsm import AWAITING, DONE, TicketStatus, allowed_from
from server.domain.ids import TicketId, UserId
from server.domain.principal import Principal
from server.domain.roles import Role
from server.domain.sla_clock import deadlines, explain
from server.domain.ticket_clock import derived, sla_status_of
from server.domain.tickets import Ticket, TicketPriority
from server.domain.visibility import visibility_of
from tests.database import TestServer
from tests.running import Running, running
from tests.ticket_requests import REASON, new_ticket

SYSTEM = Principal(UserId("SYSTEM"), Role.SYSTEM)
ADMIN = visibility_of(Principal(UserId("admin-1"), Role.ADMIN))
QUEUES = (Role.FRANCHISE_AGENT, Role.OPS_AGENT, Role.OPS_MANAGER, Role.REGIONAL_MANAGER, Role.CEO_ONCALL)
AROUND_THE_CLOCK: list[dict[str, int]] = [{"day": day, "opens": 0, "closes": 1440} for day in range(1, 8)]
OFFICE: list[dict[str, int]] = [{"day": day, "opens": 540, "closes": 1080} for day in range(1, 7)]
NIGHTS: list[dict[str, int]] = [
    window
    for day in range(1, 8)
    for window in ({"day": day, "opens": 0, "closes": 361}, {"day": day, "opens": 1321, "closes": 1440})
]

KINDS = (
    "transition",
    "transition",
    "assign",
    "priority",
    "escalate",
    "update",
    "round_trip",
    "reapply",
    "sweep",
    "by_hand",
    "long_ago",
    "policy",
)

Step = tuple[str, int, int, int]
steps = st.tuples(st.sampled_from(KINDS), st.integers(0, 9), st.integers(0, 9), st.integers(0, 9))


@dataclass
class Desk:
    """A server, and a connection on which its tickets are read and edited by hand."""

    api: TicketServiceStub
    connection: psycopg.Connection

    def __post_init__(self) -> None:
        session = Session(self.connection, Call(SYSTEM))
        self.tickets = PostgresTicketRepository(session)
        self.clocks = PostgresTicketClocks(session, PolicyVersions())

    def ticket(self, ticket_id: str) -> Ticket:
        """As it is stored."""
        found = self.tickets.get(TicketId(ticket_id), ADMIN)
        assert found is not None
        return found


@pytest.fixture(scope="module")
def desk(postgres: TestServer) -> Iterator[Desk]:
    with postgres.new_database() as database, running(database) as served, database.connect() as connection:
        yield make_desk(served, connection)


def make_desk(served: Running, connection: psycopg.Connection) -> Desk:
    for number, windows in enumerate((AROUND_THE_CLOCK, OFFICE, NIGHTS)):
        add_calendar(connection, f"hours-{number}", windows)
    return Desk(served.client(Role.ADMIN, "admin-1").tickets, connection)


def add_calendar(connection: psycopg.Connection, name: str, windows: list[dict[str, int]]) -> None:
    connection.execute(
        """
        INSERT INTO sla_calendars (id, version, display_name, time_zone, windows)
        SELECT %(id)s, 1 + coalesce(max(version), 0), 'Hours', 'Asia/Kolkata', %(windows)s
        FROM sla_calendars WHERE id = %(id)s
        """,
        {"id": name, "windows": json.dumps(windows)},
    )


@dataclass
class Life:
    """One ticket, and how each kind of step is done to it."""

    desk: Desk
    ticket_id: str

    @property
    def ticket(self) -> Ticket:
        return self.desk.ticket(self.ticket_id)

    def live(self, step: Step) -> None:
        kind, *dice = step
        cast("Callable[[int, int, int], None]", getattr(self, kind))(*dice)

    def ask(self, rpc: Callable[[Any], object], request: object) -> None:
        """A call that may be refused for the state the ticket is in, but for nothing else."""
        try:
            rpc(request)
        except TicketsError as error:
            if error.code is not grpc.StatusCode.FAILED_PRECONDITION:
                raise

    def transition(self, which: int, _: int, __: int) -> None:
        self.ask(self.desk.api.TransitionTicket, self.to(self.next_status(which)))

    def next_status(self, which: int) -> TicketStatus:
        allowed = allowed_from(self.ticket.status) or (TicketStatus.OPEN,)
        return allowed[which % len(allowed)]

    def to(self, status: TicketStatus) -> writes.TransitionTicketRequest:
        number = t.TicketStatus.Value(f"TICKET_STATUS_{status}")
        summary = "It is paid." if status is TicketStatus.RESOLVED else ""
        return writes.TransitionTicketRequest(
            id=self.ticket_id, status=number, resolution_summary=summary, reason=REASON
        )

    def assign(self, which: int, owned: int, _: int) -> None:
        owner_id = "asha" if owned % 2 else ""
        request = writes.AssignTicketRequest(
            id=self.ticket_id, owner_id=owner_id, owner_role=queue(which), reason=REASON
        )
        self.ask(self.desk.api.AssignTicket, request)

    def priority(self, which: int, _: int, __: int) -> None:
        self.patch(priority=wire_priority(which))

    def escalate(self, _: int, __: int, ___: int) -> None:
        request = writes.EscalateTicketRequest(id=self.ticket_id, reason=REASON)
        self.ask(self.desk.api.EscalateTicket, request)

    def update(self, priority: int, role: int, status: int) -> None:
        """Up to three fields, each of which the clock has to do with."""
        fields: dict[str, Any] = {"resolution_summary": "It is paid."}
        if priority < 8:
            fields["priority"] = wire_priority(priority)
        if role < 5:
            fields["owner_role"] = queue(role)
        if status < 7:
            fields["status"] = t.TicketStatus.Value(f"TICKET_STATUS_{self.next_status(status)}")
        self.patch(**fields)

    def patch(self, **fields: Any) -> None:
        request = writes.UpdateTicketRequest(ticket=t.Ticket(id=self.ticket_id, **fields), reason=REASON)
        request.update_mask.paths.extend(fields)
        self.ask(self.desk.api.UpdateTicket, request)

    def round_trip(self, _: int, __: int, ___: int) -> None:
        for status in (TicketStatus.RESOLVED, TicketStatus.REOPENED):
            self.ask(self.desk.api.TransitionTicket, self.to(status))

    def reapply(self, _: int, __: int, ___: int) -> None:
        """The newest version of its policy, by the only call there is for it."""
        request = bulk.BulkUpdateTicketsRequest(ids=[self.ticket_id], reapply_sla=bulk.BulkReapplySla(), reason=REASON)
        (result,) = self.desk.api.BulkUpdateTickets(request).results
        assert result.HasField("error") == (self.ticket.status is TicketStatus.CLOSED)

    def sweep(self, _: int, __: int, ___: int) -> None:
        """All that is due, as the sweeps do it."""
        with self.desk.connection.transaction():
            ticket, now = self.ticket, datetime.now(UTC)
            while (event := next_event(ticket)) is not None and event.due_at <= now:
                outcome = happen(event.kind, ticket, partial(self.desk.clocks.policy, ticket), now=now)
                ticket = self.desk.tickets.save(ticket, outcome.ticket, Change(outcome.action))
                self.check()

    def by_hand(self, which: int, priority: int, level: int) -> None:
        """In psql, without a thought for the clock."""
        if priority < 5:
            self.set(priority=TicketPriority(list(TicketPriority)[priority % 4]))
        if self.ticket.status is not TicketStatus.CLOSED:
            self.set(status=self.next_status(which))
        if level == 0:
            self.set(sla_escalation_level=self.ticket.sla_escalation_level + 1)

    def long_ago(self, which: int, tenths: int, _: int) -> None:
        """A change of state in psql, said to have been made at some time since the last one."""
        ticket = self.ticket
        status = self.next_status(which)
        since = ticket.sla_changed_at
        at = since + max(timedelta(microseconds=1), (datetime.now(UTC) - since) * tenths / 10)
        if ticket.status is TicketStatus.CLOSED or status is TicketStatus.ESCALATED:
            return
        reopened = status is TicketStatus.REOPENED
        self.set(
            status=status,
            sla_changed_at=at,
            sla_stale=True,
            sla_cycle=ticket.sla_cycle + reopened,
            sla_escalation_level=0 if reopened else ticket.sla_escalation_level,
        )

    def set(self, **columns: object) -> None:
        assignments = ", ".join(f"{name} = %({name})s" for name in columns)
        values = {**columns, "id": self.ticket_id}
        self.desk.connection.execute(f"UPDATE tickets SET {assignments} WHERE id = %(id)s".encode(), values)

    def policy(self, which: int, edit: int, amount: int) -> None:
        """A policy is edited: the ticket's own or another one."""
        waiting = sorted(AWAITING)[: amount % 4]
        chain = [] if amount < 3 else [Role.OPS_AGENT, Role.REGIONAL_MANAGER, Role.CEO_ONCALL]
        column, value = (
            ("resolution_time_minutes", 30 + 600 * amount),
            ("response_time_minutes", 10 + 60 * amount),
            ("escalation_interval_minutes", 90 * amount or None),
            ("escalation_chain", json.dumps(chain)),
            ("paused_statuses", f"{{{','.join(waiting)}}}"),
            ("calendar_id", None),
            *(("calendar_id", f"hours-{number}") for number in range(3)),
            ("calendar_id", "hours-1"),
        )[edit]
        if column == "calendar_id" and amount > 6:
            add_calendar(self.desk.connection, "hours-1", NIGHTS if amount == 7 else OFFICE)
        statement = f"UPDATE sla_config SET {column} = %s WHERE priority = %s"
        self.desk.connection.execute(statement.encode(), [value, list(TicketPriority)[which % 4].value])

    def check(self) -> None:
        """The stored readings are those that the history gives."""
        ticket, now = self.ticket, datetime.now(UTC)
        history = self.desk.clocks.history(ticket)
        if self.is_stale():
            after = derived(ticket, history, at=now)
            self.desk.tickets.save(ticket, after, Change())
            self.desk.connection.execute("UPDATE tickets SET sla_stale = false WHERE id = %s", [self.ticket_id])
            ticket, history = self.ticket, self.desk.clocks.history(after)

        dates = deadlines(history)
        assert ticket.sla_due_at == dates.due_at
        assert ticket.sla_near_breach_at == dates.near_breach_at
        assert ticket.first_response_due_at == dates.first_response_due_at
        assert ticket.sla_paused_at == dates.paused_at
        # Everything else too, the next escalation above all.
        assert derived(ticket, history, at=now) == ticket
        # What the audit tells last is what the ticket says of itself.
        assert (history.status, history.policy.priority) == (ticket.status, ticket.priority)
        assert history.policy == self.desk.clocks.policy(ticket)
        assert history.policy.version == ticket.sla_policy_version
        explanation = explain(history, now)
        assert explanation.counted + explanation.remaining == history.policy.target
        assert explanation.status is sla_status_of(ticket, now)
        if ticket.sla_paused_at is not None or ticket.status in DONE:
            assert ticket.sla_next_escalation_at is None

    def is_stale(self) -> bool:
        row = self.desk.connection.execute("SELECT sla_stale FROM tickets WHERE id = %s", [self.ticket_id]).fetchone()
        assert row is not None
        return bool(row[0])


def queue(which: int) -> t.Role.ValueType:
    return t.Role.Value(f"ROLE_{QUEUES[which % len(QUEUES)].upper()}")


def wire_priority(which: int) -> t.TicketPriority.ValueType:
    return t.TicketPriority.Value(f"TICKET_PRIORITY_{list(TicketPriority)[which % 4]}")


def begin(desk: Desk, priority: int, hours_ago: int) -> Life:
    """A ticket made through the API, or one that somebody has put there with a past of its own."""
    if not hours_ago:
        return Life(desk, desk.api.CreateTicket(new_ticket(priority=wire_priority(priority))).ticket.id)
    row = desk.connection.execute(
        """
        INSERT INTO tickets (title, description, created_by_id, created_by_role, owner_role, priority, created_at)
        VALUES ('Payment not received', 'No money has come yet.', 'shipper-1', 'shipper', 'ops_agent', %s, %s)
        RETURNING id
        """,
        [list(TicketPriority)[priority].value, datetime.now(UTC) - timedelta(hours=hours_ago)],
    ).fetchone()
    assert row is not None
    return Life(desk, row[0])


@given(
    priority=st.integers(0, 3),
    hours_ago=st.sampled_from((0, 0, 3, 20, 47, 100, 1000)),
    story=st.lists(steps, min_size=5, max_size=25),
)
@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
def test_the_stored_readings_are_those_of_the_history(
    desk: Desk, priority: int, hours_ago: int, story: list[Step]
) -> None:
    life = begin(desk, priority, hours_ago)
    life.check()
    for step in story:
        life.live(step)
        life.check()


def breached(desk: Desk) -> Life:
    """A MEDIUM ticket, four days old, that the sweeps have moved up to ops_manager."""
    life = begin(desk, list(TicketPriority).index(TicketPriority.MEDIUM), 96)
    life.sweep(0, 0, 0)
    assert (life.ticket.sla_breached, life.ticket.owner_role) == (True, Role.OPS_MANAGER)
    return life


@pytest.fixture
def plain(fresh_server: Running) -> Iterator[Desk]:
    """A desk whose policies nobody edits but the test."""
    with fresh_server.database.connect() as connection:
        yield Desk(fresh_server.client(Role.ADMIN, "admin-1").tickets, connection)


def actions(desk: Desk, ticket_id: str) -> list[str]:
    rows = desk.connection.execute(
        "SELECT action FROM ticket_audit WHERE ticket_id = %s ORDER BY chain_no", [ticket_id]
    )
    return [row[0] for row in rows]


def test_priority_and_queue_of_a_breached_ticket_change_together(plain: Desk) -> None:
    life = breached(plain)
    life.patch(priority=t.TICKET_PRIORITY_HIGH, owner_role=t.ROLE_HQ_SUPPORT)
    life.check()
    ticket = life.ticket
    assert (ticket.priority, ticket.owner_role) == (TicketPriority.HIGH, Role.HQ_SUPPORT)
    assert ticket.sla_due_at == ticket.created_at + timedelta(hours=24)
    # HQ_SUPPORT ends the chain of HIGH, and not that of MEDIUM alone.
    assert ticket.sla_next_escalation_at is None


def test_escalating_a_breached_ticket_by_hand_starts_the_interval_anew(plain: Desk) -> None:
    life = breached(plain)
    life.ask(plain.api.TransitionTicket, life.to(TicketStatus.IN_PROGRESS))
    life.patch(priority=t.TICKET_PRIORITY_HIGH, status=t.TICKET_STATUS_ESCALATED)
    life.check()
    ticket = life.ticket
    assert (ticket.owner_role, ticket.sla_escalation_level) == (Role.REGIONAL_MANAGER, 2)
    assert ticket.sla_next_escalation_at == ticket.sla_changed_at + timedelta(hours=2)

    life.escalate(0, 0, 0)
    life.check()
    assert (life.ticket.owner_role, life.ticket.sla_next_escalation_at) == (Role.HQ_SUPPORT, None)


def test_an_escalation_between_the_deadline_and_the_sweep_is_one_level(plain: Desk) -> None:
    life = begin(plain, list(TicketPriority).index(TicketPriority.MEDIUM), 96)
    life.escalate(0, 0, 0)
    life.sweep(0, 0, 0)
    life.check()
    ticket = life.ticket
    assert (ticket.sla_breached, ticket.sla_escalation_level) == (True, 1)
    assert ticket.sla_next_escalation_at == ticket.sla_changed_at + timedelta(hours=8)
    payload = last_payload(plain, life.ticket_id, "ESCALATED")
    assert (payload["old"]["sla_breached"], payload["new"]["sla_breached"]) == (False, True)


def test_a_deadline_that_moves_before_an_escalation_has_its_level(plain: Desk) -> None:
    life = begin(plain, list(TicketPriority).index(TicketPriority.MEDIUM), 47)
    life.escalate(0, 0, 0)
    early = life.ticket
    assert (early.sla_breached, early.sla_next_escalation_at) == (False, early.sla_due_at)
    life.patch(priority=t.TICKET_PRIORITY_HIGH)
    life.sweep(0, 0, 0)
    life.check()
    assert (life.ticket.sla_breached, life.ticket.sla_escalation_level) == (True, 1)
    assert life.ticket.sla_next_escalation_at == early.sla_changed_at + timedelta(hours=2)


def test_a_priority_that_goes_down_and_up_again_escalates_nobody_again(plain: Desk) -> None:
    life = breached(plain)
    before = life.ticket
    for priority in (t.TICKET_PRIORITY_LOW, t.TICKET_PRIORITY_MEDIUM):
        life.patch(priority=priority)
        life.sweep(0, 0, 0)
        life.check()
    after = life.ticket
    assert (after.sla_breached, after.sla_escalation_level) == (True, 1)
    assert after.sla_next_escalation_at == before.sla_next_escalation_at


@pytest.mark.parametrize("status", [TicketStatus.AWAITING_SHIPPER, TicketStatus.RESOLVED])
def test_a_clock_that_stops_between_the_deadline_and_the_sweep_is_marked(plain: Desk, status: TicketStatus) -> None:
    life = begin(plain, list(TicketPriority).index(TicketPriority.MEDIUM), 96)
    life.ask(plain.api.TransitionTicket, life.to(TicketStatus.OPEN))
    life.ask(plain.api.TransitionTicket, life.to(status))
    life.sweep(0, 0, 0)
    life.check()
    assert (life.ticket.sla_breached, life.ticket.sla_escalation_level) == (True, 0)
    payload = last_payload(plain, life.ticket_id, "STATUS_CHANGED")
    assert (payload["old"]["sla_breached"], payload["new"]["sla_breached"]) == (False, True)
    back = TicketStatus.REOPENED if status is TicketStatus.RESOLVED else TicketStatus.IN_PROGRESS
    life.ask(plain.api.TransitionTicket, life.to(back))
    life.sweep(0, 0, 0)
    life.check()
    assert life.ticket.sla_escalation_level == 1


def last_payload(desk: Desk, ticket_id: str, action: str) -> dict[str, Any]:
    row = desk.connection.execute(
        "SELECT payload FROM ticket_audit WHERE ticket_id = %s AND action = %s ORDER BY chain_no DESC LIMIT 1",
        [ticket_id, action],
    ).fetchone()
    assert row is not None
    payload: dict[str, Any] = row[0]
    return payload


def test_a_ticket_keeps_its_version_through_a_change_of_priority_and_an_edit(plain: Desk) -> None:
    life = begin(plain, list(TicketPriority).index(TicketPriority.LOW), 1)
    life.patch(priority=t.TICKET_PRIORITY_HIGH)
    due_at = life.ticket.sla_due_at
    plain.connection.execute("UPDATE sla_config SET resolution_time_minutes = 1")
    for status in (TicketStatus.OPEN, TicketStatus.AWAITING_SHIPPER, TicketStatus.IN_PROGRESS):
        life.ask(plain.api.TransitionTicket, life.to(status))
        life.check()
    ticket, history = life.ticket, plain.clocks.history(life.ticket)
    paused = history.phases[-1].start - history.phases[-2].start
    assert due_at is not None
    assert (ticket.sla_due_at, ticket.sla_policy_version) == (due_at + paused, 1)


def test_a_level_that_was_made_by_hand_in_psql_is_one_tickets_error(plain: Desk) -> None:
    spoilt, sound = (begin(plain, list(TicketPriority).index(TicketPriority.LOW), 1).ticket_id for _ in range(2))
    plain.connection.execute(
        "INSERT INTO ticket_escalations (ticket_id, cycle, level, escalated_at, automatic, actor_id)"
        " VALUES (%s, 1, 1, now(), false, 'psql')",
        [spoilt],
    )
    with pytest.raises(TicketsError) as refused:
        plain.api.EscalateTicket(writes.EscalateTicketRequest(id=spoilt, reason=REASON))
    assert refused.value.code is grpc.StatusCode.FAILED_PRECONDITION
    request = bulk.BulkUpdateTicketsRequest(ids=[spoilt, sound], escalate=bulk.BulkEscalate(), reason=REASON)
    results = plain.api.BulkUpdateTickets(request).results
    assert [each.HasField("error") for each in results] == [True, False]


def test_reopening_by_an_update_is_no_escalation(plain: Desk) -> None:
    life = breached(plain)
    life.ask(plain.api.TransitionTicket, life.to(TicketStatus.RESOLVED))
    life.patch(status=t.TICKET_STATUS_REOPENED)
    assert (life.ticket.sla_cycle, life.ticket.sla_escalation_level) == (2, 0)
    assert actions(plain, life.ticket_id)[-2:] == ["STATUS_CHANGED", "STATUS_CHANGED"]


def test_a_ticket_is_escalated_once_for_each_level_whatever_becomes_of_its_deadline(plain: Desk) -> None:
    life = breached(plain)
    for priority in (t.TICKET_PRIORITY_LOW, t.TICKET_PRIORITY_CRITICAL, t.TICKET_PRIORITY_MEDIUM):
        life.patch(priority=priority)
        life.sweep(0, 0, 0)
        life.check()
    rows = plain.connection.execute(
        "SELECT cycle, level, automatic FROM ticket_escalations WHERE ticket_id = %s ORDER BY escalated_at",
        [life.ticket_id],
    ).fetchall()
    assert rows == [(1, level, True) for level in range(1, 1 + len(rows))]
    assert actions(plain, life.ticket_id).count("AUTO_ESCALATED") == len(rows) == life.ticket.sla_escalation_level
