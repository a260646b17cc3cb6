"""Changing named fields of a ticket, each by the rules of its own RPC, all or nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from server.application.answers import Answer
from server.application.call import Call
from server.application.clock import Clock
from server.application.policies import newest_policy
from server.application.repositories import Change, TicketClocks
from server.application.tickets.assign_ticket import owner_role_of
from server.application.tickets.changing import Plan, change_ticket
from server.application.unit_of_work import Repositories, UnitOfWork
from server.domain import permissions
from server.domain.changes import assign, change_priority, require_changeable, require_not_archived, transition
from server.domain.errors import FailedPrecondition, InvalidArgument, Reason
from server.domain.fsm import TicketStatus
from server.domain.ids import TicketId
from server.domain.sla import SlaPolicy
from server.domain.sla_clock import SlaHistory
from server.domain.ticket_clock import OF_CLOCK, settled
from server.domain.tickets import Ticket
from server.domain.timeline import Action

A = TypeVar("A")

EDITABLE = frozenset(
    {
        "title",
        "description",
        "severity",
        "linked_type",
        "linked_id",
        "tags",
        "is_sensitive",
        "resolution_summary",
        "metadata",
    }
)
ASSIGNMENT = frozenset({"owner_id", "owner_role", "assigned_franchise_id"})
UPDATABLE = EDITABLE | ASSIGNMENT | {"priority", "status"}


@dataclass(frozen=True, slots=True)
class TicketPatch:
    """New values by field name of ``Ticket``; the keys are the update mask, a subset of ``UPDATABLE``."""

    values: Mapping[str, Any]
    reason: str | None
    reason_is_long_enough: bool
    """Whether the reason has the length that a change of owner or priority needs."""


@dataclass(frozen=True, slots=True)
class UpdateTicket:
    """Edits first, then priority, assignment and state, so that one call may resolve with a summary."""

    uow: UnitOfWork
    clock: Clock

    def __call__(
        self, call: Call, ticket_id: TicketId, patch: TicketPatch, etag: str | None, answer: Answer[Ticket, A]
    ) -> A:
        """The ticket as changed. Raises NotFound, PermissionDenied, FailedPrecondition, Aborted, InvalidArgument."""
        return change_ticket(self.uow, call, ticket_id, self.plan(call, patch), answer, etag=etag)

    def plan(self, call: Call, patch: TicketPatch) -> Plan:
        """What the patch does to a ticket."""

        def plan(repositories: Repositories, ticket: Ticket) -> tuple[Ticket, Change]:
            require_not_archived(ticket)
            clock = TicketClock(repositories.clocks, ticket, self.clock())
            after = _edit(call, ticket, patch)
            after = _change_priority(repositories, call, after, patch, clock)
            after = _assign(repositories, call, after, patch, clock)
            after = _transition(call, after, patch, clock)
            _require_summary(after, patch)
            return clock.settled(after), Change(_action(ticket, after), patch.reason)

        return plan


@dataclass(frozen=True, slots=True)
class TicketClock:
    """The SLA clock of a ticket as it is stored, for the changes that one call makes to it."""

    clocks: TicketClocks
    stored: Ticket
    now: datetime

    def past(self) -> SlaHistory:
        """Its history."""
        return self.clocks.history(self.stored)

    def policy(self, ticket: Ticket) -> SlaPolicy:
        """The one that applies to the ticket as changed so far."""
        return self.clocks.policy(ticket)

    def settled(self, after: Ticket) -> Ticket:
        """Priority and state, or the role in the chain, changed by one call are one instant of the history."""
        stored = self.stored
        if after.priority is stored.priority or (after.status, after.owner_role) == (stored.status, stored.owner_role):
            return after
        return settled(self.stored, after, self.clocks.policy(after), self.past)


def _change_priority(
    repositories: Repositories, call: Call, ticket: Ticket, patch: TicketPatch, clock: TicketClock
) -> Ticket:
    priority = patch.values.get("priority", ticket.priority)
    if priority is ticket.priority:
        return ticket
    permissions.require_change_priority(call.principal)
    _require_reason(patch, "the priority")
    return change_priority(ticket, newest_policy(repositories, priority), clock.past, now=clock.now)


def _transition(call: Call, ticket: Ticket, patch: TicketPatch, clock: TicketClock) -> Ticket:
    target: TicketStatus = patch.values.get("status", ticket.status)
    if target is ticket.status:
        return ticket
    permissions.require_transition(call.principal, ticket, target)
    if target is TicketStatus.ESCALATED:
        _require_reason(patch, "the status to ESCALATED")
    return transition(
        ticket, target, resolution_summary=None, policy=clock.policy(ticket), past=clock.past, now=clock.now
    )


def _edit(call: Call, ticket: Ticket, patch: TicketPatch) -> Ticket:
    edits = {field: value for field, value in patch.values.items() if field in EDITABLE}
    if not edits:
        return ticket
    require_changeable(ticket)
    permissions.require_edit(call.principal, ticket)
    after = replace(ticket, **edits)
    if (after.linked_type is None) != (after.linked_id is None):
        raise InvalidArgument.field("ticket.linked_id", "goes together with linked_type")
    if (after.linked_type, after.linked_id) != (ticket.linked_type, ticket.linked_id):
        permissions.require_change_link(call.principal, ticket)
    if after.resolution_summary != ticket.resolution_summary:
        permissions.require_summarise(call.principal, ticket)
    if ticket.is_sensitive and not after.is_sensitive:
        permissions.require_clear_sensitivity(call.principal)
        _require_reason(patch, "is_sensitive to false")
    return after


def _assign(repositories: Repositories, call: Call, ticket: Ticket, patch: TicketPatch, clock: TicketClock) -> Ticket:
    if not ASSIGNMENT & patch.values.keys():
        return ticket
    owner_id = patch.values.get("owner_id", ticket.owner_id)
    if "owner_role" in patch.values:
        role = patch.values["owner_role"]
    else:
        role = None if owner_id is not None and owner_id != ticket.owner_id else ticket.owner_role
    franchise = patch.values.get("assigned_franchise_id", ticket.assigned_franchise_id)
    permissions.require_assign(call.principal)
    _require_reason(patch, "the assignment")
    if owner_id != ticket.owner_id or role is not ticket.owner_role:
        role = owner_role_of(repositories, owner_id, role)
    if owner_id is None and role is None:
        raise InvalidArgument.field("ticket.owner_role", "is needed when nobody owns the ticket")
    return assign(
        ticket,
        owner_id=owner_id,
        owner_role=role,
        franchise_id=franchise,
        policy=clock.policy(ticket),
        past=clock.past,
        now=clock.now,
    )


def _require_summary(after: Ticket, patch: TicketPatch) -> None:
    """What is needed to enter RESOLVED cannot be taken away from a ticket that stays there."""
    if after.status is TicketStatus.RESOLVED and "resolution_summary" in patch.values and not after.resolution_summary:
        raise FailedPrecondition(
            "A resolved ticket keeps its resolution summary.",
            reason=Reason.RESOLUTION_SUMMARY_REQUIRED,
            metadata={"field": "resolution_summary"},
        )


def _require_reason(patch: TicketPatch, what: str) -> None:
    if not patch.reason_is_long_enough:
        error = InvalidArgument.field("reason", f"changing {what} needs a reason of 20 to 2000 characters")
        error.reason = Reason.REASON_REQUIRED
        raise error


def _action(before: Ticket, after: Ticket) -> str | None:
    """A name where the database would derive another one."""
    if after.sla_escalation_level > before.sla_escalation_level:
        return Action.ESCALATED
    unchanged = replace(after, priority=before.priority, **{name: getattr(before, name) for name in OF_CLOCK})
    if unchanged == before and after.priority is not before.priority:
        return Action.PRIORITY_CHANGED
    return None
