"""Positions in lists that are ordered by creation, then id, as parts of page tokens."""

from datetime import UTC, datetime
from uuid import UUID

from server.api.convert.page_tokens import PageToken, invalid_token

Position = tuple[datetime, UUID]


def position_after(token: PageToken) -> Position | None:
    """The creation and id after which a page begins."""
    parts = token.read(2)
    if parts is None:
        return None
    try:
        moment, row_id = datetime.fromisoformat(parts[0]), UUID(parts[1])
        if moment.tzinfo is None:
            raise invalid_token()
        return moment.astimezone(UTC), row_id
    except (ValueError, OverflowError):
        raise invalid_token() from None


def from_position(position: Position | None) -> tuple[str, ...] | None:
    """What ``position_after`` reads back."""
    return None if position is None else (position[0].isoformat(), str(position[1]))
