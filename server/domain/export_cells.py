"""The cells of a ticket in CSV and XLSX: which columns there are, how values are spelt, what a spreadsheet may not run.

CSV is made by the database's own COPY; a test holds its statement and these functions together. JSON is spelt as
PostgreSQL spells it for that reason.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from server.domain.ticket_clock import sla_status_of
from server.domain.tickets import Ticket, withheld_view
from server.domain.timeline import Message

Cell = str | int | bool | None
"""Texts are neutralised and times spelt out already; None for what is missing or withheld."""

COLUMNS: tuple[str, ...] = (
    "id",
    "title",
    "description",
    "status",
    "priority",
    "severity",
    "created_by_id",
    "created_by_role",
    "owner_id",
    "owner_role",
    "assigned_franchise_id",
    "linked_type",
    "linked_id",
    "sla_status",
    "sla_due_at",
    "sla_escalation_level",
    "sla_breached",
    "first_response_due_at",
    "first_responded_at",
    "tags",
    "is_sensitive",
    "redacted",
    "archived",
    "resolution_summary",
    "metadata",
    "created_at",
    "updated_at",
    "resolved_at",
    "closed_at",
)
"""In the order of the file; with messages, CSV has one column more."""
MESSAGES_COLUMN = "messages"
MESSAGE_COLUMNS: tuple[str, ...] = (
    "ticket_id",
    "seq",
    "created_at",
    "actor_id",
    "actor_role",
    "is_internal_note",
    "message",
)
"""Of a table with a row for each message, as workbooks have it."""

FORMULA_LEADS: frozenset[str] = frozenset(
    "=+-@"
    "'"  # or taking one away would not restore the text
    "\uff1d\uff0b\uff0d\uff20"  # full-width = + - @
    "\ufe66\ufe62\ufe63\ufe6b\u207a\u207c\u208a\u208c\ufb29\u2212"  # small, raised, lowered; the minus of mathematics
    # Controls, and spaces of all kinds: trimmed, so that what follows them leads.
    + "".join(map(chr, (*range(0x01, 0x21), *range(0x7F, 0xA1), *range(0x2000, 0x200B))))
    + "\u1680\u2028\u2029\u202f\u205f\u3000"
    # What is not seen (the characters of Unicode's plane 0 that it calls ignorable by default): likewise.
    + "".join(
        map(chr, (*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), *range(0x180B, 0x1810)))
    )
    + "".join(map(chr, (*range(0xFE00, 0xFE10), *range(0xFFF0, 0xFFFC))))
    + "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u3164\ufeff\uffa0"
)
"""A cell whose text begins with one of these may be run as a formula by some spreadsheet."""

TAG_SEPARATOR = "; "


def neutralised(text: str) -> str:
    """The text as a spreadsheet shows it and never runs it. ``restored`` is the way back."""
    return "'" + text if text[:1] in FORMULA_LEADS else text


def restored(text: str) -> str:
    """What a neutralised text was: one apostrophe at its beginning is taken away."""
    return text.removeprefix("'")


def cells(ticket: Ticket, *, now: datetime) -> tuple[Cell, ...]:
    """One value for each of ``COLUMNS``, protected ones withheld; the SLA status is that of ``now``."""
    shown = not withheld_view(ticket).withheld
    return (
        _text(ticket.id),
        _text(ticket.title),
        _text(ticket.description) if shown else None,
        ticket.status.value,
        ticket.priority.value,
        ticket.severity.value if ticket.severity else None,
        _text(ticket.created_by_id),
        ticket.created_by_role.value,
        _text(ticket.owner_id),
        ticket.owner_role.value if ticket.owner_role else None,
        _text(ticket.assigned_franchise_id),
        ticket.linked_type.value if ticket.linked_type else None,
        _text(ticket.linked_id),
        sla_status_of(ticket, now).value,
        _instant(ticket.sla_due_at),
        ticket.sla_escalation_level,
        ticket.sla_breached,
        _instant(ticket.first_response_due_at),
        _instant(ticket.first_responded_at),
        _text(TAG_SEPARATOR.join(ticket.tags)),
        ticket.is_sensitive,
        not shown,
        ticket.archived,
        _text(ticket.resolution_summary) if shown else None,
        _text(metadata_text(ticket.metadata)) if shown else None,
        _instant(ticket.created_at),
        _instant(ticket.updated_at),
        _instant(ticket.resolved_at),
        _instant(ticket.closed_at),
    )


def messages_cell(ticket: Ticket, messages: Iterable[Message]) -> str:
    """The column of messages in CSV: a JSON array in the order given; texts of a sensitive ticket are null."""
    withheld = withheld_view(ticket).withheld
    rows = [
        {
            "seq": message.seq,
            "created_at": instant_text(message.created_at),
            "actor_id": message.actor_id,
            "actor_role": message.actor_role.value,
            "is_internal_note": message.is_internal_note,
            "message": None if withheld else message.message,
        }
        for message in messages
    ]
    return json.dumps(rows, ensure_ascii=False, separators=(", ", " : "))


def message_cells(ticket: Ticket, message: Message) -> tuple[Cell, ...]:
    """One value for each of ``MESSAGE_COLUMNS``; the text of a sensitive ticket's message is withheld."""
    return (
        _text(ticket.id),
        message.seq,
        instant_text(message.created_at),
        _text(message.actor_id),
        message.actor_role.value,
        message.is_internal_note,
        None if withheld_view(ticket).withheld else _text(message.message),
    )


def cell_text(value: Cell) -> str:
    """A cell as CSV holds it, before quoting."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def instant_text(value: datetime) -> str:
    """An instant in UTC as RFC 3339 with microseconds; so spelt, instants sort as texts."""
    return value.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"


def metadata_text(values: Mapping[str, Any]) -> str:
    """JSON in the order of the mapping; ``{}`` when there is none. Numbers are written out, never as 1e-15."""
    if not values:
        return "{}"
    return _json(values)


def _json(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """As jsonb's text; the standard encoder writes small and large floats with an exponent, and cannot be told."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(key, ensure_ascii=False)}: {_json(v)}" for key, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_json, value)) + "]"
    if isinstance(value, float):
        return format(Decimal(repr(value)), "f")
    return json.dumps(value, ensure_ascii=False)


def _text(value: str | None) -> str | None:
    return neutralised(value) if value else value


def _instant(value: datetime | None) -> str | None:
    return None if value is None else instant_text(value)
