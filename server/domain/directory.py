"""The staff: who can own tickets, and where to reach them. It gives nobody rights; tokens do."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from server.domain.ids import FranchiseId, UserId, Version
from server.domain.roles import Role


@dataclass(frozen=True, slots=True)
class MemberDraft:
    """A member as an admin wants it; ``push_token`` None keeps the present one."""

    user_id: UserId
    role: Role
    display_name: str
    franchise_ids: tuple[FranchiseId, ...]
    email: str | None
    phone: str | None
    push_token: str | None
    active: bool


@dataclass(frozen=True, slots=True)
class Member:
    """A member of staff as stored. The push token never leaves the database."""

    user_id: UserId
    role: Role
    display_name: str
    franchise_ids: tuple[FranchiseId, ...]
    email: str | None
    phone: str | None
    active: bool
    version: Version
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class MemberFilter:
    """Fields narrow together; empty is not narrowed."""

    roles: tuple[Role, ...] = ()
    franchise_id: str | None = None
    active: bool | None = None
    query: str | None = None
    user_ids: tuple[UserId, ...] = ()


@dataclass(frozen=True, slots=True)
class OwnerSuggestion:
    """A member who could own a ticket, and how busy they are."""

    member: Member
    open_ticket_count: int
    average_resolution_time: timedelta | None
    """Mean wall-clock time of what they resolved in the last 90 days; None when nothing."""
