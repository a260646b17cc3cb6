"""Staff members: a few well-known ones for demonstrations, and thousands for load."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count

import psycopg
from psycopg.types.json import Jsonb

from server.demo_users import demo_franchises, demo_user, role_title
from server.domain.ids import FranchiseId, UserId
from server.domain.principal import Principal
from server.domain.roles import STAFF, Role
from server.seed.vocabulary import FIRST_NAMES, LAST_NAMES

LOAD_FRANCHISES = 500
LOAD_STAFF: dict[Role, int] = {
    Role.FRANCHISE_AGENT: 2 * LOAD_FRANCHISES,
    Role.OPS_AGENT: 500,
    Role.OPS_MANAGER: 150,
    Role.REGIONAL_MANAGER: 50,
    Role.HQ_SUPPORT: 100,
    Role.CEO_ONCALL: 5,
    Role.ADMIN: 5,
    Role.FINANCE: 120,
    Role.COMPLIANCE_OFFICER: 70,
}
"""2 000 people; two agents in each franchise."""


@dataclass(frozen=True, slots=True)
class StaffMember:
    """A row of the staff directory. Phone numbers are of a form that no Indian mobile has."""

    user_id: UserId
    role: Role
    display_name: str
    franchise_ids: tuple[FranchiseId, ...] = ()
    email: str = ""
    phone: str = ""
    active: bool = True

    @property
    def principal(self) -> Principal:
        """Who the member is when calling."""
        return Principal(self.user_id, self.role, frozenset(self.franchise_ids))


def franchise_id(number: int) -> FranchiseId:
    """FR-001, FR-002…"""
    return FranchiseId(f"FR-{number:03d}")


def _demo(first: str, last: str, role: Role, number: int, *franchises: int, active: bool = True) -> StaffMember:
    user_id = f"{first}.{last}".lower()
    return StaffMember(
        UserId(user_id),
        role,
        f"{first} {last}",
        tuple(map(franchise_id, franchises)),
        email=f"{user_id}@rodistaa.example",
        phone=f"+915550000{number:03d}",
        active=active,
    )


_DEMO_USERS = tuple(
    StaffMember(
        demo_user(role),
        role,
        f"Demo {role_title(role)}",
        demo_franchises(role),
        email=f"{demo_user(role)}@rodistaa.example",
        phone=f"+915550000{911 + number}",
    )
    for number, role in enumerate(Role)
    if role in STAFF
)

DEMO_STAFF: tuple[StaffMember, ...] = (
    _demo("Ravi", "Kulkarni", Role.FRANCHISE_AGENT, 101, 1),
    _demo("Sunita", "Rao", Role.FRANCHISE_AGENT, 102, 2),
    _demo("Imran", "Ansari", Role.FRANCHISE_AGENT, 103, 3),
    _demo("Lakshmi", "Naidu", Role.FRANCHISE_AGENT, 104, 4),
    _demo("Harpreet", "Gill", Role.FRANCHISE_AGENT, 105, 5),
    _demo("Asha", "Menon", Role.OPS_AGENT, 201),
    _demo("Karthik", "Iyer", Role.OPS_AGENT, 202),
    _demo("Neha", "Joshi", Role.OPS_AGENT, 203),
    _demo("Suresh", "Das", Role.OPS_AGENT, 204, active=False),
    _demo("Vikram", "Rao", Role.OPS_MANAGER, 301),
    _demo("Meera", "Nair", Role.OPS_MANAGER, 302),
    _demo("Priya", "Deshmukh", Role.REGIONAL_MANAGER, 401, 1, 2),
    _demo("Arjun", "Reddy", Role.REGIONAL_MANAGER, 402, 3, 4, 5),
    _demo("Deepa", "Pillai", Role.HQ_SUPPORT, 501),
    _demo("Rohan", "Banerjee", Role.HQ_SUPPORT, 502),
    _demo("Sanjay", "Malhotra", Role.CEO_ONCALL, 601),
    _demo("Kavita", "Sharma", Role.ADMIN, 701),
    _demo("Farah", "Khan", Role.FINANCE, 801),
    _demo("Manoj", "Gupta", Role.FINANCE, 802),
    _demo("Anjali", "Verma", Role.COMPLIANCE_OFFICER, 901),
    *_DEMO_USERS,
)
"""At least one of every staff role; one of them has left. Behind them those whose tokens `tickets up` prints."""


def load_staff() -> list[StaffMember]:
    """The same people whatever the seed number, so that loading again adds none."""
    numbers = count()
    return [_load_member(next(numbers), role, place) for role, size in LOAD_STAFF.items() for place in range(size)]


def _load_member(number: int, role: Role, place: int) -> StaffMember:
    first = FIRST_NAMES[number % len(FIRST_NAMES)]
    last = LAST_NAMES[number // len(FIRST_NAMES) % len(LAST_NAMES)]
    # With the number, nobody here has the id of one of the demonstration's people.
    user_id = f"{first}.{last}.{number:04d}".lower()
    return StaffMember(
        UserId(user_id),
        role,
        f"{first} {last}",
        (franchise_id(place // 2 + 1),) if role is Role.FRANCHISE_AGENT else (),
        email=f"{user_id}@rodistaa.example",
        phone=f"+91555{number:07d}",
    )


def add_staff(connection: psycopg.Connection, members: Iterable[StaffMember]) -> int:
    """Add those who are not there yet; return how many. Members who are there stay as they are."""
    rows = [(m.user_id, m.role, m.display_name, list(m.franchise_ids), m.email, m.phone, m.active) for m in members]
    cursor = connection.execute(
        """
        INSERT INTO public.staff_members (user_id, role, display_name, franchise_ids, email, phone, active)
        SELECT row ->> 0, row ->> 1, row ->> 2, ARRAY(SELECT jsonb_array_elements_text(row -> 3)), row ->> 4, row ->> 5,
            (row ->> 6)::boolean
        FROM jsonb_array_elements(%s) AS row
        ON CONFLICT (user_id) DO NOTHING
        """,
        [Jsonb(rows)],
    )
    return cursor.rowcount
