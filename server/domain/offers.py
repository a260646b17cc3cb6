"""What somebody may do, told before they try: for those who show buttons.

Nothing is decided here. The rules that the calls go by (``permissions``, ``fsm``, ``changes``) are asked, and what they
let pass is offered; so an offer is worth as much as the call would have been at that moment, for an otherwise valid
request.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from server.domain import permissions
from server.domain.changes import require_changeable, require_not_archived, role_above
from server.domain.errors import FailedPrecondition, PermissionDenied
from server.domain.fsm import TicketStatus, allowed_from
from server.domain.principal import Principal
from server.domain.roles import Role
from server.domain.tickets import Ticket


class Permission(StrEnum):
    """What a role permits, whatever the ticket."""

    STAFF = "STAFF"
    ASSIGN_TICKETS = "ASSIGN_TICKETS"
    BULK_UPDATE_TICKETS = "BULK_UPDATE_TICKETS"
    EXPORT_TICKETS = "EXPORT_TICKETS"
    MANAGE_SLA_POLICIES = "MANAGE_SLA_POLICIES"
    MANAGE_DIRECTORY = "MANAGE_DIRECTORY"
    MANAGE_WEBHOOKS = "MANAGE_WEBHOOKS"


class TicketAction(StrEnum):
    """What is done to a ticket, beside moving it to another state."""

    EDIT = "EDIT"
    CHANGE_LINK = "CHANGE_LINK"
    CHANGE_PRIORITY = "CHANGE_PRIORITY"
    CHANGE_SENSITIVITY = "CHANGE_SENSITIVITY"
    ASSIGN = "ASSIGN"
    ESCALATE = "ESCALATE"
    ARCHIVE = "ARCHIVE"
    ADD_MESSAGE = "ADD_MESSAGE"
    ADD_INTERNAL_NOTE = "ADD_INTERNAL_NOTE"
    WATCH = "WATCH"
    SET_WATCHERS = "SET_WATCHERS"
    VIEW_AUDIT = "VIEW_AUDIT"
    EXPLAIN_SLA = "EXPLAIN_SLA"


@dataclass(frozen=True, slots=True)
class TicketOffer:
    """States that a caller may move a ticket to, and what else they may do; each in the order of its enum."""

    ticket: Ticket
    transitions: tuple[TicketStatus, ...]
    actions: tuple[TicketAction, ...]


@dataclass(frozen=True, slots=True)
class _Asked:
    """Who asks, about which ticket, and the roles that it is escalated along."""

    principal: Principal
    ticket: Ticket
    chain: Sequence[Role]


def permissions_of(principal: Principal) -> tuple[Permission, ...]:
    """In the order of the enum."""
    return tuple(each for each in Permission if _passes(_OF_ROLE[each], principal))


def offer_of(principal: Principal, ticket: Ticket, chain: Sequence[Role]) -> TicketOffer:
    """For a caller who sees the ticket. ``chain``: of the policy that applies to it."""
    asked = _Asked(principal, ticket, chain)
    return TicketOffer(
        ticket,
        tuple(target for target in allowed_from(ticket.status) if _passes(_transition, asked, target)),
        tuple(action for action in TicketAction if _passes(_OF_TICKET[action], asked)),
    )


def _passes(rule: Callable[..., None], *about: object) -> bool:
    try:
        rule(*about)
    except (PermissionDenied, FailedPrecondition):
        return False
    return True


def _staff(principal: Principal) -> None:
    permissions.require_staff(principal, "This is")


def _admin(principal: Principal) -> None:
    permissions.require_admin(principal, "This is")


def _assign_any(principal: Principal) -> None:
    permissions.require_assign(principal)
    permissions.require_change_priority(principal)


_OF_ROLE: Mapping[Permission, Callable[[Principal], None]] = {
    Permission.STAFF: _staff,
    Permission.ASSIGN_TICKETS: _assign_any,
    Permission.BULK_UPDATE_TICKETS: _admin,
    Permission.EXPORT_TICKETS: permissions.require_export,
    Permission.MANAGE_SLA_POLICIES: _admin,
    Permission.MANAGE_DIRECTORY: _admin,
    Permission.MANAGE_WEBHOOKS: _admin,
}


def _transition(asked: _Asked, target: TicketStatus) -> None:
    require_not_archived(asked.ticket)
    permissions.require_transition(asked.principal, asked.ticket, target)
    if target is TicketStatus.ESCALATED:
        role_above(asked.ticket, asked.chain)


def _edit(asked: _Asked) -> None:
    require_changeable(asked.ticket)
    permissions.require_edit(asked.principal, asked.ticket)


def _change_link(asked: _Asked) -> None:
    _edit(asked)
    permissions.require_change_link(asked.principal, asked.ticket)


def _change_sensitivity(asked: _Asked) -> None:
    _edit(asked)
    if asked.ticket.is_sensitive:
        permissions.require_clear_sensitivity(asked.principal)


def _change_priority(asked: _Asked) -> None:
    require_changeable(asked.ticket)
    permissions.require_change_priority(asked.principal)


def _assign(asked: _Asked) -> None:
    require_changeable(asked.ticket)
    permissions.require_assign(asked.principal)


def _escalate(asked: _Asked) -> None:
    permissions.require_escalate(asked.principal, asked.ticket)
    role_above(asked.ticket, asked.chain)


def _add_message(asked: _Asked) -> None:
    require_not_archived(asked.ticket)


def _add_internal_note(asked: _Asked) -> None:
    require_not_archived(asked.ticket)
    _staff(asked.principal)


def _anybody(_: _Asked) -> None:
    """Whoever sees the ticket."""


_OF_TICKET: Mapping[TicketAction, Callable[[_Asked], None]] = {
    TicketAction.EDIT: _edit,
    TicketAction.CHANGE_LINK: _change_link,
    TicketAction.CHANGE_PRIORITY: _change_priority,
    TicketAction.CHANGE_SENSITIVITY: _change_sensitivity,
    TicketAction.ASSIGN: _assign,
    TicketAction.ESCALATE: _escalate,
    TicketAction.ARCHIVE: lambda asked: permissions.require_archive(asked.principal),
    TicketAction.ADD_MESSAGE: _add_message,
    TicketAction.ADD_INTERNAL_NOTE: _add_internal_note,
    TicketAction.WATCH: _anybody,
    TicketAction.SET_WATCHERS: lambda asked: permissions.require_set_watchers(asked.principal),
    TicketAction.VIEW_AUDIT: lambda asked: _staff(asked.principal),
    TicketAction.EXPLAIN_SLA: lambda asked: _staff(asked.principal),
}
