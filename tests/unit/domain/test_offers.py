"""Offers on their own; test_ticket_actions.py holds them against the calls over gRPC."""

import pytest

from server.domain.fsm import TicketStatus, allowed_from
from server.domain.offers import Permission, TicketAction, offer_of, permissions_of
from server.domain.roles import OUTSIDE, Role
from server.domain.tickets import LinkedType
from tests.unit.domain.test_permissions import somebody, ticket

CHAIN = (Role.OPS_AGENT, Role.OPS_MANAGER, Role.REGIONAL_MANAGER)
READS = {TicketAction.WATCH, TicketAction.VIEW_AUDIT, TicketAction.EXPLAIN_SLA}


@pytest.mark.parametrize("status", TicketStatus)
def test_an_admin_is_offered_what_the_state_machine_allows(status: TicketStatus) -> None:
    offer = offer_of(somebody(Role.ADMIN), ticket(status=status), CHAIN)
    assert offer.transitions == allowed_from(status)
    assert (TicketAction.ESCALATE in offer.actions) == (TicketStatus.ESCALATED in offer.transitions)
    assert (TicketAction.EDIT in offer.actions) == (status is not TicketStatus.CLOSED)


def test_nobody_is_offered_an_escalation_past_the_end_of_the_chain() -> None:
    offer = offer_of(somebody(Role.ADMIN), ticket(owner_role=Role.REGIONAL_MANAGER), CHAIN)
    assert TicketStatus.ESCALATED not in offer.transitions
    assert TicketAction.ESCALATE not in offer.actions
    assert TicketStatus.OPEN in offer.transitions


def test_an_archived_ticket_is_read_watched_and_taken_out() -> None:
    offer = offer_of(somebody(Role.ADMIN), ticket(archived=True), CHAIN)
    assert offer.transitions == ()
    assert set(offer.actions) == READS | {TicketAction.ARCHIVE, TicketAction.SET_WATCHERS}


def test_a_payment_ticket_is_resolved_and_unlinked_by_finance_alone() -> None:
    payment = ticket(status=TicketStatus.OPEN, linked_type=LinkedType.PAYMENT, linked_id="PAY-1")
    for role, offered in ((Role.ADMIN, False), (Role.FINANCE, True)):
        offer = offer_of(somebody(role), payment, CHAIN)
        assert (TicketStatus.RESOLVED in offer.transitions) == offered
        assert (TicketAction.CHANGE_LINK in offer.actions) == offered


@pytest.mark.parametrize("role", sorted(OUTSIDE))
def test_a_creator_from_outside_edits_while_new_and_reopens(role: Role) -> None:
    creator = somebody(role, "creator")
    new = offer_of(creator, ticket(), CHAIN)
    assert TicketAction.EDIT in new.actions
    assert new.transitions == ()
    resolved = offer_of(creator, ticket(status=TicketStatus.RESOLVED), CHAIN)
    assert resolved.transitions == (TicketStatus.REOPENED,)
    assert set(resolved.actions) == {TicketAction.ADD_MESSAGE, TicketAction.WATCH}


def test_permissions_grow_with_the_role() -> None:
    assert permissions_of(somebody(Role.DRIVER)) == ()
    assert permissions_of(somebody(Role.FINANCE)) == (Permission.STAFF,)
    assert permissions_of(somebody(Role.OPS_MANAGER)) == (
        Permission.STAFF,
        Permission.ASSIGN_TICKETS,
        Permission.EXPORT_TICKETS,
    )
    assert permissions_of(somebody(Role.ADMIN)) == tuple(Permission)
