"""A few hundred tickets of every kind, and a naive reading of filters over them: the oracle of lists.

The tickets are stored by SQL and read back as rows; nothing here asks the server's own predicates.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg.rows import dict_row

from rodistaa.tickets.client import TicketsClient, connect
from rodistaa.tickets.v1 import filter_pb2, ticket_pb2, ticket_reads_pb2
from server.domain.fsm import TicketStatus
from server.domain.roles import Role
from server.domain.sla import clock_status
from tests.contract.matrix import ROLES, sees
from tests.database import Database, TestServer
from tests.running import running, token_for

TICKETS = 300
USERS = ("asha", "bela", "chand", "deepa")
FRANCHISES = ("FR-001", "FR-002", "FR-003")
STATUSES = tuple(state.value for state in TicketStatus)
PRIORITIES = ("LOW", "MEDIUM", "HIGH", "CRITICAL")
SLA_STATUSES = ("ON_TRACK", "NEAR_BREACH", "BREACHED", "COMPLETED", "NO_SLA")
LINKS = (("booking", "BKG-1"), ("booking", "BKG-2"), ("truck", "TRK-1"), ("payment", "BKG-1"))
TAGS = ("fraud", "kyc", "Late", "late", "payment")
WORDS = ("axle", "brake", "clutch", "diesel", "engine", "freight", "gearbox", "highway", "invoice", "lorry")
"""No two with the same English stem, and none that the search leaves out."""

Row = dict[str, Any]
_CLEAR_OF_THRESHOLDS = timedelta(hours=1)
"""States of the clock must not change while the tests run."""


@dataclass
class World:
    """The tickets by id, who watches them, and one connection on which the caller may be changed."""

    database: Database
    client: TicketsClient
    rows: dict[str, Row]
    watchers: dict[str, frozenset[str]]
    made_at: datetime
    _token: list[str]

    def act_as(self, role: str, user: str, franchises: tuple[str, ...] = ()) -> TicketsClient:
        """The client, as this caller from now on."""
        self._token[0] = token_for(role, user, franchises)
        return self.client

    def visible(self, ticket_id: str, role: str, user: str, franchises: tuple[str, ...]) -> bool:
        """By the oracle of the role matrix."""
        row = self.rows[ticket_id]
        relations = {
            "none": True,
            "creator": row["created_by_id"] == user,
            "owner": row["owner_id"] == user,
            "watcher": user in self.watchers[ticket_id],
            "queue": row["owner_role"] == role,
            "franchise": row["assigned_franchise_id"] in franchises,
        }
        return any(holds and sees(role, relation) for relation, holds in relations.items())


@contextmanager
def make_world(postgres: TestServer) -> Iterator[World]:
    """A server on a database of its own."""
    token = [token_for(Role.ADMIN, "asha")]
    with postgres.new_database() as database, running(database) as served:
        made_at = datetime.now(UTC)
        rows, watchers = _fill(database, made_at)
        with connect(served.target, token=lambda: token[0], tls=False) as client:
            yield World(database, client, rows, watchers, made_at, token)


def _fill(database: Database, now: datetime) -> tuple[dict[str, Row], dict[str, frozenset[str]]]:
    dice = random.Random(20260301)
    drafts = [_draft(dice, now) for _ in range(TICKETS)]
    for draft, hours_left in zip(drafts, (19, 21), strict=False):  # on both sides of 20 % of a window of 100 h
        created_at = now - timedelta(hours=100 - hours_left)
        draft |= {"title": "Truck case axle brake", "status": "OPEN", "archived": False, "created_at": created_at}
        draft |= {"updated_at": created_at, "sla_due_at": now + timedelta(hours=hours_left)}
    names = list(drafts[0])
    columns, values = ", ".join(names), ", ".join(f"%({name})s" for name in names)
    with database.connect() as connection:
        connection.cursor().executemany(f"INSERT INTO tickets ({columns}) VALUES ({values})", drafts)
        # The insert trigger gives every ticket a deadline; some lose it again.
        connection.execute("UPDATE tickets SET sla_due_at = NULL WHERE title LIKE 'Without%'")
        rows: dict[str, Row] = {
            row["id"]: row for row in connection.cursor(row_factory=dict_row).execute("SELECT * FROM tickets")
        }
        watchers = {ticket_id: frozenset(dice.sample(USERS, dice.choice((0, 0, 1, 2)))) for ticket_id in rows}
        connection.cursor().executemany(
            "INSERT INTO ticket_watchers (ticket_id, user_id) VALUES (%s, %s)",
            [(ticket_id, user) for ticket_id, users in watchers.items() for user in sorted(users)],
        )
    return rows, watchers


def _draft(dice: random.Random, now: datetime) -> Row:
    # Few instants, so that there are ties; some long ago.
    created_at = now - timedelta(hours=dice.choice((*range(1, 40), *(24 * days for days in (6, 8, 8, 48, 50, 400)))))
    linked_type, linked_id = dice.choice((*LINKS, (None, None)))
    start = dice.choice(("Without deadline", "Truck case", "Truck case", "Truck case"))
    return {
        "title": f"{start} {' '.join(dice.sample(WORDS, 2))}",
        "description": f"What happened on the road: {' '.join(dice.sample(WORDS, 3))}",
        "created_by_id": dice.choice(USERS),
        "created_by_role": dice.choice(ROLES),
        "owner_id": dice.choice((*USERS, None, None)),
        "owner_role": dice.choice((*ROLES[:-1], None)),
        "assigned_franchise_id": dice.choice((*FRANCHISES, None)),
        "priority": dice.choice(PRIORITIES),
        "status": dice.choice(STATUSES),
        "linked_type": linked_type,
        "linked_id": linked_id,
        "tags": dice.sample(TAGS, dice.randrange(4)),
        "is_sensitive": dice.random() < 0.25,
        "archived": dice.random() < 0.15,
        "created_at": created_at,
        "updated_at": created_at + timedelta(hours=dice.randrange(3)),
        "sla_due_at": _deadline(dice, created_at, now),
    }


def _deadline(dice: random.Random, created_at: datetime, now: datetime) -> datetime:
    while True:
        due_at = created_at + timedelta(hours=dice.randrange(2, 120))
        near_at = due_at - (due_at - created_at) / 5
        if min(abs(due_at - now), abs(near_at - now)) > _CLEAR_OF_THRESHOLDS:
            return due_at


def matches(row: Row, where: filter_pb2.TicketFilter, *, now: datetime) -> bool:
    """What the contract says of TicketFilter, one field after the other."""
    tags = set(row["tags"])
    clock = clock_status(
        due_at=row["sla_due_at"],
        near_breach_at=row["sla_near_breach_at"],
        paused_at=row["sla_paused_at"],
        status=TicketStatus(row["status"]),
        now=now,
    )
    conditions = [
        not where.statuses or ticket_pb2.TicketStatus.Value(f"TICKET_STATUS_{row['status']}") in where.statuses,
        not where.priorities
        or ticket_pb2.TicketPriority.Value(f"TICKET_PRIORITY_{row['priority']}") in where.priorities,
        not where.owner_id or row["owner_id"] == where.owner_id,
        not where.owner_roles or _wire_role(row["owner_role"]) in where.owner_roles,
        not where.HasField("unassigned") or (row["owner_id"] is None) == where.unassigned,
        not where.franchise_ids or row["assigned_franchise_id"] in where.franchise_ids,
        not where.linked_type or _wire_link(row["linked_type"]) == where.linked_type,
        not where.linked_id or row["linked_id"] == where.linked_id,
        not where.created_by_id or row["created_by_id"] == where.created_by_id,
        not where.tags_any or bool(tags & set(where.tags_any)),
        set(where.tags_all) <= tags,
        not where.sla_statuses or ticket_pb2.SlaStatus.Value(f"SLA_STATUS_{clock.name}") in where.sla_statuses,
        not where.HasField("created") or _within(row["created_at"], where.created),
        not where.HasField("updated") or _within(row["updated_at"], where.updated),
        not where.HasField("due") or _within(row["sla_due_at"], where.due),
        row["archived"] == where.archived,
        not where.HasField("sensitive") or row["is_sensitive"] == where.sensitive,
        not where.text or contains(row, where.text),
    ]
    return all(conditions)


def _wire_role(role: str | None) -> int:
    return 0 if role is None else ticket_pb2.Role.Value(f"ROLE_{role.upper()}")


def _wire_link(kind: str | None) -> int:
    return 0 if kind is None else ticket_pb2.LinkedType.Value(f"LINKED_TYPE_{kind.upper()}")


def _within(moment: datetime | None, window: filter_pb2.TimeRange) -> bool:
    if moment is None:
        return not (window.HasField("start") or window.HasField("end"))
    after = not window.HasField("start") or moment >= window.start.ToDatetime(UTC)
    return after and (not window.HasField("end") or moment < window.end.ToDatetime(UTC))


def contains(row: Row, text: str) -> bool:
    """Words in the syntax of web searches, without phrases: "or" between groups, "-" before what must be absent."""
    words = set(row["title"].split()) | (set() if row["is_sensitive"] else set(row["description"].split()))
    return any(
        all((term.removeprefix("-") in words) != term.startswith("-") for term in group.split())
        for group in text.split(" or ")
    )


def order_key(row: Row, field: str) -> tuple[Any, ...]:
    """Ascending; ties of priority are broken by creation, all others by id."""
    if field == "priority":
        return PRIORITIES.index(row["priority"]), row["created_at"], row["id"]
    missing = datetime.max.replace(tzinfo=UTC)
    return (row[field] or missing), row["id"]


def in_order(rows: list[Row], order_by: str) -> list[str]:
    """Ids in the order asked for."""
    field, _, direction = (order_by or "created_at desc").partition(" ")
    ordered = sorted(rows, key=lambda row: order_key(row, field), reverse=direction == "desc")
    return [row["id"] for row in ordered]


def read_all(
    client: TicketsClient, where: filter_pb2.TicketFilter, *, order_by: str, page_size: int
) -> tuple[list[str], int]:
    """All ids in the order of the pages, and the total that the first page named."""
    ids: list[str] = []
    token, total = "", -1
    while True:
        page = client.tickets.ListTickets(
            ticket_reads_pb2.ListTicketsRequest(
                filter=where, order_by=order_by, page_size=page_size, page_token=token, include_total=True
            )
        )
        assert len(page.tickets) <= page_size
        assert total in (-1, page.total_size)
        total, token = page.total_size, page.next_page_token
        assert not page.total_size_capped
        ids += [ticket.id for ticket in page.tickets]
        if not token:
            return ids, total
        assert page.tickets
