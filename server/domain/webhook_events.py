"""Which events a webhook is for, and what it is sent of them."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from server.domain.notifications import Event
from server.domain.timeline import ABOUT_ATTACHMENTS, PROTECTED_VALUES


def is_wanted(event_types: Collection[str], action: str) -> bool:
    """An empty list wants everything."""
    return not event_types or action in event_types


def payload_of(event: Event, ticket: Mapping[str, Any]) -> dict[str, Any]:
    """The body as Standard Webhooks shapes it: type, timestamp, data. Identifiers and open values only.

    ``ticket``: columns of the ticket as it is now, none of them protected. Texts of messages, reasons and protected
    values are never sent, of no ticket, nor are names of files; whoever may read them fetches them under own rights.
    """
    data: dict[str, Any] = {
        "ticket_id": event.ticket_id,
        "seq": event.seq,
        "actor_id": event.actor_id,
        "actor_role": event.actor_role,
        "ticket": {name: _plain(value) for name, value in ticket.items()},
    }
    if event.message_id is not None:
        data["message"] = {"id": event.message_id, "is_internal_note": event.is_internal_note}
    if event.action in ABOUT_ATTACHMENTS:
        facts = event.new or event.old
        data["attachment"] = {"id": facts.get("attachment_id"), **{name: facts.get(name) for name in _OF_ATTACHMENTS}}
    elif event.new:
        data["changes"] = {
            name: {"old": None, "new": None}
            if name in PROTECTED_VALUES
            else {"old": event.old.get(name), "new": event.new[name]}
            for name in event.new
        }
    return {"type": event.action, "timestamp": _plain(event.at), "data": data}


_OF_ATTACHMENTS = ("uploaded_by_id", "file_type", "file_size_bytes", "is_sensitive")


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return value
