"""Named filters of staff."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from server.domain.filters import Order, TicketFilter
from server.domain.ids import UserId, Version


@dataclass(frozen=True, slots=True)
class SavedView:
    """A filter and an order under a name, unique among its owner's."""

    id: UUID
    owner_id: UserId
    name: str
    filter: TicketFilter
    order: Order
    is_shared: bool
    version: Version
    created_at: datetime
    updated_at: datetime
