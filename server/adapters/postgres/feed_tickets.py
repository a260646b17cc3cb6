"""Many tickets and their timelines at once, for live streams.

One ticket with values that Python cannot hold, which somebody in psql may give it, must not stop the streams of all
others. So what is read here is made to fit: instants are clamped, arrays flattened, JSON that cannot be read is empty.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from psycopg.rows import TupleRow
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    Select,
    TableValuedAlias,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    cast,
    column,
    func,
    literal_column,
    select,
    true,
)
from sqlalchemy.sql.elements import ColumnElement

from server.adapters.postgres.fitting import PAYLOAD_PLACE, fitting, json_object, to_fitting_ticket
from server.adapters.postgres.past_states import AuditedChange
from server.adapters.postgres.rows import (
    ATTACHMENT_COLUMNS,
    AUDIT_COLUMNS,
    MESSAGE_COLUMNS,
    TICKET_COLUMNS,
    to_attachment,
    to_audit_entry,
    to_message,
)
from server.adapters.postgres.sessions import Session
from server.adapters.postgres.statements import Statement
from server.adapters.postgres.tables import (
    ticket_attachments,
    ticket_audit,
    ticket_messages,
    ticket_timeline_heads,
    ticket_watchers,
    tickets,
)
from server.application.watching.change_feed import TicketState, TimelinePlace
from server.domain.ids import ChainNo, Seq, TicketId
from server.domain.tickets import PROTECTED_FIELDS
from server.domain.timeline import AttachmentRef, AuditEntry, Message


def _wanted(kind: type[BigInteger | Uuid[Any]]) -> TableValuedAlias:
    """A table of the parameters: tickets, and a number or an id beside each."""
    ids = bindparam("ids", type_=ARRAY(Text(collation="C")))
    beside = bindparam("beside", type_=ARRAY(kind))
    return func.unnest(ids, beside).table_valued("ticket_id", column("beside", kind)).render_derived(name="wanted")


def _each(columns: Sequence[ColumnElement[Any]], *, number: Column[Any], last_first: bool = False) -> Select[Any]:
    """The rows of each wanted ticket by that number. LATERAL, with an order: so each ticket is one look into an index,
    whatever the planner thinks of how many there are."""
    wanted = _wanted(BigInteger)
    rows = select(*columns).where(number.table.c.ticket_id == wanted.c.ticket_id)
    if last_first:
        rows = rows.where(number >= wanted.c.beside).order_by(number.desc())
    else:
        rows = rows.where(number > wanted.c.beside).order_by(number).limit(bindparam("limit", type_=BigInteger()))
    lateral = rows.lateral("found")
    return select(*lateral.c).select_from(wanted.join(lateral, true()))


_heads = ticket_timeline_heads.c
_last_seq = select(_heads.last_seq).where(_heads.ticket_id == tickets.c.id).scalar_subquery()
_watchers = select(ticket_watchers.c.user_id).where(ticket_watchers.c.ticket_id == tickets.c.id).scalar_subquery()
_PLACES = Statement(
    select(*map(fitting, TICKET_COLUMNS), func.array(_watchers), func.coalesce(_last_seq, literal_column("0"))).where(
        tickets.c.id == any_(bindparam("ids", type_=ARRAY(Text(collation="C"))))
    )
)
_old = ticket_audit.c.payload["old"]
_long: ColumnElement[Any] = literal_column("'{" + ",".join((*PROTECTED_FIELDS, "title")) + "}'::text[]")
_CHANGES = Statement(
    _each(
        (
            ticket_audit.c.ticket_id,
            ticket_audit.c.chain_no,
            ticket_audit.c.action,
            case((func.jsonb_typeof(_old) == "object", cast(_old.op("-")(_long), Text))).label("old"),
            case((ticket_audit.c.action == "WATCH_CHANGED", ticket_audit.c.payload["new"]["user_id"].astext)).label(
                "watcher_now"
            ),
        ),
        number=ticket_audit.c.chain_no,
        last_first=True,
    )
)
_MESSAGES = Statement(_each(tuple(map(fitting, MESSAGE_COLUMNS)), number=ticket_messages.c.seq))
_EVENTS = Statement(_each(tuple(map(fitting, AUDIT_COLUMNS)), number=ticket_audit.c.seq))


def _attachments_wanted() -> Statement:
    wanted = _wanted(Uuid)
    same = and_(ticket_attachments.c.ticket_id == wanted.c.ticket_id, ticket_attachments.c.id == wanted.c.beside)
    columns = (*map(fitting, ATTACHMENT_COLUMNS), ticket_attachments.c.ticket_id)
    return Statement(select(*columns).select_from(wanted.join(ticket_attachments, same)))


_ATTACHMENTS = _attachments_wanted()


def places(session: Session, ticket_ids: Collection[TicketId]) -> dict[TicketId, TimelinePlace]:
    """See ``ChangeFeed.places``."""
    rows = session.all(_PLACES, {"ids": list(ticket_ids)}) if ticket_ids else []
    return {place.state.ticket.id: place for place in map(_to_place, rows)}


def changes_since(session: Session, first: Mapping[TicketId, ChainNo]) -> Mapping[TicketId, Sequence[AuditedChange]]:
    """What the audit says of the tickets from those rows on, last first."""
    found: dict[TicketId, list[AuditedChange]] = defaultdict(list)
    rows = session.all(_CHANGES, {"ids": list(first), "beside": list(first.values())}) if first else []
    for ticket_id, chain_no, action, old, watcher_now in rows:
        change = AuditedChange(ChainNo(chain_no), action, None if old is None else json_object(old), watcher_now)
        found[TicketId(ticket_id)].append(change)
    return found


def entries_after(
    session: Session, after: Mapping[TicketId, Seq], *, limit: int
) -> Mapping[TicketId, list[Message | AuditEntry]]:
    """See ``ChangeFeed.timelines``. Internal notes are among them."""
    found: dict[TicketId, list[Message | AuditEntry]] = defaultdict(list)
    if not after:
        return found
    values = {"ids": list(after), "beside": list(after.values()), "limit": limit}
    messages = session.all(_MESSAGES, values)
    attachments = _attachments(session, messages)
    for row in messages:
        ticket_id = TicketId(row[1])
        found[ticket_id].append(to_message(row, attachments.get(ticket_id, {})))
    for row in session.all(_EVENTS, values):
        payload = json_object(row[PAYLOAD_PLACE])
        found[TicketId(row[1])].append(to_audit_entry((*row[:PAYLOAD_PLACE], payload, *row[PAYLOAD_PLACE + 1 :])))
    return {
        ticket_id: sorted(entries, key=lambda entry: entry.seq or 0)[:limit] for ticket_id, entries in found.items()
    }


def _attachments(
    session: Session, messages: Sequence[TupleRow]
) -> Mapping[TicketId, Mapping[UUID, AttachmentRef | None]]:
    wanted = [(row[1], attachment_id) for row in messages for attachment_id in row[6]]
    found: dict[TicketId, dict[UUID, AttachmentRef | None]] = defaultdict(dict)
    if wanted:
        ids, beside = zip(*wanted, strict=True)
        for row in session.all(_ATTACHMENTS, {"ids": list(ids), "beside": list(beside)}):
            attachment_id, reference, complete = to_attachment(row)
            found[TicketId(row[-1])][attachment_id] = reference if complete else None
    return found


def _to_place(row: TupleRow) -> TimelinePlace:
    *columns, watchers, last_seq = row
    return TimelinePlace(TicketState(to_fitting_ticket(columns), frozenset(watchers)), Seq(last_seq))
