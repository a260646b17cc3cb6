"""SLA policies."""

from typing import Any

from rodistaa.tickets.v1 import sla_pb2
from rodistaa.tickets.v1 import sla_policy_service_pb2 as pb
from server.api.convert.calendars import calendar_id
from server.api.convert.enums import PRIORITY, ROLE, STATUS
from server.api.convert.update_masks import masked
from server.api.convert.values import set_timestamp
from server.application.sla_policies.update_sla_policy import PolicyChanges
from server.domain.fsm import AWAITING, TicketStatus
from server.domain.ids import Minutes
from server.domain.roles import STAFF, Role
from server.domain.sla import SlaPolicy
from server.domain.tickets import TicketPriority, make_etag
from server.domain.validation import Checker

MAX_MINUTES = 525_600
"""A year of open time."""
MAX_CHAIN = 10
_UPDATABLE = (
    "response_time_minutes",
    "resolution_time_minutes",
    "escalation_chain",
    "escalation_interval_minutes",
    "pausing_statuses",
    "calendar_id",
)


def from_policy(policy: SlaPolicy) -> sla_pb2.SlaPolicy:
    """One version of a policy."""
    wire = sla_pb2.SlaPolicy(
        priority=PRIORITY.to_wire[policy.priority],
        response_time_minutes=policy.response_time,
        resolution_time_minutes=policy.resolution_time,
        escalation_chain=[ROLE.to_wire[role] for role in policy.escalation_chain],
        escalation_interval_minutes=policy.escalation_interval or 0,
        pausing_statuses=[STATUS.to_wire[status] for status in TicketStatus if status in policy.pausing_statuses],
        calendar_id=policy.calendar.id if policy.calendar is not None else "",
        version=policy.version,
        updated_by_id=policy.updated_by_id,
        etag=make_etag(policy.version),
    )
    if policy.updated_at is not None:
        set_timestamp(wire.updated_at, policy.updated_at)
    return wire


def to_policy_changes(request: pb.UpdateSlaPolicyRequest) -> PolicyChanges:
    """The checked new values of the fields that the mask names."""
    check, wire = Checker(), request.sla_policy
    if not request.HasField("sla_policy"):
        check.fail("sla_policy", "is required")
        check.done()
    priority = PRIORITY.required(check, "sla_policy.priority", wire.priority, TicketPriority.MEDIUM)
    named = masked(check, request.update_mask, _UPDATABLE)
    values: dict[str, Any] = {}
    for name in ("response_time", "resolution_time"):
        if f"{name}_minutes" in named:
            values[name] = _minutes(check, f"sla_policy.{name}_minutes", getattr(wire, f"{name}_minutes"), least=1)
    if len(values) == 2 and wire.response_time_minutes > wire.resolution_time_minutes:
        check.fail("sla_policy.response_time_minutes", "must not be above resolution_time_minutes")
    if "escalation_interval_minutes" in named:
        field, minutes = "sla_policy.escalation_interval_minutes", wire.escalation_interval_minutes
        values["escalation_interval"] = _minutes(check, field, minutes, least=0) or None
    if "escalation_chain" in named:
        values["escalation_chain"] = _chain(check, wire)
    if "pausing_statuses" in named:
        values["pausing_statuses"] = _pausing(check, wire)
    if "calendar_id" in named:
        values["calendar_id"] = wire.calendar_id and calendar_id(check, "sla_policy.calendar_id", wire.calendar_id)
    etag = check.etag("sla_policy.etag", wire.etag)
    check.done()
    return PolicyChanges(priority, values, etag)


def _minutes(check: Checker, field: str, value: int, *, least: int) -> Minutes:
    if not least <= value <= MAX_MINUTES:
        check.fail(field, f"must be between {least} and {MAX_MINUTES}")
    return Minutes(value)


def _chain(check: Checker, wire: sla_pb2.SlaPolicy) -> tuple[Role, ...]:
    field = "sla_policy.escalation_chain"
    if not wire.escalation_chain:
        check.fail(field, "must name at least one role")
    chain: list[Role] = []
    for index, number in enumerate(check.few(field, wire.escalation_chain, MAX_CHAIN)):
        role = ROLE.required(check, f"{field}[{index}]", number, Role.ADMIN)
        if role not in STAFF:
            check.fail(f"{field}[{index}]", "must be a role of the staff")
        if role in chain:
            check.fail(f"{field}[{index}]", "names a role for the second time")
        chain.append(role)
    return tuple(chain)


def _pausing(check: Checker, wire: sla_pb2.SlaPolicy) -> frozenset[TicketStatus]:
    field = "sla_policy.pausing_statuses"
    found: set[TicketStatus] = set()
    for index, number in enumerate(check.few(field, wire.pausing_statuses)):
        status = STATUS.required(check, f"{field}[{index}]", number, TicketStatus.AWAITING_SHIPPER)
        if status not in AWAITING:
            check.fail(f"{field}[{index}]", "must be one of the states AWAITING_*")
        found.add(status)
    return frozenset(found)
