"""Saved views in PostgreSQL."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg import errors as pg
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb
from sqlalchemy import BigInteger, Text, Uuid, bindparam, delete, insert, literal_column, or_, select, tuple_, update

from server.adapters.postgres.filter_json import filter_from_json, filter_to_json, order_from_text, order_to_text
from server.adapters.postgres.sessions import Session
from server.adapters.postgres.statements import Statement
from server.adapters.postgres.tables import saved_views
from server.domain.errors import AlreadyExists, Reason
from server.domain.ids import UserId, Version
from server.domain.saved_views import SavedView

_v = saved_views.c
_COLUMNS = (
    _v.id,
    _v.owner_id,
    _v.name,
    _v.filter,
    _v.order_by,
    _v.is_shared,
    _v.version,
    _v.created_at,
    _v.updated_at,
)
_ID = bindparam("view_id", type_=Uuid())
_VALUES: dict[str, Any] = {column.name: bindparam(f"new_{column.name}", type_=column.type) for column in _COLUMNS}
_CHANGING = {name: _VALUES[name] for name in ("name", "filter", "order_by", "is_shared", "version", "updated_at")}

_get = select(*_COLUMNS).where(_v.id == _ID)
_GET = Statement(_get)
_LOCK = Statement(_get.with_for_update())
_ADD = Statement(insert(saved_views).values(_VALUES).returning(*_COLUMNS))
_SAVE = Statement(update(saved_views).where(_v.id == _ID).values(_CHANGING).returning(*_COLUMNS))
_REMOVE = Statement(delete(saved_views).where(_v.id == _ID))
_page = select(*_COLUMNS).where(
    or_(_v.owner_id == bindparam("user_id", type_=Text(collation="C")), literal_column("saved_views.is_shared"))
)
_ordered = _page.order_by(_v.name, _v.id).limit(bindparam("limit", type_=BigInteger()))
_FIRST_PAGE = Statement(_ordered)
_NEXT_PAGE = Statement(
    _ordered.where(
        tuple_(_v.name, _v.id) > tuple_(bindparam("after_name", type_=Text()), bindparam("after_id", type_=Uuid()))
    )
)


@dataclass(frozen=True, slots=True)
class PostgresSavedViewRepository:
    """See ``SavedViewRepository``."""

    session: Session

    def get(self, view_id: UUID) -> SavedView | None:
        row = self.session.first(_GET, {"view_id": view_id})
        return None if row is None else _to_view(row)

    def lock(self, view_id: UUID) -> SavedView | None:
        row = self.session.first(_LOCK, {"view_id": view_id})
        return None if row is None else _to_view(row)

    def add(self, view: SavedView) -> SavedView:
        return self._store(_ADD, view)

    def save(self, view: SavedView) -> SavedView:
        return self._store(_SAVE, view)

    def remove(self, view_id: UUID) -> None:
        self.session.run(_REMOVE, {"view_id": view_id})

    def page(self, user_id: UserId, *, after: tuple[str, UUID] | None, limit: int) -> list[SavedView]:
        values: dict[str, Any] = {"user_id": user_id, "limit": limit}
        if after is None:
            rows = self.session.all(_FIRST_PAGE, values)
        else:
            rows = self.session.all(_NEXT_PAGE, values | {"after_name": after[0], "after_id": after[1]})
        return [_to_view(row) for row in rows]

    def _store(self, statement: Statement, view: SavedView) -> SavedView:
        values = {
            "view_id": view.id,
            "new_id": view.id,
            "new_owner_id": view.owner_id,
            "new_name": view.name,
            "new_filter": Jsonb(filter_to_json(view.filter)),
            "new_order_by": order_to_text(view.order),
            "new_is_shared": view.is_shared,
            "new_version": view.version,
            "new_created_at": view.created_at,
            "new_updated_at": view.updated_at,
        }
        try:
            row = self.session.first(statement, values)
        except pg.UniqueViolation as error:
            if error.diag.constraint_name != "saved_views_owner_id_name_key":
                raise
            raise AlreadyExists(
                f'You have a saved view named "{view.name}" already.', reason=Reason.SAVED_VIEW_NAME_TAKEN
            ) from error
        if row is None:
            raise LookupError(f"saved view {view.id} was locked and is gone")
        return _to_view(row)


def _to_view(row: TupleRow) -> SavedView:
    return SavedView(
        id=row[0],
        owner_id=UserId(row[1]),
        name=row[2],
        filter=filter_from_json(row[3]),
        order=order_from_text(row[4]),
        is_shared=row[5],
        version=Version(row[6]),
        created_at=row[7],
        updated_at=row[8],
    )
