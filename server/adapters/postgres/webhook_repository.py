"""Webhooks in PostgreSQL, and their deliveries as an administrator sees them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb
from sqlalchemy import (
    BigInteger,
    DateTime,
    Uuid,
    bindparam,
    delete,
    func,
    insert,
    literal_column,
    null,
    select,
    tuple_,
    update,
)

from server.adapters.postgres.filter_json import filter_from_json, filter_to_json
from server.adapters.postgres.notification_tables import webhook_deliveries, webhooks
from server.adapters.postgres.sessions import Session
from server.adapters.postgres.statements import Statement
from server.application.notification_repositories import Position
from server.domain.ids import TicketId, UserId, Version
from server.domain.webhooks import DeliveryStatus, Webhook, WebhookDelivery

_w, _d = webhooks.c, webhook_deliveries.c
_INSTANT = DateTime(timezone=True)
_ID = bindparam("webhook_id", type_=Uuid())
_AFTER = tuple_(bindparam("after_at", type_=_INSTANT), bindparam("after_id", type_=Uuid()))
_LIMIT = bindparam("limit", type_=BigInteger())

_COLUMNS = (
    _w.id,
    _w.display_name,
    _w.url,
    _w.event_types,
    _w.filter,
    _w.enabled,
    _w.secret,
    _w.previous_secret,
    _w.previous_secret_until,
    _w.created_by_id,
    _w.version,
    _w.created_at,
    _w.updated_at,
)
_VALUES: dict[str, Any] = {column.name: bindparam(f"new_{column.name}", type_=column.type) for column in _COLUMNS}
_CHANGING = {name: value for name, value in _VALUES.items() if name not in ("id", "created_by_id", "created_at")}

_EXISTS = Statement(select(_w.id).where(_w.id == _ID))
_COUNT = Statement(select(func.count()).select_from(webhooks))
_LOCK = Statement(select(*_COLUMNS).where(_w.id == _ID).with_for_update(key_share=True))
"""Deliveries for it may still be stored meanwhile: the relay does not wait for administrators."""
_ADD = Statement(insert(webhooks).values(_VALUES).returning(*_COLUMNS))
_SAVE = Statement(update(webhooks).where(_w.id == _ID).values(_CHANGING).returning(*_COLUMNS))
_REMOVE_DELIVERIES = Statement(delete(webhook_deliveries).where(_d.webhook_id == _ID))
_REMOVE = Statement(delete(webhooks).where(_w.id == _ID))
_page = select(*_COLUMNS).order_by(_w.created_at, _w.id).limit(_LIMIT)
_FIRST_PAGE = Statement(_page)
_NEXT_PAGE = Statement(_page.where(tuple_(_w.created_at, _w.id) > _AFTER))

_DELIVERY_COLUMNS = (
    _d.id,
    _d.webhook_id,
    _d.event_type,
    _d.ticket_id,
    _d.status,
    _d.attempts,
    _d.last_response_code,
    _d.last_error,
    _d.next_attempt_at,
    _d.created_at,
    _d.delivered_at,
)
_REDELIVER = Statement(
    update(webhook_deliveries)
    .where(_d.webhook_id == _ID, _d.id == bindparam("delivery_id", type_=Uuid()))
    .values(
        status=bindparam("pending", type_=_d.status.type),
        attempts=0,
        next_attempt_at=bindparam("now", type_=_INSTANT),
        delivered_at=null(),
    )
    .returning(*_DELIVERY_COLUMNS)
)


@lru_cache(maxsize=16)
def _deliveries(statuses: frozenset[DeliveryStatus], *, further: bool) -> Statement:
    """The states are part of the text, so that the partial indexes on pending and dead ones fit."""
    query = select(*_DELIVERY_COLUMNS).where(_d.webhook_id == _ID)
    if statuses:
        names = ", ".join(f"'{status.value}'" for status in sorted(statuses))
        query = query.where(literal_column(f"webhook_deliveries.status IN ({names})"))
    if further:
        query = query.where(tuple_(_d.created_at, _d.id) < _AFTER)
    return Statement(query.order_by(_d.created_at.desc(), _d.id.desc()).limit(_LIMIT), prepare=False)


@dataclass(frozen=True, slots=True)
class PostgresWebhookRepository:
    """See ``WebhookRepository``."""

    session: Session

    def exists(self, webhook_id: UUID) -> bool:
        return self.session.first(_EXISTS, {"webhook_id": webhook_id}) is not None

    def lock(self, webhook_id: UUID) -> Webhook | None:
        row = self.session.first(_LOCK, {"webhook_id": webhook_id})
        return None if row is None else _to_webhook(row)

    def count(self) -> int:
        row = self.session.first(_COUNT, {})
        return 0 if row is None else int(row[0])

    def add(self, webhook: Webhook) -> Webhook:
        return self._store(_ADD, webhook)

    def save(self, webhook: Webhook) -> Webhook:
        return self._store(_SAVE, webhook)

    def remove(self, webhook_id: UUID) -> None:
        self.session.run(_REMOVE_DELIVERIES, {"webhook_id": webhook_id})
        self.session.run(_REMOVE, {"webhook_id": webhook_id})

    def page(self, *, after: Position | None, limit: int) -> list[Webhook]:
        if after is None:
            rows = self.session.all(_FIRST_PAGE, {"limit": limit})
        else:
            rows = self.session.all(_NEXT_PAGE, {"limit": limit, "after_at": after[0], "after_id": after[1]})
        return [_to_webhook(row) for row in rows]

    def deliveries(
        self, webhook_id: UUID, statuses: Sequence[DeliveryStatus], *, after: Position | None, limit: int
    ) -> list[WebhookDelivery]:
        values: dict[str, Any] = {"webhook_id": webhook_id, "limit": limit}
        if after is not None:
            values |= {"after_at": after[0], "after_id": after[1]}
        statement = _deliveries(frozenset(statuses), further=after is not None)
        return [_to_delivery(row) for row in self.session.all(statement, values)]

    def redeliver(self, webhook_id: UUID, delivery_id: UUID, *, now: datetime) -> WebhookDelivery | None:
        values = {
            "webhook_id": webhook_id,
            "delivery_id": delivery_id,
            "pending": DeliveryStatus.PENDING.value,
            "now": now,
        }
        row = self.session.first(_REDELIVER, values)
        return None if row is None else _to_delivery(row)

    def _store(self, statement: Statement, webhook: Webhook) -> Webhook:
        values: dict[str, Any] = {f"new_{name}": getattr(webhook, name) for name in _VALUES}
        values["webhook_id"] = webhook.id
        values["new_event_types"] = list(webhook.event_types)
        values["new_filter"] = None if webhook.filter is None else Jsonb(filter_to_json(webhook.filter))
        row = self.session.first(statement, values)
        if row is None:
            raise LookupError(f"webhook {webhook.id} was locked and is gone")
        return _to_webhook(row)


def _to_webhook(row: TupleRow) -> Webhook:
    return Webhook(
        id=row[0],
        display_name=row[1],
        url=row[2],
        event_types=tuple(row[3]),
        filter=None if row[4] is None else filter_from_json(row[4]),
        enabled=row[5],
        secret=row[6],
        previous_secret=row[7],
        previous_secret_until=row[8],
        created_by_id=UserId(row[9]),
        version=Version(row[10]),
        created_at=row[11],
        updated_at=row[12],
    )


def _to_delivery(row: TupleRow) -> WebhookDelivery:
    return WebhookDelivery(
        id=row[0],
        webhook_id=row[1],
        event_type=row[2],
        ticket_id=TicketId(row[3]),
        status=DeliveryStatus(row[4]),
        attempts=row[5],
        last_response_code=row[6],
        last_error=row[7],
        next_attempt_at=row[8],
        created_at=row[9],
        delivered_at=row[10],
    )
