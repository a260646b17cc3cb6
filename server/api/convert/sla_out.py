"""Why a ticket's SLA stands as it does, as a message of the contract."""

from rodistaa.tickets.v1 import sla_pb2
from server.api.convert.calendars import from_calendar
from server.api.convert.enums import PRIORITY, ROLE, SLA_STATUS, STATUS, EnumPair
from server.api.convert.sla_policies import from_policy
from server.api.convert.values import set_timestamp
from server.domain.sla_clock import Explanation, Interval, IntervalKind, SlaHistory
from server.domain.sla_escalations import Escalation, PriorityChange, SlaAccount, priority_changes

_KIND = EnumPair(sla_pb2.SlaIntervalKind, "SLA_INTERVAL_KIND_", IntervalKind)


def from_account(account: SlaAccount) -> sla_pb2.SlaExplanation:
    """An explanation; without a policy only the ticket and the instant."""
    wire = sla_pb2.SlaExplanation(ticket_id=account.ticket.id)
    set_timestamp(wire.as_of, account.as_of)
    if account.history is None or account.explanation is None:
        return wire
    _set_clock(wire, account.history, account.explanation)
    if account.ticket.first_responded_at is not None:
        set_timestamp(wire.first_responded_at, account.ticket.first_responded_at)
    wire.escalations.extend(_from_escalation(each) for each in account.escalations)
    wire.priority_changes.extend(_from_priority_change(each) for each in priority_changes(account.history))
    return wire


def _set_clock(wire: sla_pb2.SlaExplanation, history: SlaHistory, explanation: Explanation) -> None:
    policy, deadlines = history.policy, explanation.deadlines
    wire.policy.CopyFrom(from_policy(policy))
    if policy.calendar is not None:
        wire.calendar.CopyFrom(from_calendar(policy.calendar))
    wire.sla_status = SLA_STATUS.to_wire[explanation.status]
    set_timestamp(wire.sla_due_at, deadlines.due_at)
    set_timestamp(wire.first_response_due_at, deadlines.first_response_due_at)
    wire.counted.FromTimedelta(explanation.counted)
    wire.paused.FromTimedelta(explanation.paused)
    wire.remaining.FromTimedelta(explanation.remaining)
    wire.intervals.extend(map(_from_interval, explanation.intervals))


def _from_interval(interval: Interval) -> sla_pb2.SlaInterval:
    wire = sla_pb2.SlaInterval(kind=_KIND.to_wire[interval.kind], status=STATUS.to_wire[interval.status])
    set_timestamp(wire.start, interval.start)
    set_timestamp(wire.end, interval.end)
    return wire


def _from_escalation(escalation: Escalation) -> sla_pb2.Escalation:
    wire = sla_pb2.Escalation(
        level=escalation.level,
        cycle=escalation.cycle,
        from_role=ROLE.to_wire[escalation.from_role],
        to_role=ROLE.to_wire[escalation.to_role],
        automatic=escalation.automatic,
        actor_id=escalation.actor_id,
        reason=escalation.reason or "",
    )
    if escalation.due_at is not None:
        set_timestamp(wire.due_at, escalation.due_at)
    set_timestamp(wire.escalated_at, escalation.escalated_at)
    return wire


def _from_priority_change(change: PriorityChange) -> sla_pb2.PriorityChange:
    wire = sla_pb2.PriorityChange(priority=PRIORITY.to_wire[change.priority])
    set_timestamp(wire.changed_at, change.changed_at)
    return wire
