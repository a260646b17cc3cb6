"""The rules of ``permissions`` and ``visibility`` on their own; the role matrix holds them over gRPC."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain import permissions
from server.domain.changes import open_ticket
from server.domain.errors import PermissionDenied, Reason
from server.domain.filters import TicketFilter
from server.domain.fsm import TicketStatus
from server.domain.ids import FranchiseId, Minutes, TicketId, UserId
from server.domain.matching import matches
from server.domain.principal import Principal
from server.domain.roles import LADDER, OUTSIDE, STAFF, Role, at_or_above, is_manager, is_staff
from server.domain.sla import SlaPolicy
from server.domain.tickets import LinkedType, Ticket, TicketDraft, TicketPriority
from server.domain.visibility import Visibility, visibility_of

MANAGERS = {Role.OPS_MANAGER, Role.REGIONAL_MANAGER, Role.HQ_SUPPORT, Role.CEO_ONCALL, Role.ADMIN}
POLICY = SlaPolicy(TicketPriority.LOW, Minutes(60), Minutes(120), (Role.OPS_AGENT,))


def somebody(role: Role, user_id: str = "me", *franchises: str) -> Principal:
    return Principal(UserId(user_id), role, frozenset(FranchiseId(each) for each in franchises))


def ticket(**changes: object) -> Ticket:
    draft = TicketDraft(title="Truck KYC expired", description="The truck's papers ended yesterday.")
    made = open_ticket(
        draft,
        somebody(Role.SHIPPER, "creator"),
        POLICY,
        ticket_id=TicketId("TKT-1"),
        now=datetime(2026, 3, 1, tzinfo=UTC),
    )
    return replace(made, **{"owner_role": None, **changes})  # type: ignore[arg-type] # fields of a ticket


def allowed(rule: Callable[[Principal], None]) -> set[Role]:
    """The roles that pass."""
    passing = set()
    for role in Role:
        try:
            rule(somebody(role))
        except PermissionDenied:
            continue
        passing.add(role)
    return passing


def test_every_role_is_on_the_ladder_beside_it_outside_or_the_system() -> None:
    beside = {Role.FINANCE, Role.COMPLIANCE_OFFICER}
    assert set(Role) == set(LADDER) | beside | OUTSIDE | {Role.SYSTEM}
    assert set(LADDER) | beside == STAFF
    assert {role for role in Role if is_staff(role)} == STAFF | {Role.SYSTEM}
    assert {role for role in Role if is_manager(role)} == MANAGERS


def test_the_ladder_is_an_order() -> None:
    for low, role in enumerate(LADDER):
        for high, other in enumerate(LADDER):
            assert at_or_above(other, role) is (high >= low)


@pytest.mark.parametrize("floor", [Role.FINANCE, Role.COMPLIANCE_OFFICER, Role.SHIPPER, Role.SYSTEM])
def test_above_a_role_beside_the_ladder_stands_admin_alone(floor: Role) -> None:
    assert {role for role in Role if at_or_above(role, floor)} == {floor, Role.ADMIN}


def test_a_role_beside_the_ladder_is_above_none_on_it() -> None:
    for role in (Role.FINANCE, Role.COMPLIANCE_OFFICER, Role.SHIPPER, Role.SYSTEM):
        assert not any(at_or_above(role, floor) for floor in LADDER)


def test_what_takes_a_manager() -> None:
    for rule in (permissions.require_assign, permissions.require_change_priority, permissions.require_archive):
        assert allowed(rule) == MANAGERS
    assert allowed(lambda who: permissions.require_transition(who, ticket(), TicketStatus.CLOSED)) == MANAGERS
    assert allowed(lambda who: permissions.require_set_watch(who, "another")) == MANAGERS
    assert allowed(permissions.require_clear_sensitivity) == MANAGERS | {Role.COMPLIANCE_OFFICER}


def test_what_takes_admin_or_staff() -> None:
    assert allowed(lambda who: permissions.require_admin(who, "It")) == {Role.ADMIN}
    assert allowed(lambda who: permissions.require_staff(who, "It")) == STAFF | {Role.SYSTEM}
    assert allowed(lambda who: permissions.require_set_watch(who, "me")) == set(Role)


def test_a_payment_is_resolved_by_finance_alone_even_if_others_own_it() -> None:
    payment = ticket(linked_type=LinkedType.PAYMENT, linked_id="PAY-1", owner_id="me")
    assert allowed(lambda who: permissions.require_transition(who, payment, TicketStatus.RESOLVED)) == {Role.FINANCE}
    with pytest.raises(PermissionDenied) as caught:
        permissions.require_transition(somebody(Role.ADMIN), payment, TicketStatus.RESOLVED)
    assert caught.value.reason is Reason.FINANCE_ONLY
    assert allowed(lambda who: permissions.require_change_link(who, payment)) == {Role.FINANCE}
    assert allowed(lambda who: permissions.require_change_link(who, ticket())) == set(Role)


@pytest.mark.parametrize("linked", [None, *(kind for kind in LinkedType if kind is not LinkedType.PAYMENT)])
def test_anything_else_is_resolved_by_its_owner_or_a_manager(linked: LinkedType | None) -> None:
    def resolve(owner: str) -> set[Role]:
        case = ticket(linked_type=linked, linked_id="X-1" if linked else None, owner_id=owner)
        return allowed(lambda who: permissions.require_transition(who, case, TicketStatus.RESOLVED))

    assert resolve("another") == MANAGERS
    assert resolve("me") == set(Role)


@pytest.mark.parametrize("floor", LADDER)
def test_escalating_takes_a_role_at_or_above_the_owners(floor: Role) -> None:
    held = ticket(owner_role=floor, owner_id="another")
    assert allowed(lambda who: permissions.require_escalate(who, held)) == set(LADDER[LADDER.index(floor) :])
    assert allowed(lambda who: permissions.require_escalate(who, replace(held, owner_id=UserId("me")))) == set(Role)


def test_a_ticket_of_no_role_is_escalated_by_managers() -> None:
    assert allowed(lambda who: permissions.require_escalate(who, ticket())) == MANAGERS


def test_reopening_is_for_staff_and_the_creator() -> None:
    def reopen(creator: str) -> set[Role]:
        case = ticket(created_by_id=creator)
        return allowed(lambda who: permissions.require_transition(who, case, TicketStatus.REOPENED))

    assert reopen("another") == STAFF | {Role.SYSTEM}
    assert reopen("me") == set(Role)


@pytest.mark.parametrize("status", TicketStatus)
def test_a_creator_from_outside_edits_only_as_long_as_it_is_new(status: TicketStatus) -> None:
    mine = ticket(created_by_id="me", status=status)
    everybody_or_staff = set(Role) if status is TicketStatus.NEW else STAFF | {Role.SYSTEM}
    assert allowed(lambda who: permissions.require_edit(who, mine)) == everybody_or_staff


@pytest.mark.parametrize("role", Role)
def test_who_sees_what(role: Role) -> None:
    rule = visibility_of(somebody(role, "me", "FR-1"))

    def sees(*, is_watching: bool = False, **fields: object) -> bool:
        return rule.sees(ticket(**fields), is_watching=is_watching)

    everything = role in MANAGERS
    assert sees() is everything
    assert sees(owner_id="another", owner_role=Role.SYSTEM) is everything
    assert sees(created_by_id="me")
    assert sees(owner_id="me")
    assert sees(is_watching=True)
    assert sees(owner_role=role) is (everything or role in STAFF)
    assert sees(assigned_franchise_id="FR-1") is (everything or role is Role.FRANCHISE_AGENT)
    assert sees(assigned_franchise_id="FR-2") is everything


def test_a_franchise_agent_without_franchises_sees_no_tickets_without_one() -> None:
    rule = visibility_of(somebody(Role.FRANCHISE_AGENT))
    assert not rule.sees(ticket(assigned_franchise_id=None), is_watching=False)


USERS = ("me", "you")
FRANCHISES = ("FR-1", "FR-2", "FR-3")
QUEUES = (Role.OPS_AGENT, Role.FINANCE, Role.FRANCHISE_AGENT)
EVERY_KIND = [
    ticket(created_by_id=creator, owner_id=owner, owner_role=role, assigned_franchise_id=franchise)
    for creator, owner, role, franchise in product(USERS, (None, *USERS), (None, *QUEUES), (None, *FRANCHISES))
]


def some(values: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), max_size=3).map(tuple)


@settings(deadline=None)
@given(
    rule=st.builds(
        Visibility,
        everything=st.just(value=False),
        user_id=st.sampled_from(USERS),
        queue_role=st.sampled_from((None, *QUEUES)),
        franchise_ids=some(FRANCHISES).map(frozenset),
    ),
    where=st.builds(
        TicketFilter,
        owner_id=st.sampled_from((None, *USERS)),
        created_by_id=st.sampled_from((None, *USERS)),
        owner_roles=some(QUEUES),
        franchise_ids=some(FRANCHISES),
    ),
    is_watching=st.booleans(),
)
def test_a_rule_among_what_a_filter_lets_through_sees_the_same(
    rule: Visibility, where: TicketFilter, is_watching: bool
) -> None:
    among = rule.among(where)
    for case in EVERY_KIND:
        if matches(where, case, now=case.created_at):
            assert among.sees(case, is_watching=is_watching) is rule.sees(case, is_watching=is_watching)


def test_what_a_filter_decides_is_not_asked_again() -> None:
    agent = visibility_of(somebody(Role.FRANCHISE_AGENT, "me", "FR-1", "FR-2"))
    assert agent.among(TicketFilter()) == agent
    for narrow in (
        TicketFilter(owner_roles=(Role.FRANCHISE_AGENT,)),
        TicketFilter(franchise_ids=("FR-2",)),
        TicketFilter(owner_id="me"),
        TicketFilter(created_by_id="me"),
    ):
        assert agent.among(narrow).everything
    assert agent.among(TicketFilter(owner_roles=(Role.FINANCE,))) == replace(agent, queue_role=None)
    elsewhere = TicketFilter(franchise_ids=("FR-2", "FR-3"))
    assert agent.among(elsewhere) == replace(agent, franchise_ids=frozenset({FranchiseId("FR-2")}))
