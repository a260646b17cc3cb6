"""The readings of the SLA clock that are stored with a ticket, so that lists and sweeps need no history.

They are a function of the history (``sla_clock``) and are derived from it whenever a change may move them. A change
that leaves the clock running, or stops it, moves no deadline and needs no history.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from server.domain.escalation_chain import next_role
from server.domain.fsm import DONE
from server.domain.sla import SlaPolicy, SlaStatus, clock_status
from server.domain.sla_clock import Phase, SlaHistory, deadlines, next_level_at
from server.domain.tickets import Ticket

Past = Callable[[], SlaHistory]
"""Reads the ticket's history up to now, oldest phase first. Called only where it is needed, at most once."""

OF_CLOCK = frozenset(
    {
        "sla_due_at",
        "sla_breached",
        "sla_policy_version",
        "sla_changed_at",
        "sla_near_breach_at",
        "sla_near_breach_notified",
        "sla_paused_at",
        "sla_next_escalation_at",
        "first_response_due_at",
        "first_response_breached",
    }
)
"""Fields of a ticket that the clock sets."""

_TICK = timedelta(microseconds=1)


def sla_status_of(ticket: Ticket, now: datetime) -> SlaStatus:
    """Where the ticket's clock stands at ``now``."""
    return clock_status(
        due_at=ticket.sla_due_at,
        near_breach_at=ticket.sla_near_breach_at,
        paused_at=ticket.sla_paused_at,
        status=ticket.status,
        now=now,
    )


def percent_left_of(ticket: Ticket, now: datetime) -> float | None:
    """Share of the resolution time that is left at ``now``, 0 to 100; None without a deadline.

    Exact where the clock runs round the clock and did not pause in the last fifth. Pauses there, and business hours,
    are not told by a ticket alone: then it goes evenly between the instants at which all, a fifth and nothing is left.
    ``sla_clock.explain`` counts.
    """
    due_at, near_at = ticket.sla_due_at, ticket.sla_near_breach_at
    if due_at is None or near_at is None:
        return None
    at = min(ticket.sla_paused_at or now, now)
    if at >= due_at:
        return 0.0
    last_fifth = due_at - near_at
    if at >= near_at:
        return 20.0 * ((due_at - at) / last_fifth)
    start = max(ticket.created_at, near_at - 4 * last_fifth)
    if start >= near_at:  # instants that no policy gives, but somebody in psql did
        return 100.0
    return min(100.0, 20.0 + 80.0 * ((near_at - at) / (near_at - start)))


def first_response_is_late(ticket: Ticket, now: datetime) -> bool:
    """Whether the first response came, or at ``now`` still is, too late."""
    return ticket.first_response_breached or (
        ticket.first_responded_at is None
        and ticket.first_response_due_at is not None
        and ticket.status not in DONE
        and now > ticket.first_response_due_at
    )


def moment_of_change(ticket: Ticket, now: datetime) -> datetime:
    """The instant by which the clock counts a change made ``now``: always after the change before, whatever the
    servers' clocks say."""
    return max(now, ticket.sla_changed_at + _TICK)


def after_change(before: Ticket, after: Ticket, policy: SlaPolicy, past: Past, *, at: datetime) -> Ticket:
    """``after``, whose state or policy version differs from ``before``, with its clock read anew.

    ``policy`` is the version that applies to it from ``at`` on; ``at`` is a ``moment_of_change``.
    """
    after = replace(after, sla_changed_at=at, sla_policy_version=policy.version)
    now_in = Phase(at, after.status, policy)
    same_policy = (before.priority, before.sla_policy_version) == (after.priority, after.sla_policy_version)
    if same_policy and now_in.stops_clock and (before.sla_paused_at or before.sla_breached == _is_past(before, at)):
        return replace(after, sla_paused_at=before.sla_paused_at or at, sla_next_escalation_at=None)
    if same_policy and not now_in.stops_clock and before.sla_paused_at is None:
        return after
    history = past()
    return derived(after, replace(history, phases=(*history.phases, now_in)), at=at)


def _is_past(ticket: Ticket, at: datetime) -> bool:
    return ticket.sla_due_at is not None and ticket.sla_due_at <= at


def settled(before: Ticket, after: Ticket, policy: SlaPolicy, past: Past) -> Ticket:
    """``after`` when several changes of one instant lie behind it: only what they come to is history."""
    at, history = after.sla_changed_at, past()
    moved_up = after.sla_cycle == before.sla_cycle and after.sla_escalation_level > before.sla_escalation_level
    phases = (*history.phases, Phase(at, after.status, policy))
    return derived(after, SlaHistory(phases, at if moved_up else history.escalated_at), at=at)


def derived(ticket: Ticket, history: SlaHistory, *, at: datetime) -> Ticket:
    """The ticket with all readings from its history; a deadline that now lies after ``at`` is not missed any more.

    While the clock runs, a missed deadline is the sweep's to mark, which tells of it. It is marked here where no sweep
    would: on a clock that stopped after it, and on a ticket that was escalated after it.
    """
    policy, dates = history.policy, deadlines(history)
    is_stopped, stood_at = dates.paused_at is not None, dates.paused_at or at
    was_escalated = _was_escalated(history, dates.due_at)
    response_due = dates.first_response_due_at
    responded = ticket.first_responded_at
    is_late = responded > response_due if responded else ticket.first_response_breached and response_due <= at
    read = replace(
        ticket,
        sla_policy_version=policy.version,
        sla_due_at=dates.due_at,
        sla_near_breach_at=dates.near_breach_at,
        sla_near_breach_notified=ticket.sla_near_breach_notified and dates.near_breach_at <= stood_at,
        sla_paused_at=dates.paused_at,
        sla_breached=(ticket.sla_breached or is_stopped or was_escalated) and dates.due_at <= stood_at,
        first_response_due_at=response_due,
        first_response_breached=is_late,
    )
    return replace(read, sla_next_escalation_at=_next_escalation_at(read, history))


def _next_escalation_at(ticket: Ticket, history: SlaHistory) -> datetime | None:
    if ticket.sla_paused_at is not None:
        return None
    if not ticket.sla_breached:
        return ticket.sla_due_at
    if next_role(history.policy.escalation_chain, ticket.owner_role) is None:
        return None
    return next_level_at(history) if _was_escalated(history, ticket.sla_due_at) else ticket.sla_due_at


def _was_escalated(history: SlaHistory, due_at: datetime | None) -> bool:
    """Whether the level of a deadline has been made, by whomever: at the deadline or after it, not before.

    So it is not made again when a sweep finds it made by hand, nor when the deadline goes and comes back.
    """
    return history.escalated_at is not None and due_at is not None and history.escalated_at >= due_at


def level_after(ticket: Ticket, policy: SlaPolicy, *, at: datetime) -> datetime | None:
    """When a breached ticket that came to its present role at ``at`` moves on; its clock runs."""
    if next_role(policy.escalation_chain, ticket.owner_role) is None:
        return None
    return policy.hours.advance(at, policy.interval)
