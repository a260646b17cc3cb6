"""What a ticket was before some of its changes: the old values of its audit, laid over what it is, last change first.

Only of what decides who sees a ticket and which filters it matches; of the rest a past state has what it is now.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from server.application.watching.change_feed import TicketHistory, TicketState
from server.domain.fsm import TicketStatus
from server.domain.ids import ChainNo, UserId
from server.domain.roles import Role
from server.domain.tickets import LinkedType, TicketPriority
from server.domain.timeline import ABOUT_ATTACHMENTS

EARLIEST = datetime(1, 1, 2, tzinfo=UTC)
LATEST = datetime(9999, 12, 30, tzinfo=UTC)
"""Stand in for instants before and after them, which PostgreSQL has and Python has not: compared with any instant that
somebody may ask for, they say the same."""


@dataclass(frozen=True, slots=True)
class AuditedChange:
    """What an audit row says of the state before it. Anybody in psql may have written it."""

    chain_no: ChainNo
    action: str
    old: Mapping[str, Any] | None
    """None where the row has no old values, as that of a creation."""
    watcher_now: str | None
    """Of WATCH_CHANGED: whom it is about."""


def rebuilt(now: TicketState, changes: Iterable[AuditedChange]) -> TicketHistory:
    """From all changes since some point, last first. Values that make no sense are passed over."""
    before: dict[ChainNo, TicketState | None] = {}
    state: TicketState | None = now
    for change in changes:
        state = None if state is None else _undone(state, change)
        before[change.chain_no] = state
    return TicketHistory(now, before)


def _undone(state: TicketState, change: AuditedChange) -> TicketState | None:
    if change.old is None:
        return None if change.action == "TICKET_CREATED" else state
    if change.action == "WATCH_CHANGED":
        return _watched_before(state, change.old, change.watcher_now)
    if change.action in ABOUT_ATTACHMENTS:
        return state
    values = {}
    for name in _PAST.keys() & change.old.keys():
        try:
            values[name] = _PAST[name](change.old[name])
        except (ValueError, TypeError):
            continue
    return TicketState(replace(state.ticket, **values), state.watchers) if values else state


def _watched_before(state: TicketState, old: Mapping[str, Any], watcher_now: str | None) -> TicketState:
    watchers = state.watchers - {watcher_now}
    was = old.get("user_id")
    if old.get("watching") is True and isinstance(was, str):
        watchers |= {UserId(was)}
    return TicketState(state.ticket, watchers)


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise ValueError


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise ValueError


def _moment(value: object) -> datetime | None:
    text = _text(value)
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return EARLIEST if text.startswith("-") or text.endswith("BC") else LATEST


def _tags(value: object) -> tuple[str, ...]:
    """An array may have been given any number of dimensions, and gaps."""
    if isinstance(value, str):
        return (value,)
    if value is None:
        return ()
    if isinstance(value, list):
        return tuple(tag for part in value for tag in _tags(part))
    raise ValueError


_PAST: Mapping[str, Callable[[Any], Any]] = {
    "created_by_id": _text,
    "owner_id": _text,
    "owner_role": lambda value: None if value is None else Role(value),
    "assigned_franchise_id": _text,
    "priority": TicketPriority,
    "status": TicketStatus,
    "linked_type": lambda value: None if value is None else LinkedType(value),
    "linked_id": _text,
    "tags": _tags,
    "archived": _flag,
    "is_sensitive": _flag,
    "sla_due_at": _moment,
}
"""Columns that a filter or the rule of visibility asks for. ``created_at`` cannot change."""
