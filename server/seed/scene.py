"""What a demonstration ticket is made of: a beginning and the steps that people took on it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from server.demo_users import demo_user
from server.domain.fsm import TicketStatus
from server.domain.ids import FranchiseId, UserId
from server.domain.principal import Principal
from server.domain.roles import Role
from server.domain.tickets import LinkedType, TicketPriority, TicketSeverity
from server.seed.staff import DEMO_STAFF, StaffMember
from server.seed.templates import Template

_STAFF = {member.user_id: member for member in DEMO_STAFF}


@dataclass(frozen=True, slots=True)
class Step:
    """Something that somebody did, so many hours after the ticket was created."""

    by: Principal
    hour: float


@dataclass(frozen=True, slots=True)
class Say(Step):
    """A message that everyone on the ticket reads."""

    text: str


@dataclass(frozen=True, slots=True)
class Note(Step):
    """A message among staff."""

    text: str


@dataclass(frozen=True, slots=True)
class Assign(Step):
    to: StaffMember
    reason: str


@dataclass(frozen=True, slots=True)
class Move(Step):
    status: TicketStatus
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Resolve(Step):
    summary: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Escalate(Step):
    reason: str


@dataclass(frozen=True, slots=True)
class Reprioritise(Step):
    priority: TicketPriority
    reason: str


@dataclass(frozen=True, slots=True)
class Archive(Step):
    reason: str


@dataclass(frozen=True, slots=True)
class View(Step):
    """Protected fields of a sensitive ticket were read."""

    reason: str


@dataclass(frozen=True, slots=True)
class Watch(Step):
    """``by`` began to watch."""

    notify_sms: bool = False


ChangingStep = Assign | Move | Resolve | Escalate | Reprioritise | Archive
"""What changes the ticket itself."""
AnyStep = ChangingStep | Say | Note | View | Watch


@dataclass(frozen=True, slots=True)
class Scene:
    """One demonstration ticket."""

    template: Template
    title: str
    description: str
    creator: Principal
    hours_ago: float
    """When it was created. The deadlines follow from it, so it decides what is near breach at seeding."""
    priority: TicketPriority
    linked: tuple[LinkedType, str]
    steps: tuple[AnyStep, ...] = ()
    franchise: FranchiseId | None = None
    severity: TicketSeverity | None = None
    extra_tags: tuple[str, ...] = ()
    is_sensitive: bool = False
    metadata: Mapping[str, str | int] = field(default_factory=dict)


def staff(user_id: str) -> StaffMember:
    """One of DEMO_STAFF."""
    return _STAFF[UserId(user_id)]


def demo_staff(role: Role) -> StaffMember:
    """Who logs in with the role at a demonstration, and finds something to do."""
    return staff(demo_user(role))


def shipper(name: str) -> Principal:
    """A customer who books loads."""
    return Principal(UserId(f"shipper.{name}"), Role.SHIPPER)


def operator(name: str) -> Principal:
    """A transport company."""
    return Principal(UserId(f"operator.{name}"), Role.OPERATOR)


def service(name: str) -> Principal:
    """A service of the marketplace that raises tickets by itself."""
    return Principal(UserId(name), Role.SYSTEM)
