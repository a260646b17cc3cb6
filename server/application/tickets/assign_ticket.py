"""Giving a ticket to a person or a queue."""

from dataclasses import dataclass
from typing import TypeVar

from server.application.answers import Answer
from server.application.call import Call
from server.application.clock import Clock
from server.application.repositories import Change
from server.application.tickets.changing import Plan, change_ticket
from server.application.unit_of_work import Repositories, UnitOfWork
from server.domain.changes import assign
from server.domain.errors import FailedPrecondition, Reason
from server.domain.ids import FranchiseId, TicketId, UserId
from server.domain.permissions import require_assign
from server.domain.roles import Role
from server.domain.tickets import Ticket
from server.domain.timeline import Action

A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class Assignment:
    """Who shall own a ticket. ``keep_franchise``: the franchise stays, whatever ``franchise_id`` says."""

    owner_id: UserId | None
    owner_role: Role | None
    franchise_id: FranchiseId | None
    keep_franchise: bool
    reason: str


@dataclass(frozen=True, slots=True)
class AssignTicket:
    """A known member of the directory must be active and of the role; the directory need not know everyone."""

    uow: UnitOfWork
    clock: Clock

    def __call__(
        self, call: Call, ticket_id: TicketId, command: Assignment, etag: str | None, answer: Answer[Ticket, A]
    ) -> A:
        """The assigned ticket. Raises NotFound, PermissionDenied, FailedPrecondition, Aborted."""
        return change_ticket(self.uow, call, ticket_id, self.plan(call, command), answer, etag=etag)

    def plan(self, call: Call, command: Assignment) -> Plan:
        """What the assignment does to a ticket."""

        def plan(repositories: Repositories, ticket: Ticket) -> tuple[Ticket, Change]:
            require_assign(call.principal)
            role = owner_role_of(repositories, command.owner_id, command.owner_role)
            franchise = ticket.assigned_franchise_id if command.keep_franchise else command.franchise_id
            clocks = repositories.clocks
            after = assign(
                ticket,
                owner_id=command.owner_id,
                owner_role=role,
                franchise_id=franchise,
                policy=clocks.policy(ticket),
                past=lambda: clocks.history(ticket),
                now=self.clock(),
            )
            return after, Change(Action.ASSIGNMENT_CHANGED, command.reason)

        return plan


def owner_role_of(repositories: Repositories, owner_id: UserId | None, role: Role | None) -> Role | None:
    """The role an owner works in: as asked for, or as the directory knows the person.

    Raises FailedPrecondition (OWNER_NOT_ELIGIBLE) for a member who is inactive or of another role, and
    for a person whom the directory does not know when no role is given.
    """
    if owner_id is None:
        return role
    member = repositories.members.get(owner_id)
    if member is None:
        if role is None:
            raise _not_eligible(owner_id, "is not in the directory, and no owner_role is given")
        return role
    if not member.active:
        raise _not_eligible(owner_id, "is not active")
    if role is not None and member.role is not role:
        raise _not_eligible(owner_id, f"is {member.role}, not {role}")
    return member.role


def _not_eligible(owner_id: UserId, why: str) -> FailedPrecondition:
    return FailedPrecondition(
        f"{owner_id} cannot own the ticket: {owner_id} {why}.",
        reason=Reason.OWNER_NOT_ELIGIBLE,
        metadata={"owner_id": owner_id},
    )
