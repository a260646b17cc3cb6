"""What live streams read of tickets: states before and after each event, timelines, and whose words they have."""

from collections.abc import Callable, Iterator
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg.types.json import Jsonb

from server.adapters.postgres.change_feed import PostgresChangeFeed
from server.application.watching.change_feed import FeedEvent, Position, TicketState
from server.domain.fsm import TicketStatus
from server.domain.ids import ChainNo, Seq, TicketId, UserId
from server.domain.roles import Role
from server.domain.tickets import LinkedType, Ticket, TicketPriority
from server.domain.timeline import AuditEntry, Message
from tests.database import Database
from tests.integration.postgres.feeds import CALL, news, settled
from tests.integration.postgres.rows import insert, insert_message, insert_ticket, set_context, update_ticket

DUE = datetime(2031, 5, 6, 7, 8, 9, 123456, tzinfo=UTC)


@pytest.fixture
def connection(database: Database) -> Iterator[psycopg.Connection]:
    with database.connect() as opened:
        yield opened


# --- past states


def state_of(feed: PostgresChangeFeed, ticket: str) -> TicketState:
    return feed.places(CALL, [TicketId(ticket)])[TicketId(ticket)].state


def test_states_before_and_after_several_changes(feed: PostgresChangeFeed, connection: psycopg.Connection) -> None:
    start = settled(feed, connection)
    ticket = insert_ticket(connection, owner_role="ops_agent")
    created = state_of(feed, ticket)
    steps: list[Callable[[], object]] = [
        lambda: update_ticket(connection, ticket, owner_id="anil", status="OPEN"),
        lambda: insert_message(connection, ticket),
        lambda: insert(connection, "ticket_watchers", ticket_id=ticket, user_id="driver-1"),
        lambda: update_ticket(connection, ticket, owner_id="asha", owner_role="finance"),
        lambda: update_ticket(connection, ticket, owner_id=None),
        lambda: connection.execute("UPDATE ticket_watchers SET notify_sms = true WHERE ticket_id = %s", [ticket]),
        lambda: connection.execute("DELETE FROM ticket_watchers WHERE ticket_id = %s", [ticket]),
        lambda: update_ticket(connection, ticket, status="RESOLVED"),
    ]
    states: list[TicketState] = [created]
    for step in steps:
        step()
        states.append(state_of(feed, ticket))
    events = news(feed, connection, start)
    history = feed.histories(CALL, events)[TicketId(ticket)]
    assert history.now == states[-1]
    changes = [event.chain_no for event in events if event.chain_no is not None]
    assert history.before[changes[0]] is None
    # A message is no change; its own audit row lies between two others.
    states = [states[0], *states[1:2], *states[3:]]
    assert [known(history.before[number]) for number in changes[1:]] == [known(state) for state in states[:-1]]
    assert [known(history.after(number)) for number in changes] == [known(state) for state in states]

    later = feed.histories(CALL, events[-2:])[TicketId(ticket)]
    assert set(later.before) == set(changes[-2:])
    assert known(later.before[changes[-2]]) == known(states[-3])


def known(state: TicketState | None) -> tuple[object, ...] | None:
    """What a past state tells rightly."""
    if state is None:
        return None
    return (*(getattr(state.ticket, name) for name in sorted(PAST)), state.watchers)


PAST: dict[str, tuple[Any, Any]] = {
    "created_by_id": ("creator-2", UserId("creator-2")),
    "owner_id": ("anil", UserId("anil")),
    "owner_role": ("finance", Role.FINANCE),
    "assigned_franchise_id": ("FR-2", "FR-2"),
    "priority": ("CRITICAL", TicketPriority.CRITICAL),
    "status": ("AWAITING_FINANCE", TicketStatus.AWAITING_FINANCE),
    "linked_type": ("truck", LinkedType.TRUCK),
    "linked_id": ("TRK-1", "TRK-1"),
    "tags": (["late", "two words"], ("late", "two words")),
    "archived": (True, True),
    "is_sensitive": (True, True),
    "sla_due_at": (DUE, DUE),
}
"""Every column that a filter or the rule of visibility asks for, with another value for it."""


def test_every_column_that_decides_is_rebuilt(feed: PostgresChangeFeed, connection: psycopg.Connection) -> None:
    """From whatever psql does, in both directions, NULLs included."""
    bare = insert_ticket(connection, linked_type="booking", linked_id="BKG-1")
    full = insert_ticket(connection, **{name: value for name, (value, _) in PAST.items()})
    before = {ticket: state_of(feed, ticket) for ticket in (bare, full)}
    assert {name: getattr(before[full].ticket, name) for name in PAST} == {name: to for name, (_, to) in PAST.items()}
    start = settled(feed, connection)
    connection.execute("SET timezone = 'Asia/Kolkata'")
    update_ticket(connection, bare, **{name: value for name, (value, _) in PAST.items()})
    connection.execute(
        "UPDATE tickets SET created_by_id = 'x', owner_id = NULL, owner_role = NULL, assigned_franchise_id = NULL,"
        " priority = 'LOW', status = 'NEW', linked_type = NULL, linked_id = NULL, tags = '{}', archived = false,"
        " is_sensitive = false, sla_due_at = NULL WHERE id = %s",
        [full],
    )
    events = news(feed, connection, start)
    histories = feed.histories(CALL, events)
    for event in events:
        history = histories[event.ticket_id]
        assert event.chain_no is not None
        assert known(history.before[event.chain_no]) == known(before[event.ticket_id])
        assert known(history.now) != known(before[event.ticket_id])


def test_a_statement_that_changes_many_tickets(feed: PostgresChangeFeed, connection: psycopg.Connection) -> None:
    tickets = [insert_ticket(connection, owner_id=f"owner-{number}") for number in range(40)]
    start = settled(feed, connection)
    with connection.transaction():
        set_context(connection, {"actor_id": "u-7", "actor_role": "ops_manager", "action": "ASSIGNMENT_CHANGED"})
        connection.execute("UPDATE tickets SET owner_id = 'asha', tags = '{moved}' WHERE id = ANY (%s)", [tickets])
        connection.execute("UPDATE tickets SET status = 'OPEN' WHERE id = ANY (%s)", [tickets])
    events = news(feed, connection, start)
    assert len(events) == 80
    histories = feed.histories(CALL, events)
    assert set(histories) == set(tickets)
    for number, ticket in enumerate(tickets):
        history = histories[TicketId(ticket)]
        first, second = (history.before[ChainNo(chain_no)] for chain_no in (2, 3))
        assert first is not None
        assert second is not None
        assert (first.ticket.owner_id, first.ticket.tags) == (f"owner-{number}", ())
        assert (second.ticket.owner_id, second.ticket.status) == ("asha", TicketStatus.NEW)
        assert (history.now.ticket.owner_id, history.now.ticket.status) == ("asha", TicketStatus.OPEN)


def test_messages_alone_need_no_past(feed: PostgresChangeFeed, connection: psycopg.Connection) -> None:
    ticket = insert_ticket(connection)
    start = settled(feed, connection)
    insert_message(connection, ticket)
    history = feed.histories(CALL, news(feed, connection, start))[TicketId(ticket)]
    assert history.before == {}
    assert history.now == state_of(feed, ticket)


def test_events_of_unknown_tickets_have_no_history(feed: PostgresChangeFeed) -> None:
    event = FeedEvent(Position(5, 1), TicketId("TKT-404"), Seq(1), "TICKET_CREATED", ChainNo(1))
    assert feed.histories(CALL, [event]) == {}
    assert feed.histories(CALL, []) == {}
    assert feed.places(CALL, ["TKT-404"]) == {}  # type: ignore[list-item] # ids as a client may make them up
    assert feed.timelines(CALL, {TicketId("TKT-404"): Seq(0)}, limit=5) == {}


def test_values_that_python_cannot_hold_stop_nobody(feed: PostgresChangeFeed, connection: psycopg.Connection) -> None:
    """Whatever somebody in psql gives a ticket, the others are read, and the comparisons of filters hold."""
    start = settled(feed, connection)
    ticket = insert_ticket(connection, sla_due_at=DUE)
    other = insert_ticket(connection)
    long_number = "1" * 5000
    nested = '{"a":' * 3000 + "1" + "}" * 3000
    for assignment in (
        "sla_due_at = 'infinity', resolved_at = '-infinity', closed_at = '0044-03-15 BC'",
        "sla_near_breach_at = 'infinity'",
        "sla_due_at = '-infinity', tags = '{{a,b},{c,NULL}}'",
        "sla_due_at = '20000-01-01', tags = '{NULL}'",
        f"sla_due_at = '0044-03-15 BC', metadata = '{{\"n\": {long_number}}}'",
        f"metadata = '{nested}'",
        "sla_due_at = 'infinity', tags = '{{a,b},{c,NULL}}'",
    ):
        connection.execute(f"UPDATE tickets SET {assignment} WHERE id = %s", [ticket])
    for old in (
        {"status": "NONSENSE", "tags": {"a": 1}, "owner_id": 5, "archived": "x", "sla_due_at": []},
        [1],
        "x",
        7,
    ):
        insert(connection, "ticket_audit", ticket_id=ticket, action="TICKET_UPDATED", payload=Jsonb({"old": old}))
        insert(connection, "ticket_audit", ticket_id=ticket, action="WATCH_CHANGED", payload=Jsonb({"old": old}))
    insert(connection, "ticket_audit", ticket_id=ticket, action="X", payload=Jsonb({"old": {"sla_due_at": "soon"}}))
    connection.execute(
        "INSERT INTO ticket_messages (ticket_id, actor_id, actor_role, message, created_at, attachments)"
        " VALUES (%s, 'u', 'shipper', 'x', 'infinity', ARRAY[ARRAY[gen_random_uuid()], ARRAY[NULL::uuid]])",
        [ticket],
    )

    events = news(feed, connection, start)
    histories = feed.histories(CALL, events)
    history = histories[TicketId(ticket)]
    assert TicketId(other) in histories
    now = history.now.ticket
    assert now.tags == ("a", "b", "c")
    assert now.sla_due_at is not None
    assert now.sla_due_at > DUE + timedelta(days=365 * 5000)
    assert history.before[ChainNo(1)] is None
    dues = [state.ticket.sla_due_at for _, state in sorted(history.before.items()) if state is not None]
    assert dues[0] == DUE
    assert dues[1] is not None
    assert dues[1] > DUE
    assert dues[2] is not None
    assert dues[2] < DUE
    tags = [state.ticket.tags for _, state in sorted(history.before.items()) if state is not None]
    assert tags[2] == ("a", "b", "c")
    assert tags[3] == ()
    _, entries = feed.timelines(CALL, {TicketId(ticket): Seq(0)}, limit=100)[TicketId(ticket)]
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
    assert isinstance(entries[-1], Message)


# --- words


def test_words_are_found_as_lists_find_them(feed: PostgresChangeFeed, connection: psycopg.Connection) -> None:
    truck = insert_ticket(connection, title="Truck broke down")
    secret = insert_ticket(connection, is_sensitive=True, description="The truck was stolen last night.")
    archived = insert_ticket(connection, title="Trucks are late", archived=True)
    ids = [TicketId(ticket) for ticket in (truck, secret, archived)]
    assert feed.text_matches(CALL, "trucks", ids) == {truck, archived}
    assert feed.text_matches(CALL, "trucks -late", ids[1:]) == frozenset()
    assert feed.text_matches(CALL, "trucks", []) == frozenset()


# --- timelines


def test_timelines_of_several_tickets(feed: PostgresChangeFeed, connection: psycopg.Connection) -> None:
    first = insert_ticket(connection)
    second = insert_ticket(connection, owner_id="anil")
    insert(connection, "ticket_watchers", ticket_id=first, user_id="driver-1")
    for number in range(4):
        insert_message(connection, first, message=f"Words {number}", is_internal_note=number == 1)
    update_ticket(connection, first, status="OPEN")
    found = feed.timelines(CALL, {TicketId(first): Seq(2), TicketId(second): Seq(1)}, limit=3)
    place, entries = found[TicketId(first)]
    assert place == feed.places(CALL, [TicketId(first)])[TicketId(first)]
    assert place.last_seq == 6
    assert place.state.watchers == {"driver-1"}
    assert [(entry.seq, entry.message, entry.is_internal_note) for entry in entries if isinstance(entry, Message)] == [
        (3, "Words 1", True),
        (4, "Words 2", False),
        (5, "Words 3", False),
    ]
    place, entries = found[TicketId(second)]
    assert (place.last_seq, entries) == (1, [])
    assert place.state.ticket.owner_id == "anil"
    _, entries = feed.timelines(CALL, {TicketId(first): Seq(5)}, limit=3)[TicketId(first)]
    (changed,) = entries
    assert isinstance(changed, AuditEntry)
    assert (changed.seq, changed.action) == (6, "STATUS_CHANGED")
    assert changed.payload["new"]["status"] == "OPEN"


def test_attachments_are_those_of_the_ticket_and_complete(
    feed: PostgresChangeFeed, connection: psycopg.Connection
) -> None:
    ticket, other = insert_ticket(connection), insert_ticket(connection)

    def file(ticket_id: str, name: str, status: str = "completed") -> Any:
        given = {"uploaded_by_id": "u", "object_key": name, "file_type": "image/png", "file_size_bytes": 7}
        return insert(connection, "ticket_attachments", ticket_id=ticket_id, file_name=name, status=status, **given)[
            "id"
        ]

    ids = [file(ticket, "one.png"), file(ticket, "half.png", "pending"), file(other, "theirs.png"), uuid4()]
    insert_message(connection, ticket, attachments=[*reversed(ids), file(ticket, "two.png")])
    insert_message(connection, other, attachments=ids)
    found = feed.timelines(CALL, {TicketId(ticket): Seq(1), TicketId(other): Seq(1)}, limit=5)
    names = {
        ticket_id: [file.file_name for entry in entries if isinstance(entry, Message) for file in entry.attachments]
        for ticket_id, (_, entries) in found.items()
    }
    assert names == {ticket: ["one.png", "two.png"], other: ["theirs.png"]}


def test_a_state_has_the_whole_ticket(feed: PostgresChangeFeed, connection: psycopg.Connection) -> None:
    ticket = insert_ticket(connection, metadata=Jsonb({"a": [1, {"b": None}]}), severity="major")
    read = state_of(feed, ticket).ticket
    assert read.metadata == {"a": [1, {"b": None}]}
    row = connection.execute("SELECT to_jsonb(tickets) FROM tickets WHERE id = %s", [ticket]).fetchone()
    assert row is not None
    for field in fields(Ticket):
        value, stored = getattr(read, field.name), row[0][field.name]
        if isinstance(value, datetime):
            assert value == datetime.fromisoformat(stored), field.name
        else:
            assert (list(value) if field.name == "tags" else value) == stored, field.name
