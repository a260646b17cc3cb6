"""Who may do what to a ticket that they see: the table of spec section 4, one function a row.

Each function raises PermissionDenied or returns. Whether the ticket may be seen at all is decided
before, by ``visibility``.
"""

from server.domain.errors import PermissionDenied, Reason
from server.domain.fsm import TicketStatus
from server.domain.ids import UserId
from server.domain.principal import Principal
from server.domain.roles import Role, at_or_above, is_manager, is_staff
from server.domain.tickets import LinkedType, Ticket


def _require(allowed: bool, message: str) -> None:  # noqa: FBT001 - reads as a sentence at each call
    if not allowed:
        raise PermissionDenied(message)


def require_staff(principal: Principal, what: str) -> None:
    """Internal notes, the audit trail, statistics: staff only, never outside roles. ``what`` begins the sentence."""
    _require(is_staff(principal.role), f"{what} for staff only.")


def require_admin(principal: Principal, what: str) -> None:
    """Bulk changes, policies, calendars, the directory. ``what`` begins the sentence."""
    _require(principal.role is Role.ADMIN, f"{what} for admin only.")


def require_export(principal: Principal) -> None:
    """Files with many tickets, one's own jobs among them."""
    _require(is_manager(principal.role), "Exporting takes ops_manager or above.")


def sees_all_exports(principal: Principal) -> bool:
    """Whether other people's export jobs, with their files, are open too: to admin alone."""
    return principal.role is Role.ADMIN


def may_see_export_of(principal: Principal, requested_by: UserId) -> bool:
    """Whether somebody's export jobs are open to the caller."""
    return requested_by == principal.user_id or sees_all_exports(principal)


def require_assign(principal: Principal) -> None:
    """Owner, queue and franchise of a ticket."""
    _require(is_manager(principal.role), "Assigning takes ops_manager or above.")


def require_change_priority(principal: Principal) -> None:
    """The priority, since it moves the deadline."""
    _require(is_manager(principal.role), "Changing the priority takes ops_manager or above.")


def require_archive(principal: Principal) -> None:
    """Putting away and taking out."""
    _require(is_manager(principal.role), "Archiving takes ops_manager or above.")


def require_escalate(principal: Principal, ticket: Ticket) -> None:
    """The owner, or a role at or above the owner's role; a ticket of no role is the managers'."""
    floor = ticket.owner_role or Role.OPS_MANAGER
    _require(
        ticket.owner_id == principal.user_id or at_or_above(principal.role, floor),
        "Escalating takes the ticket's owner, or a role at or above the owner's role.",
    )


def require_transition(principal: Principal, ticket: Ticket, target: TicketStatus) -> None:
    """Moving a ticket to ``target``, whatever the state machine says of it."""
    if target is TicketStatus.RESOLVED:
        _require_resolve(principal, ticket)
    elif target is TicketStatus.CLOSED:
        _require(is_manager(principal.role), "Closing takes ops_manager or above.")
    elif target is TicketStatus.ESCALATED:
        require_escalate(principal, ticket)
    elif target is TicketStatus.REOPENED:
        _require(
            is_staff(principal.role) or ticket.created_by_id == principal.user_id,
            "Reopening takes staff or the ticket's creator.",
        )
    else:
        require_staff(principal, "Moving a ticket to another state is")


def _require_resolve(principal: Principal, ticket: Ticket) -> None:
    if ticket.linked_type is LinkedType.PAYMENT:
        if principal.role is not Role.FINANCE:
            raise PermissionDenied(
                "A ticket linked to a payment is resolved by finance only.", reason=Reason.FINANCE_ONLY
            )
        return
    _require(
        ticket.owner_id == principal.user_id or is_manager(principal.role),
        "Resolving takes the ticket's owner, or ops_manager or above.",
    )


def require_summarise(principal: Principal, ticket: Ticket) -> None:
    """The resolution summary is written by who may resolve: it is what the ticket is closed upon."""
    _require_resolve(principal, ticket)


def require_edit(principal: Principal, ticket: Ticket) -> None:
    """Title, description, severity, link, tags, summary and metadata."""
    creator_of_new = ticket.created_by_id == principal.user_id and ticket.status is TicketStatus.NEW
    _require(
        is_staff(principal.role) or ticket.owner_id == principal.user_id or creator_of_new,
        "Editing takes staff, the ticket's owner or, while it is NEW, its creator.",
    )


def require_change_link(principal: Principal, ticket: Ticket) -> None:
    """The linked thing: unlinking a payment would open its ticket to be resolved by others."""
    if ticket.linked_type is LinkedType.PAYMENT and principal.role is not Role.FINANCE:
        raise PermissionDenied("The link of a payment ticket is changed by finance only.", reason=Reason.FINANCE_ONLY)


def require_clear_sensitivity(principal: Principal) -> None:
    """Lifting the protection shows the protected fields to everyone who sees the ticket."""
    _require(
        is_manager(principal.role) or principal.role is Role.COMPLIANCE_OFFICER,
        "Marking a sensitive ticket as not sensitive takes ops_manager or above, or compliance_officer.",
    )


def require_set_watch(principal: Principal, user_id: str) -> None:
    """Everybody decides what they watch themselves."""
    if user_id != principal.user_id:
        require_set_watchers(principal)


def require_set_watchers(principal: Principal) -> None:
    """Watching makes a ticket visible, so making others watch is a manager's decision."""
    _require(is_manager(principal.role), "Changing what somebody else watches takes ops_manager or above.")
