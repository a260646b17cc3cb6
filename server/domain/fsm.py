"""The state machine of a ticket: the only place that knows the transitions (spec section 2)."""

from collections.abc import Mapping
from enum import StrEnum

from server.domain.errors import FailedPrecondition, Reason


class TicketStatus(StrEnum):
    """The eleven states, as PostgreSQL's ``ticket_status`` spells them."""

    NEW = "NEW"
    OPEN = "OPEN"
    IN_PROGRESS = "IN_PROGRESS"
    AWAITING_SHIPPER = "AWAITING_SHIPPER"
    AWAITING_OPERATOR = "AWAITING_OPERATOR"
    AWAITING_FRANCHISE = "AWAITING_FRANCHISE"
    AWAITING_FINANCE = "AWAITING_FINANCE"
    ESCALATED = "ESCALATED"
    REOPENED = "REOPENED"
    RESOLVED = "RESOLVED"
    CLOSED = "CLOSED"


_S = TicketStatus

AWAITING: frozenset[TicketStatus] = frozenset(
    {_S.AWAITING_SHIPPER, _S.AWAITING_OPERATOR, _S.AWAITING_FRANCHISE, _S.AWAITING_FINANCE}
)
DONE: frozenset[TicketStatus] = frozenset({_S.RESOLVED, _S.CLOSED})
"""States in which no work is owed and the SLA clock stands still."""

TRANSITIONS: Mapping[TicketStatus, frozenset[TicketStatus]] = {
    _S.NEW: frozenset({_S.OPEN, _S.ESCALATED}),
    _S.OPEN: AWAITING | {_S.IN_PROGRESS, _S.ESCALATED, _S.RESOLVED},
    _S.IN_PROGRESS: AWAITING | {_S.ESCALATED, _S.RESOLVED},
    **{state: (AWAITING - {state}) | {_S.IN_PROGRESS, _S.ESCALATED, _S.RESOLVED} for state in AWAITING},
    _S.ESCALATED: AWAITING | {_S.IN_PROGRESS, _S.RESOLVED, _S.ESCALATED},
    _S.REOPENED: AWAITING | {_S.IN_PROGRESS, _S.ESCALATED, _S.RESOLVED},
    _S.RESOLVED: frozenset({_S.CLOSED, _S.REOPENED}),
    _S.CLOSED: frozenset(),
}
"""From each state, the states it may go to. ESCALATED → ESCALATED is one level further up the chain."""


def allowed_from(status: TicketStatus) -> tuple[TicketStatus, ...]:
    """The states reachable in one step, in the enum's order."""
    return tuple(state for state in TicketStatus if state in TRANSITIONS[status])


def check_transition(current: TicketStatus, target: TicketStatus) -> None:
    """Raise FailedPrecondition, naming the current and the allowed states, when the step is not in the table."""
    if target in TRANSITIONS[current]:
        return
    allowed = ", ".join(allowed_from(current)) or "none"
    raise FailedPrecondition(
        f"A ticket in state {current} cannot become {target}. Allowed: {allowed}.",
        reason=Reason.TRANSITION_NOT_ALLOWED,
        metadata={
            "current_status": current,
            "requested_status": target,
            "allowed_statuses": allowed,
        },
    )


def mermaid() -> str:
    """The state diagram of docs/states.md, in Mermaid's notation."""
    lines = ["stateDiagram-v2", f"    [*] --> {_S.NEW}"]
    lines += [f"    {state} --> {target}" for state in TicketStatus for target in allowed_from(state)]
    lines += [f"    {state} --> [*]" for state in TicketStatus if not TRANSITIONS[state]]
    return "\n".join(lines)
