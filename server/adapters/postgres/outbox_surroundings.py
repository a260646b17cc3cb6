"""The tickets of some events as they are now, and the people around them: three statements a batch."""

from collections import defaultdict
from collections.abc import Sequence

from psycopg.rows import dict_row

from server.adapters.postgres.pool import Connection
from server.application.notifications.relay_outbox import OutboxRow, Surroundings
from server.domain.fsm import TicketStatus
from server.domain.ids import FranchiseId, TicketId, UserId
from server.domain.notifications import Channel, Contact, TicketNow
from server.domain.roles import Role

# None of them protected. Deadlines that never come, which somebody in psql may set, are no instants to Python.
_TICKETS = """
    SELECT id, title, priority::text, status::text, severity, created_by_id, created_by_role, owner_id, owner_role,
        assigned_franchise_id, linked_type::text, linked_id, tags, is_sensitive, archived,
        nullif(sla_due_at, 'infinity') AS sla_due_at, sla_breached, sla_escalation_level,
        nullif(first_response_due_at, 'infinity') AS first_response_due_at, first_responded_at, created_at, updated_at,
        resolved_at, closed_at
    FROM tickets WHERE id = ANY (%s)
"""
_WATCHERS = """
    SELECT ticket_id, user_id, notify_email, notify_push, notify_sms FROM ticket_watchers
    WHERE ticket_id = ANY (%s) ORDER BY ticket_id, user_id
"""
_MEMBERS = """
    SELECT user_id, role, display_name, franchise_ids, active FROM staff_members
    WHERE user_id = ANY (%s) OR (active AND role = ANY (%s)) ORDER BY user_id
"""
_CHANNELS = (Channel.EMAIL, Channel.PUSH, Channel.SMS)
_ROLES: dict[str | None, Role] = {role.value: role for role in Role}


def read(connection: Connection, rows: Sequence[OutboxRow]) -> Surroundings:
    """See ``RelayBatch.surroundings``."""
    ids = list({row.event.ticket_id for row in rows})
    with connection.cursor(row_factory=dict_row) as cursor:
        columns = {TicketId(found["id"]): found for found in cursor.execute(_TICKETS, [ids])}
    tickets = {
        ticket_id: TicketNow(
            id=ticket_id,
            title=found["title"],
            status=TicketStatus(found["status"]),
            owner_id=found["owner_id"],
            owner_role=_ROLES.get(found["owner_role"]),
            assigned_franchise_id=found["assigned_franchise_id"],
            created_by_id=UserId(found["created_by_id"]),
            archived=found["archived"],
            due_at=found["sla_due_at"],
            first_response_due_at=found["first_response_due_at"],
        )
        for ticket_id, found in columns.items()
    }
    watchers: dict[TicketId, dict[UserId, frozenset[Channel]]] = defaultdict(dict)
    for ticket_id, user_id, *wishes in connection.execute(_WATCHERS, [ids]):
        watchers[ticket_id][user_id] = frozenset(each for each, wish in zip(_CHANNELS, wishes, strict=True) if wish)
    queues = {ticket.owner_role for ticket in tickets.values() if ticket.owner_id is None} - {None}
    named = {row.event.actor_id for row in rows}
    for ticket in tickets.values():
        named |= {ticket.created_by_id, *watchers.get(ticket.id, ())}
        named |= set() if ticket.owner_id is None else {ticket.owner_id}
    members = [
        Contact(
            user_id=UserId(row[0]),
            role=_ROLES.get(row[1]) or Role.SYSTEM,
            display_name=row[2],
            franchise_ids=frozenset(FranchiseId(name) for name in row[3]),
            active=row[4],
        )
        for row in connection.execute(_MEMBERS, [list(named), [str(role) for role in queues]])
    ]
    by_role: dict[Role, list[Contact]] = defaultdict(list)
    for contact in members:
        if contact.active:
            by_role[contact.role].append(contact)
    return Surroundings(
        tickets=tickets,
        columns=columns,
        watchers=watchers,
        contacts={contact.user_id: contact for contact in members},
        queues=by_role,
    )
