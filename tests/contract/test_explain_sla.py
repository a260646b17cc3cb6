"""ExplainSla, and re-applying policies: what the answer says is what the history says."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import grpc
import pytest

from rodistaa.tickets.v1 import filter_pb2, sla_pb2
from rodistaa.tickets.v1 import ticket_bulk_pb2 as bulk
from rodistaa.tickets.v1 import ticket_pb2 as t
from rodistaa.tickets.v1 import ticket_reads_pb2 as reads
from rodistaa.tickets.v1 import ticket_writes_pb2 as writes
from server.domain.roles import Role
from tests.contract.expectations import refused
from tests.contract.requests import REASON, World
from tests.running import Running
from tests.ticket_requests import new_ticket

KIND = sla_pb2.SlaIntervalKind


@pytest.fixture
def world(fresh_server: Running) -> World:
    return World(fresh_server)


def create(world: World, **fields: Any) -> t.Ticket:
    return world.admin.tickets.CreateTicket(new_ticket(**fields)).ticket


def get(world: World, ticket_id: str) -> t.Ticket:
    return world.admin.tickets.GetTicket(reads.GetTicketRequest(id=ticket_id)).ticket


def explain(world: World, ticket_id: str) -> sla_pb2.SlaExplanation:
    return world.admin.tickets.ExplainSla(reads.ExplainSlaRequest(ticket_id=ticket_id)).explanation


def move(world: World, ticket_id: str, status: t.TicketStatus.ValueType, summary: str = "") -> t.Ticket:
    request = writes.TransitionTicketRequest(
        id=ticket_id, status=status, resolution_summary=summary, reason="Waiting for the weighbridge slip"
    )
    return world.admin.tickets.TransitionTicket(request).ticket


def age(world: World, ticket_id: str, by: timedelta) -> None:
    """As if it, and all that happened to it, had been so much earlier."""
    with world.running.database.connect(autocommit=False) as connection, connection.transaction():
        connection.execute("SET LOCAL session_replication_role = replica")
        connection.execute(
            """
            UPDATE tickets SET created_at = created_at - %(by)s, sla_changed_at = sla_changed_at - %(by)s,
                sla_due_at = sla_due_at - %(by)s, sla_near_breach_at = sla_near_breach_at - %(by)s,
                sla_next_escalation_at = sla_next_escalation_at - %(by)s,
                first_response_due_at = first_response_due_at - %(by)s
            WHERE id = %(id)s
            """,
            {"by": by, "id": ticket_id},
        )
        connection.execute(
            """
            UPDATE ticket_audit SET payload = jsonb_set(
                payload, '{new,sla_changed_at}',
                to_jsonb((payload #>> '{new,sla_changed_at}')::timestamptz - %(by)s::interval)
            )
            WHERE ticket_id = %(id)s AND payload -> 'new' ? 'sla_changed_at'
            """,
            {"by": by, "id": ticket_id},
        )


def test_an_explanation_adds_up(world: World) -> None:
    made = create(world)
    move(world, made.id, t.TICKET_STATUS_OPEN)
    age(world, made.id, timedelta(hours=10))
    move(world, made.id, t.TICKET_STATUS_AWAITING_SHIPPER)
    age(world, made.id, timedelta(hours=3))
    now = move(world, made.id, t.TICKET_STATUS_IN_PROGRESS)
    told = explain(world, made.id)
    assert told.sla_due_at == now.sla_due_at
    assert (told.policy.priority, told.policy.version) == (t.TICKET_PRIORITY_HIGH, 1)
    assert told.sla_status == t.SLA_STATUS_ON_TRACK
    assert [(each.kind, each.status) for each in told.intervals] == [
        (KIND.SLA_INTERVAL_KIND_COUNTED, t.TICKET_STATUS_NEW),
        (KIND.SLA_INTERVAL_KIND_COUNTED, t.TICKET_STATUS_OPEN),
        (KIND.SLA_INTERVAL_KIND_PAUSED, t.TICKET_STATUS_AWAITING_SHIPPER),
        (KIND.SLA_INTERVAL_KIND_COUNTED, t.TICKET_STATUS_IN_PROGRESS),
    ]
    for before, after in zip(told.intervals, told.intervals[1:], strict=False):
        assert before.end == after.start
    lengths = [each.end.ToDatetime() - each.start.ToDatetime() for each in told.intervals]
    assert told.paused.ToTimedelta() == lengths[2]
    assert told.counted.ToTimedelta() == lengths[0] + lengths[1] + lengths[3]
    assert told.counted.ToTimedelta() + told.remaining.ToTimedelta() == timedelta(hours=24)
    assert told.intervals[0].start.ToDatetime() + timedelta(hours=24) + lengths[2] == told.sla_due_at.ToDatetime()


def test_escalations_and_priorities_are_told(world: World) -> None:
    made = create(world)
    request = writes.EscalateTicketRequest(id=made.id, reason=REASON)
    world.admin.tickets.EscalateTicket(request)
    change = writes.UpdateTicketRequest(ticket=t.Ticket(id=made.id, priority=t.TICKET_PRIORITY_CRITICAL), reason=REASON)
    change.update_mask.paths.append("priority")
    world.admin.tickets.UpdateTicket(change)
    told = explain(world, made.id)
    (escalation,) = told.escalations
    assert (escalation.level, escalation.cycle, escalation.automatic) == (1, 1, False)
    assert (escalation.from_role, escalation.to_role) == (t.ROLE_OPS_MANAGER, t.ROLE_REGIONAL_MANAGER)
    assert (escalation.reason, escalation.HasField("due_at")) == (REASON, False)
    assert [each.priority for each in told.priority_changes] == [t.TICKET_PRIORITY_HIGH, t.TICKET_PRIORITY_CRITICAL]
    assert told.priority_changes[0].changed_at == made.created_at
    assert told.sla_due_at.ToDatetime() == made.created_at.ToDatetime() + timedelta(hours=4)


def test_a_ticket_without_a_policy_has_an_empty_explanation(world: World) -> None:
    with world.running.database.connect() as connection:
        connection.execute("DELETE FROM sla_config WHERE priority = 'LOW'")
        (ticket_id,) = connection.execute(
            """
            INSERT INTO tickets (title, description, created_by_id, created_by_role, priority)
            VALUES ('Truck did not arrive', 'The truck for this booking never arrived.', 'x', 'shipper', 'LOW')
            RETURNING id
            """
        ).fetchone() or ("",)
    told = explain(world, ticket_id)
    assert (told.ticket_id, told.HasField("policy"), len(told.intervals)) == (ticket_id, False, 0)
    assert get(world, ticket_id).sla_status == t.SLA_STATUS_NO_SLA


def test_only_staff_is_told_and_what_is_not_seen_is_not_found(world: World) -> None:
    mine = world.running.client(Role.SHIPPER, "shipper-7").tickets
    made = mine.CreateTicket(new_ticket()).ticket
    asked = reads.ExplainSlaRequest(ticket_id=made.id)
    refused(mine.ExplainSla, asked, code=grpc.StatusCode.PERMISSION_DENIED)
    stranger = world.running.client(Role.DRIVER, "driver-1").tickets
    refused(stranger.ExplainSla, asked, code=grpc.StatusCode.NOT_FOUND)
    refused(world.admin.tickets.ExplainSla, reads.ExplainSlaRequest(), field="ticket_id")


def test_tickets_keep_their_policy_until_it_is_applied_again(world: World) -> None:
    made = create(world)
    with world.running.database.connect() as connection:
        connection.execute("UPDATE sla_config SET resolution_time_minutes = 600 WHERE priority = 'HIGH'")
    assert move(world, made.id, t.TICKET_STATUS_OPEN).sla_due_at == made.sla_due_at
    assert explain(world, made.id).policy.version == 1
    request = bulk.BulkUpdateTicketsRequest(
        reason=REASON,
        filter=filter_pb2.TicketFilter(priorities=[t.TICKET_PRIORITY_HIGH]),
        reapply_sla=bulk.BulkReapplySla(),
    )

    def reapplied() -> t.Ticket:
        (result,) = world.admin.tickets.BulkUpdateTickets(request).results
        assert result.ticket_id == made.id
        return get(world, made.id)

    wanted = made.created_at.ToDatetime() + timedelta(hours=10)
    assert reapplied().sla_due_at.ToDatetime() == wanted
    told = explain(world, made.id)
    assert (told.policy.version, told.sla_due_at.ToDatetime()) == (2, wanted)
    version = get(world, made.id).version
    assert reapplied().version == version, "the newest version is applied already"
