"""Who stands for a role in a demonstration: the holders of the tokens that `tickets up` prints."""

from server.domain.ids import FranchiseId, UserId
from server.domain.principal import Principal
from server.domain.roles import Role

_TITLES = {Role.CEO_ONCALL: "CEO on call", Role.HQ_SUPPORT: "HQ support"}


def demo_user(role: Role) -> UserId:
    """The user id, a subject of tokens and an entry of the demonstration's directory."""
    return UserId(f"demo-{role}")


def role_title(role: Role) -> str:
    """The role as it stands within a sentence: "ops manager", "CEO on call"."""
    return _TITLES.get(role, role.replace("_", " "))


def demo_franchises(role: Role) -> tuple[FranchiseId, ...]:
    """One for a franchise_agent, who without any would see next to nothing."""
    return (FranchiseId("FR-001"),) if role is Role.FRANCHISE_AGENT else ()


def demo_principal(role: Role) -> Principal:
    """The same as a caller."""
    return Principal(demo_user(role), role, frozenset(demo_franchises(role)))
