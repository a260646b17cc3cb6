"""Enums of the contract and of the domain, matched by name."""

from collections.abc import Sequence
from enum import Enum
from typing import Any, Generic, Protocol, TypeVar

from rodistaa.tickets.v1 import directory_service_pb2, ticket_pb2, ticket_reads_pb2, timeline_pb2
from server.domain.audit_chain import FindingKind
from server.domain.fsm import TicketStatus
from server.domain.offers import Permission, TicketAction
from server.domain.roles import Role
from server.domain.sla import SlaStatus
from server.domain.terms import TermKind
from server.domain.tickets import LinkedType, TicketPriority, TicketSeverity
from server.domain.timeline import TimelineKind
from server.domain.validation import Checker

E = TypeVar("E", bound=Enum)


class WireEnum(Protocol):
    """An enum of the contract."""

    def Value(self, name: str) -> int:  # noqa: N802 - protobuf's name
        """The number of a member."""


class EnumPair(Generic[E]):
    """The members of two enums whose names agree but for the contract's prefix."""

    def __init__(self, wire: WireEnum, prefix: str, domain: type[E]) -> None:
        self.to_wire: dict[E | None, Any] = {member: wire.Value(prefix + member.name) for member in domain}
        self.to_wire[None] = 0
        self._to_domain: dict[int, E] = {
            number: member for member, number in self.to_wire.items() if member is not None
        }

    def optional(self, check: Checker, field: str, number: int) -> E | None:
        """None for UNSPECIFIED; an unknown number is a violation."""
        if number == 0:
            return None
        member = self._to_domain.get(number)
        if member is None:
            check.fail(field, f"unknown value {number}")
        return member

    def required(self, check: Checker, field: str, number: int, fallback: E) -> E:
        """As ``optional``, and UNSPECIFIED is a violation; then the fallback stands in until ``check.done``."""
        if number == 0:
            check.fail(field, "is required")
        return self.optional(check, field, number) or fallback

    def many(self, check: Checker, field: str, numbers: Sequence[int]) -> tuple[E, ...]:
        """Each as ``required``, without duplicates, in the order given."""
        found: list[E] = []
        for index, number in enumerate(check.few(field, numbers)):
            if number == 0:
                check.fail(f"{field}[{index}]", "must not be UNSPECIFIED")
            elif (member := self.optional(check, f"{field}[{index}]", number)) is not None:
                found.append(member)
        return tuple(dict.fromkeys(found))


STATUS = EnumPair(ticket_pb2.TicketStatus, "TICKET_STATUS_", TicketStatus)
PRIORITY = EnumPair(ticket_pb2.TicketPriority, "TICKET_PRIORITY_", TicketPriority)
SEVERITY = EnumPair(ticket_pb2.TicketSeverity, "TICKET_SEVERITY_", TicketSeverity)
LINKED_TYPE = EnumPair(ticket_pb2.LinkedType, "LINKED_TYPE_", LinkedType)
ROLE = EnumPair(ticket_pb2.Role, "ROLE_", Role)
PERMISSION = EnumPair(directory_service_pb2.Permission, "PERMISSION_", Permission)
TICKET_ACTION = EnumPair(ticket_reads_pb2.TicketAction, "TICKET_ACTION_", TicketAction)
TERM_KIND = EnumPair(ticket_reads_pb2.TermKind, "TERM_KIND_", TermKind)
TIMELINE_KIND = EnumPair(timeline_pb2.TimelineKind, "TIMELINE_KIND_", TimelineKind)
SLA_STATUS = EnumPair(ticket_pb2.SlaStatus, "SLA_STATUS_", SlaStatus)

FINDING = {
    FindingKind.EDITED: timeline_pb2.AUDIT_FINDING_EDITED,
    FindingKind.REMOVED: timeline_pb2.AUDIT_FINDING_REMOVED,
    FindingKind.REORDERED: timeline_pb2.AUDIT_FINDING_REORDERED,
    FindingKind.TAIL_REMOVED: timeline_pb2.AUDIT_FINDING_TRUNCATED,
    FindingKind.HEAD_MISMATCH: timeline_pb2.AUDIT_FINDING_INSERTED,
}
