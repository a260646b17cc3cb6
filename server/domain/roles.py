"""The roles of spec section 4 and their order."""

from enum import StrEnum


class Role(StrEnum):
    """What a verified token says its holder is."""

    FRANCHISE_AGENT = "franchise_agent"
    OPS_AGENT = "ops_agent"
    OPS_MANAGER = "ops_manager"
    REGIONAL_MANAGER = "regional_manager"
    HQ_SUPPORT = "hq_support"
    CEO_ONCALL = "ceo_oncall"
    ADMIN = "admin"
    FINANCE = "finance"
    COMPLIANCE_OFFICER = "compliance_officer"
    SHIPPER = "shipper"
    OPERATOR = "operator"
    DRIVER = "driver"
    SYSTEM = "system"


LADDER: tuple[Role, ...] = (
    Role.FRANCHISE_AGENT,
    Role.OPS_AGENT,
    Role.OPS_MANAGER,
    Role.REGIONAL_MANAGER,
    Role.HQ_SUPPORT,
    Role.CEO_ONCALL,
    Role.ADMIN,
)
"""Lowest first. finance and compliance_officer stand beside it: they are staff without a rank."""

OUTSIDE: frozenset[Role] = frozenset({Role.SHIPPER, Role.OPERATOR, Role.DRIVER})
STAFF: frozenset[Role] = frozenset(LADDER) | {Role.FINANCE, Role.COMPLIANCE_OFFICER}
"""People who work for Rodistaa or a franchise. ``system`` is a service account, and is trusted like staff."""

_RANK = {role: rank for rank, role in enumerate(LADDER)}


def is_staff(role: Role) -> bool:
    """Whether the role may read internal notes and the audit trail."""
    return role in STAFF or role is Role.SYSTEM


def at_or_above(role: Role, floor: Role) -> bool:
    """Whether ``role`` stands on the ladder at ``floor`` or higher.

    A role beside the ladder is never at or above one on it. Against a floor beside the ladder (a
    ticket owned by finance) only that same role and admin qualify.
    """
    if role is floor:
        return True
    if floor not in _RANK:
        return role is Role.ADMIN
    return role in _RANK and _RANK[role] >= _RANK[floor]


def is_manager(role: Role) -> bool:
    """ops_manager and above: "managers" in the table of spec section 4."""
    return at_or_above(role, Role.OPS_MANAGER)
