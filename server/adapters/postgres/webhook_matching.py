"""Which webhooks there are, and which of some tickets one of them is for: by the predicate that lists are made with."""

from collections.abc import Collection
from datetime import datetime
from functools import lru_cache

import structlog
from sqlalchemy import ARRAY, Text, any_, bindparam, select

from server.adapters.postgres.filter_json import filter_from_json
from server.adapters.postgres.pool import Connection
from server.adapters.postgres.predicates import Shape, predicate, shape_of, values_of
from server.adapters.postgres.statements import Statement
from server.adapters.postgres.tables import tickets
from server.application.notifications.relay_outbox import Subscription
from server.domain.filters import TicketFilter
from server.domain.ids import TicketId
from server.domain.principal import SYSTEM
from server.domain.visibility import Visibility

_log = structlog.get_logger("server.webhooks")

_EVERYTHING = Visibility(everything=True, user_id=SYSTEM.user_id, queue_role=None, franchise_ids=frozenset())
"""A webhook belongs to an administrator."""

# The lock lets others change a webhook, but not delete it before its deliveries are stored.
_SUBSCRIPTIONS = "SELECT id, event_types, filter FROM webhooks WHERE enabled ORDER BY id FOR KEY SHARE"


def read_subscriptions(connection: Connection) -> list[Subscription]:
    """See ``RelayBatch``. One whose filter nobody can read any more gets nothing, and is named in the log."""
    subscriptions = []
    for webhook_id, event_types, where in connection.execute(_SUBSCRIPTIONS):
        try:
            parsed = None if where is None else filter_from_json(where)
        except (ValueError, TypeError, AttributeError):
            _log.error("the filter of a webhook cannot be read", webhook_id=str(webhook_id))
            continue
        subscriptions.append(Subscription(webhook_id, tuple(event_types), parsed))
    return subscriptions


def matching_tickets(
    connection: Connection, where: TicketFilter, among: Collection[TicketId], *, now: datetime
) -> set[TicketId]:
    """See ``RelayBatch``."""
    statement = _matching(shape_of(where, _EVERYTHING))
    values = {**values_of(where, _EVERYTHING, now=now), "among": list(among)}
    rows = connection.execute(statement.sql, statement.parameters(values), prepare=False)
    return {TicketId(ticket_id) for (ticket_id,) in rows}


@lru_cache(maxsize=64)
def _matching(shape: Shape) -> Statement:
    among = tickets.c.id == any_(bindparam("among", type_=ARRAY(Text(collation="C"))))
    return Statement(select(tickets.c.id).where(among, predicate(shape)), prepare=False)
