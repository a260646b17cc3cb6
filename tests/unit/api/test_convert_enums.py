from enum import Enum
from typing import Any

import pytest

from rodistaa.tickets.v1 import ticket_pb2
from server.api.convert.enums import LINKED_TYPE, PRIORITY, ROLE, SEVERITY, SLA_STATUS, STATUS, EnumPair
from server.domain.fsm import TicketStatus
from server.domain.roles import Role
from server.domain.sla import SlaStatus
from server.domain.tickets import LinkedType, TicketPriority, TicketSeverity
from server.domain.validation import MAX_LIST_VALUES, Checker

PAIRS = [
    (STATUS, ticket_pb2.TicketStatus, TicketStatus),
    (PRIORITY, ticket_pb2.TicketPriority, TicketPriority),
    (SEVERITY, ticket_pb2.TicketSeverity, TicketSeverity),
    (LINKED_TYPE, ticket_pb2.LinkedType, LinkedType),
    (ROLE, ticket_pb2.Role, Role),
    (SLA_STATUS, ticket_pb2.SlaStatus, SlaStatus),
]


@pytest.mark.parametrize(("pair", "wire", "domain"), PAIRS)
def test_every_member_has_its_counterpart(pair: EnumPair[Any], wire: Any, domain: type[Enum]) -> None:
    numbers = [number for number in wire.values() if number]
    assert len(numbers) == len(domain)
    members: list[Any] = [pair.optional(Checker(), "f", number) for number in numbers]
    assert sorted(member.name for member in members) == sorted(member.name for member in domain)
    assert [pair.to_wire[member] for member in members] == numbers
    assert pair.to_wire[None] == 0


def wrong(check: Checker) -> list[str]:
    return [violation.field for violation in check.violations]


def test_unspecified_is_nothing_where_it_may_be_and_a_violation_where_not() -> None:
    check = Checker()
    assert STATUS.optional(check, "f", 0) is None
    assert wrong(check) == []
    assert STATUS.required(check, "g", 0, TicketStatus.NEW) is TicketStatus.NEW
    assert STATUS.many(check, "h", [1, 0]) == (TicketStatus.NEW,)
    assert wrong(check) == ["g", "h[1]"]


@pytest.mark.parametrize("number", [-1, 12, 999, 2**31 - 1])
def test_an_unknown_number_is_a_violation(number: int) -> None:
    check = Checker()
    STATUS.optional(check, "f", number)
    STATUS.required(check, "g", number, TicketStatus.NEW)
    STATUS.many(check, "h", [1, number])
    assert wrong(check) == ["f", "g", "h[1]"]


def test_lists_lose_duplicates_keep_their_order_and_are_short() -> None:
    assert STATUS.many(Checker(), "f", [2, 1, 2]) == (TicketStatus.OPEN, TicketStatus.NEW)
    check = Checker()
    assert STATUS.many(check, "f", [999] * (MAX_LIST_VALUES + 1)) == ()
    assert wrong(check) == ["f"]
