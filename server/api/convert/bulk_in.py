"""The request that changes many tickets, checked and turned into the plan of the single change."""

from collections.abc import Callable
from dataclasses import dataclass

from rodistaa.tickets.v1 import ticket_bulk_pb2 as pb
from server.api.convert.enums import PRIORITY
from server.api.convert.filters import to_filter
from server.api.convert.ticket_changes_in import to_bulk_assignment, to_bulk_transition
from server.application.call import Call
from server.application.tickets.archive_ticket import ArchiveTicket
from server.application.tickets.assign_ticket import AssignTicket
from server.application.tickets.bulk_update_tickets import BulkCommand
from server.application.tickets.changing import Plan
from server.application.tickets.escalate_ticket import EscalateTicket
from server.application.tickets.reapply_sla import ReapplySla
from server.application.tickets.tag_ticket import tag_plan
from server.application.tickets.transition_ticket import TransitionTicket
from server.application.tickets.update_ticket import TicketPatch, UpdateTicket
from server.domain.ids import TicketId
from server.domain.tickets import TicketPriority
from server.domain.validation import MAX_BULK, Checker

PlanFor = Callable[[Call], Plan]


@dataclass(frozen=True, slots=True)
class SingleChanges:
    """The use cases whose plans a bulk change applies."""

    assign: AssignTicket
    transition: TransitionTicket
    update: UpdateTicket
    archive: ArchiveTicket
    escalate: EscalateTicket
    reapply_sla: ReapplySla


def to_bulk(request: pb.BulkUpdateTicketsRequest, changes: SingleChanges) -> BulkCommand:
    """Which tickets, and what to do to each."""
    check = Checker()
    reason = check.reason_text("reason", request.reason)
    ids = tuple(TicketId(check.ticket_id(f"ids[{i}]", value)) for i, value in enumerate(request.ids[: MAX_BULK + 1]))
    if bool(request.ids) == request.HasField("filter"):
        check.fail("ids", "exactly one of ids and filter is needed")
    if len(request.ids) > MAX_BULK:
        check.fail("ids", f"at most {MAX_BULK} tickets, got {len(request.ids)}")
    elif len(set(ids)) != len(ids):
        check.fail("ids", "must not name a ticket twice")
    if request.HasField("filter") and not request.filter.ListFields():
        check.fail("filter", "must set at least one field")
    where = to_filter(check, "filter", request.filter) if request.HasField("filter") else None
    plan_for = _plan_for(check, request, reason, changes)
    check.done()
    return BulkCommand(None if where is not None else ids, where, plan_for, request.validate_only)


def _plan_for(check: Checker, request: pb.BulkUpdateTicketsRequest, reason: str, changes: SingleChanges) -> PlanFor:
    kind = request.WhichOneof("change")
    if kind == "assign":
        assignment = to_bulk_assignment(check, request.assign, reason)
        return lambda call: changes.assign.plan(call, assignment)
    if kind == "transition":
        transition = to_bulk_transition(check, request.transition, reason)
        return lambda call: changes.transition.plan(call, transition)
    if kind == "priority":
        priority = PRIORITY.required(check, "priority", request.priority, TicketPriority.MEDIUM)
        patch = TicketPatch({"priority": priority}, reason, reason_is_long_enough=True)
        return lambda call: changes.update.plan(call, patch)
    if kind == "tags":
        return _tag_plan_for(check, request.tags, reason)
    if kind == "archive":
        return lambda call: changes.archive.plan(call, archived=request.archive, reason=reason)
    if kind is None:
        check.fail("change", "exactly one change is needed")
    again = changes.reapply_sla if kind == "reapply_sla" else changes.escalate
    return lambda call: again.plan(call, reason)


def _tag_plan_for(check: Checker, wire: pb.BulkTags, reason: str) -> PlanFor:
    add, remove = check.tags("tags.add", wire.add), check.tags("tags.remove", wire.remove)
    if not add and not remove:
        check.fail("tags", "add or remove is needed")
    if set(add) & set(remove):
        check.fail("tags.remove", "shares a tag with add")
    return lambda call: tag_plan(call, add=add, remove=remove, reason=reason)
