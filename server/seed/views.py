"""Saved views that everyone finds on the first day."""

from dataclasses import dataclass

from server.domain.filters import NEWEST_FIRST, Order, OrderField, TicketFilter
from server.domain.fsm import DONE, TicketStatus
from server.domain.sla import SlaStatus
from server.domain.tickets import TicketPriority
from server.seed.scene import staff
from server.seed.staff import StaffMember, franchise_id

_OPEN = tuple(status for status in TicketStatus if status not in DONE)
_SOONEST_DUE = Order(OrderField.SLA_DUE_AT, descending=False)


@dataclass(frozen=True, slots=True)
class SharedView:
    owner: StaffMember
    name: str
    filter: TicketFilter
    order: Order = NEWEST_FIRST


SHARED_VIEWS: tuple[SharedView, ...] = (
    SharedView(
        staff("vikram.rao"),
        "Open and unassigned",
        TicketFilter(statuses=_OPEN, unassigned=True),
        _SOONEST_DUE,
    ),
    SharedView(
        staff("vikram.rao"),
        "Breached or nearly so",
        TicketFilter(sla_statuses=(SlaStatus.NEAR_BREACH, SlaStatus.BREACHED)),
        _SOONEST_DUE,
    ),
    SharedView(
        staff("priya.deshmukh"),
        "Franchise FR-001, open",
        TicketFilter(statuses=_OPEN, franchise_ids=(franchise_id(1),)),
    ),
    SharedView(
        staff("farah.khan"),
        "Waiting for finance",
        TicketFilter(statuses=(TicketStatus.AWAITING_FINANCE,)),
        _SOONEST_DUE,
    ),
    SharedView(
        staff("anjali.verma"),
        "Sensitive KYC",
        TicketFilter(tags_any=("kyc",), sensitive=True),
    ),
    SharedView(
        staff("deepa.pillai"),
        "Fraud alerts, urgent",
        TicketFilter(priorities=(TicketPriority.HIGH, TicketPriority.CRITICAL), tags_any=("fraud",)),
    ),
)
