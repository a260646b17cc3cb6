"""Who comes next in a chain."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.escalation_chain import next_role
from server.domain.roles import LADDER, Role, at_or_above

R = Role
CHAIN = (R.OPS_AGENT, R.OPS_MANAGER, R.HQ_SUPPORT)


@pytest.mark.parametrize(
    ("present", "following"),
    [
        (None, R.OPS_AGENT),
        (R.OPS_AGENT, R.OPS_MANAGER),
        (R.OPS_MANAGER, R.HQ_SUPPORT),
        (R.HQ_SUPPORT, None),
        # Outside of the chain: the first role that is not below.
        (R.FRANCHISE_AGENT, R.OPS_AGENT),
        (R.REGIONAL_MANAGER, R.HQ_SUPPORT),
        (R.CEO_ONCALL, None),
        (R.FINANCE, R.OPS_AGENT),
        (R.COMPLIANCE_OFFICER, R.OPS_AGENT),
    ],
)
def test_the_next_role(present: Role | None, following: Role | None) -> None:
    assert next_role(CHAIN, present) is following


def test_a_chain_has_its_own_order() -> None:
    assert next_role((R.HQ_SUPPORT, R.REGIONAL_MANAGER, R.CEO_ONCALL), R.HQ_SUPPORT) is R.REGIONAL_MANAGER


def test_an_empty_chain_has_nobody() -> None:
    assert next_role((), None) is None
    assert next_role((), R.OPS_AGENT) is None


@given(
    chain=st.lists(st.sampled_from(LADDER), unique=True).map(tuple),
    present=st.none() | st.sampled_from(Role),
)
def test_every_climb_ends_and_meets_nobody_twice(chain: tuple[Role, ...], present: Role | None) -> None:
    met, role = [], next_role(chain, present)
    if role is not None and present is not None and present not in chain:
        assert not at_or_above(present, role)
    while role is not None:
        met.append(role)
        assert len(met) <= len(chain)
        role = next_role(chain, role)
    assert len(set(met)) == len(met)
