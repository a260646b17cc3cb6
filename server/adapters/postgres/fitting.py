"""Reading what Python could not hold, and what somebody in psql may have put into one row of many.

Instants are clamped, arrays flattened, JSON that cannot be read is empty: one such ticket must not stop the streams, or
the exports, of all others.
"""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ARRAY, Column, DateTime, Text, case, cast, func, literal_column, select
from sqlalchemy.sql.elements import ColumnElement

from server.adapters.postgres.past_states import EARLIEST, LATEST
from server.adapters.postgres.rows import AUDIT_COLUMNS, to_ticket
from server.adapters.postgres.tables import ticket_audit, tickets
from server.domain.tickets import Ticket

PAYLOAD_PLACE = AUDIT_COLUMNS.index(ticket_audit.c.payload)
_METADATA_PLACE = Ticket.__slots__.index("metadata")
_earliest: ColumnElement[Any] = literal_column(f"'{EARLIEST.isoformat()}'::timestamptz")
_latest: ColumnElement[Any] = literal_column(f"'{LATEST.isoformat()}'::timestamptz")


def fitting(stored: ColumnElement[Any]) -> ColumnElement[Any]:
    """The column as Python can hold it; JSON as its text, for ``json_object``."""
    if stored is tickets.c.metadata or stored is ticket_audit.c.payload:
        return cast(stored, Text).label(stored.name)
    if isinstance(stored, Column) and isinstance(stored.type, ARRAY):
        part = func.unnest(stored).column_valued("part")
        flat = func.array(select(part).where(part.is_not(None)).scalar_subquery())
        return flat.label(stored.name)
    if isinstance(stored, Column) and isinstance(stored.type, DateTime):
        return case((stored < _earliest, _earliest), (stored > _latest, _latest), else_=stored).label(stored.name)
    return stored


def to_fitting_ticket(row: Sequence[Any]) -> Ticket:
    """A row of TICKET_COLUMNS, each made ``fitting``."""
    columns = list(row)
    columns[_METADATA_PLACE] = json_object(columns[_METADATA_PLACE])
    return to_ticket(tuple(columns))


def json_object(text: str) -> dict[str, Any]:
    """JSON of PostgreSQL may have numbers too long, and be nested too deep, for Python."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
