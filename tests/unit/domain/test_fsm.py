"""The state machine against the table of the specification, section 2, written out here a second time."""

from itertools import product
from pathlib import Path

import pytest

from server.domain.errors import FailedPrecondition, Reason
from server.domain.fsm import TicketStatus, allowed_from, check_transition, states_document

AWAITING = "AWAITING_SHIPPER AWAITING_OPERATOR AWAITING_FRANCHISE AWAITING_FINANCE"
ALLOWED = {
    "NEW": "OPEN ESCALATED",
    "OPEN": f"IN_PROGRESS {AWAITING} ESCALATED RESOLVED",
    "IN_PROGRESS": f"{AWAITING} ESCALATED RESOLVED",
    "AWAITING_SHIPPER": "IN_PROGRESS AWAITING_OPERATOR AWAITING_FRANCHISE AWAITING_FINANCE ESCALATED RESOLVED",
    "AWAITING_OPERATOR": "IN_PROGRESS AWAITING_SHIPPER AWAITING_FRANCHISE AWAITING_FINANCE ESCALATED RESOLVED",
    "AWAITING_FRANCHISE": "IN_PROGRESS AWAITING_SHIPPER AWAITING_OPERATOR AWAITING_FINANCE ESCALATED RESOLVED",
    "AWAITING_FINANCE": "IN_PROGRESS AWAITING_SHIPPER AWAITING_OPERATOR AWAITING_FRANCHISE ESCALATED RESOLVED",
    "ESCALATED": f"IN_PROGRESS {AWAITING} ESCALATED RESOLVED",
    "REOPENED": f"IN_PROGRESS {AWAITING} ESCALATED RESOLVED",
    "RESOLVED": "REOPENED CLOSED",
    "CLOSED": "",
}
STATES = tuple(ALLOWED)
STATES_DOCUMENT = Path(__file__).parents[3] / "docs" / "states.md"


def test_there_are_the_eleven_states() -> None:
    assert [state.value for state in TicketStatus] == [
        "NEW",
        "OPEN",
        "IN_PROGRESS",
        "AWAITING_SHIPPER",
        "AWAITING_OPERATOR",
        "AWAITING_FRANCHISE",
        "AWAITING_FINANCE",
        "ESCALATED",
        "REOPENED",
        "RESOLVED",
        "CLOSED",
    ]


def refusal(current: str, target: str) -> FailedPrecondition | None:
    try:
        check_transition(TicketStatus(current), TicketStatus(target))
    except FailedPrecondition as error:
        return error
    return None


@pytest.mark.parametrize(("current", "target"), list(product(STATES, STATES)))
def test_a_step_is_allowed_exactly_where_the_table_says_so(current: str, target: str) -> None:
    refused = refusal(current, target)
    assert (refused is None) == (target in ALLOWED[current].split())
    if refused is not None:
        assert refused.reason is Reason.TRANSITION_NOT_ALLOWED
        assert refused.metadata["current_status"] == current
        assert set(filter(None, refused.metadata["allowed_statuses"].split(","))) == set(ALLOWED[current].split())
        assert current in refused.message
        assert all(state in refused.message for state in ALLOWED[current].split())


def test_what_is_allowed_comes_in_the_order_of_the_states() -> None:
    for state in TicketStatus:
        assert list(allowed_from(state)) == [each for each in TicketStatus if each in ALLOWED[state].split()]


def test_a_closed_ticket_says_that_it_leads_nowhere() -> None:
    with pytest.raises(FailedPrecondition, match=r"Allowed: none\.") as caught:
        check_transition(TicketStatus.CLOSED, TicketStatus.REOPENED)
    assert caught.value.metadata["allowed_statuses"] == ""


def test_the_document_of_the_states_is_the_generated_one() -> None:
    """After a change of the state machine: ``tickets states > docs/states.md``."""
    assert STATES_DOCUMENT.read_text() == states_document()


def test_the_document_names_every_step() -> None:
    document = states_document()
    for current, targets in ALLOWED.items():
        for target in targets.split():
            assert f"    {current} --> {target}\n" in document
    assert document.count(" --> ") == sum(len(targets.split()) for targets in ALLOWED.values()) + 2  # begin and end
