"""A ticket as a record of CSV, made by PostgreSQL: ``server.domain.export_cells`` in SQL, held together by a test.

COPY that writes the file itself is several times as fast as rows that pass through Python (docs/adr/0018).
"""

from typing import Any

from sqlalchemy import Boolean, Text, and_, bindparam, case, cast, func, literal_column, not_, null, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import DateTime

from server.adapters.postgres.predicates import sla_conditions
from server.adapters.postgres.tables import ticket_messages, tickets
from server.domain.export_cells import COLUMNS, FORMULA_LEADS, MESSAGES_COLUMN, TAG_SEPARATOR
from server.domain.tickets import PROTECTED_FIELDS

_t = tickets.c
_m = ticket_messages.c
_LEADS: list[ColumnElement[int]] = [literal_column(str(ord(lead))) for lead in sorted(FORMULA_LEADS)]
_A: ColumnElement[int] = literal_column(str(ord("A")))
_Z: ColumnElement[int] = literal_column(str(ord("z")))
_APOSTROPHE = literal_column("''''", Text())
_RFC_3339: ColumnElement[str] = literal_column("""'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'""")
_TEXTS = frozenset(
    {"id", "title", "description", "created_by_id", "owner_id", "assigned_franchise_id", "linked_id"}
    | {"tags", "resolution_summary", "metadata"}
)


def csv_record(*, include_messages: bool) -> list[ColumnElement[Any]]:
    """Its columns, named as in the header, for a session whose time zone is UTC; ``now`` is a parameter."""
    columns: list[ColumnElement[Any]] = [_cell(name).label(name) for name in COLUMNS]
    if include_messages:
        columns.append(_messages().label(MESSAGES_COLUMN))
    return columns


def _cell(name: str) -> ColumnElement[Any]:
    if name == "redacted":
        return cast(_t.is_sensitive, Text)
    if name == "sla_status":
        conditions = sla_conditions(bindparam("now", type_=DateTime(timezone=True)))
        return case(*((holds, literal_column(f"'{status}'")) for status, holds in conditions.items()))
    column: ColumnElement[Any] = _t[name]
    if name == "tags":
        column = func.array_to_string(column, literal_column(f"'{TAG_SEPARATOR}'"))
    elif isinstance(column.type, DateTime):
        return _instant(column)
    elif name == "metadata" or isinstance(column.type, Boolean):
        column = cast(column, Text)
    if name in _TEXTS:
        column = case((_may_be_a_formula(column), _APOSTROPHE.concat(column)), else_=column)
    return case((_t.is_sensitive, null()), else_=column) if name in PROTECTED_FIELDS else column


def _may_be_a_formula(text: ColumnElement[Any]) -> ColumnElement[bool]:
    """Most texts begin with a letter, which two comparisons tell."""
    lead = func.ascii(text)
    return and_(not_(lead.between(_A, _Z)), lead.in_(_LEADS))


def _instant(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.to_char(column, _RFC_3339)


def _messages() -> ColumnElement[Any]:
    """As ``export_cells.messages_cell``."""
    message = func.json_build_object(
        literal_column("'seq'"),
        _m.seq,
        literal_column("'created_at'"),
        _instant(_m.created_at),
        literal_column("'actor_id'"),
        _m.actor_id,
        literal_column("'actor_role'"),
        _m.actor_role,
        literal_column("'is_internal_note'"),
        _m.is_internal_note,
        literal_column("'message'"),
        case((_t.is_sensitive, null()), else_=_m.message),
    )
    together = func.json_agg(aggregate_order_by(message, _m.seq))
    found = select(cast(together, Text)).where(_m.ticket_id == _t.id).correlate(tickets).scalar_subquery()
    return func.coalesce(found, literal_column("'[]'"))
