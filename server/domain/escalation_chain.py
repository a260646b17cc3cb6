"""Who gets a ticket next when it has to move up."""

from collections.abc import Sequence

from server.domain.roles import Role, at_or_above


def next_role(chain: Sequence[Role], present: Role | None) -> Role | None:
    """The role after the present one in the chain; None at its end.

    A ticket outside the chain enters it at the first role that is not below its present one: an
    escalation never moves a ticket down the ladder of roles.
    """
    if present in chain:
        return next(iter(chain[chain.index(present) + 1 :]), None)
    return next((role for role in chain if present is None or not at_or_above(present, role)), None)
