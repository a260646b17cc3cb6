"""What ``tickets watch`` prints: entries of a timeline and events of a list, for people or as JSON lines.

Colours, and lines broken to the width of the window, are for terminals alone; a pipe gets whole lines.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

import click
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from rodistaa.tickets.client import Interruption, TicketsClient, follow_tickets, follow_timeline
from rodistaa.tickets.v1.filter_pb2 import TicketFilter
from rodistaa.tickets.v1.ticket_pb2 import Role, Ticket, TicketPriority, TicketStatus
from rodistaa.tickets.v1.ticket_watch_pb2 import WatchTicketsRequest, WatchTicketsResponse
from rodistaa.tickets.v1.timeline_pb2 import AuditEntry, TimelineEntry
from rodistaa.tickets.v1.timeline_reads_pb2 import WatchTimelineRequest
from server.commands.terminal import console, failures_in_a_line, sentence, visible
from server.commands.unread_output import call_when_unread

_INDENT = 4
_VALUE_LIMIT = 200
_WITHHELD = "withheld: the ticket is sensitive"


def print_timeline(client: TicketsClient, ticket_id: str, *, after: int, access_reason: str, as_json: bool) -> None:
    """Until the watch ends, of which click's error says why, or nobody reads what is printed any longer."""
    out, err = console(), console(stderr=True)
    request = WatchTimelineRequest(ticket_id=ticket_id, after_seq=after, access_reason=access_reason)
    with (
        failures_in_a_line(),
        follow_timeline(client, request, on_interruption=_telling(err), on_resumption=_relieving(err)) as entries,
    ):
        call_when_unread(entries.close)
        for entry in entries:
            if as_json:
                _print_json(entry)
            else:
                _print_entry(out, entry)


def print_list(
    client: TicketsClient,
    wanted: TicketFilter,
    *,
    first: int,
    cursor: str,
    as_json: bool,
) -> None:
    """The same for a list."""
    out, err = console(), console(stderr=True)
    request = WatchTicketsRequest(filter=wanted, snapshot_size=first, cursor=cursor)
    with (
        failures_in_a_line(),
        follow_tickets(client, request, on_interruption=_telling(err), on_resumption=_relieving(err)) as events,
    ):
        call_when_unread(events.close)
        for event in events:
            if as_json:
                _print_json(event)
            else:
                _print_event(out, event)


def _telling(err: Console) -> Callable[[Interruption], None]:
    def tell(interruption: Interruption) -> None:
        seconds = interruption.pause.total_seconds()
        line = f"interrupted: {sentence(interruption.error)}; trying again in {seconds:.1f} s"
        err.print(Text(line, style="dim"), soft_wrap=True)

    return tell


def _relieving(err: Console) -> Callable[[], None]:
    return lambda: err.print(Text("connected again", style="dim"))


def _print_json(message: Message) -> None:
    # click's echo writes at once, as a reader behind a pipe expects of what is live.
    click.echo(json.dumps(MessageToDict(message), ensure_ascii=False, separators=(",", ":")))


# --- a timeline -------------------------------------------------------------------------------------


def _print_entry(out: Console, entry: TimelineEntry) -> None:
    message, audit = entry.message, entry.audit_entry
    if entry.HasField("message"):
        actor, role = message.actor_id, message.actor_role
        deed, style = ("internal note", "bold yellow") if message.is_internal_note else ("message", "bold green")
        body = [
            Text(_WITHHELD, style="italic magenta") if message.redacted else Text(visible(message.message)),
            *(
                Text(
                    f"attached: {visible(each.file_name) or 'a sensitive file'}"
                    f" ({each.file_type}, {each.file_size_bytes} bytes)",
                    style="dim",
                )
                for each in message.attachments
            ),
        ]
    elif entry.HasField("audit_entry"):
        actor, role, deed, style = audit.actor_id, audit.actor_role, audit.action, "bold cyan"
        body = [*_changes(audit), *([Text(f"reason: {visible(audit.reason)}")] if audit.reason else [])]
    else:
        actor, role, deed, style, body = (
            "-",
            Role.ROLE_UNSPECIFIED,
            "of a kind that this version does not know",
            "dim",
            [],
        )
    when = entry.created_at.ToDatetime(UTC)
    head = Text.assemble(
        (f"#{entry.seq}", "bold"),
        f"  {when:%Y-%m-%d %H:%M:%S}Z  ",
        visible(actor),
        f" ({_role(role)})  ",
        (deed, style),
    )
    out.print(head, soft_wrap=not out.is_terminal)
    for part in body:
        _print_indented(out, part)


def _print_indented(out: Console, text: Text) -> None:
    if out.is_terminal:
        out.print(Padding(text, (0, 0, 0, _INDENT), expand=False))
        return
    for line in text.split("\n", allow_blank=True):
        out.print(Text(" " * _INDENT) + line, soft_wrap=True)


def _changes(audit: AuditEntry) -> Iterator[Text]:
    old, new = MessageToDict(audit.old_values), MessageToDict(audit.new_values)
    for column in sorted({*old, *new}):
        before, after = old.get(column), new.get(column)
        if before is None and after is None:
            if audit.redacted:
                yield Text.assemble(f"{column}: ", (_WITHHELD, "italic magenta"))
        elif column not in old:
            yield Text(f"{column}: {_value(after)}")
        else:
            yield Text(f"{column}: {_value(before)} → {_value(after)}")


def _value(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = " ".join(visible(text).split())
    return text if len(text) <= _VALUE_LIMIT else f"{text[:_VALUE_LIMIT]}…"


# --- a list -----------------------------------------------------------------------------------------


def _print_event(out: Console, event: WatchTicketsResponse) -> None:
    kind = event.WhichOneof("event")
    if kind == "snapshot":
        for ticket in event.snapshot.tickets:
            _print_line(out, "listed", "dim", _row(ticket))
    elif kind == "changed":
        action = event.changed.action
        # Outside roles are not told what happened, but see the version, of which the first is that of the creation.
        new = action == "TICKET_CREATED" or (not action and event.changed.ticket.version == 1)
        label, style = ("new", "bold green") if new else ("changed", "bold cyan")
        _print_line(out, label, style, _row(event.changed.ticket, "" if new else action))
    elif kind == "left":
        _print_line(out, "left", "bold yellow", Text(event.left.ticket_id, style="bold"))


_PRIORITY_STYLES: Mapping[int, str] = {
    TicketPriority.TICKET_PRIORITY_CRITICAL: "bold red",
    TicketPriority.TICKET_PRIORITY_HIGH: "red",
}


def _row(ticket: Ticket, action: str = "") -> Text:
    """The title last: it is what a narrow window cuts off."""
    priority = TicketPriority.Name(ticket.priority).removeprefix("TICKET_PRIORITY_")
    status = TicketStatus.Name(ticket.status).removeprefix("TICKET_STATUS_")
    return Text.assemble(
        (f"{ticket.id:<12}", "bold"),
        " ",
        (f"{priority:<8}", _PRIORITY_STYLES.get(ticket.priority, "")),
        f" {status:<18} {_role(ticket.owner_role)}/{visible(ticket.owner_id) or '-'}  ",
        (f"{action}  " if action else "", "dim"),
        visible(ticket.title),
    )


def _print_line(out: Console, label: str, style: str, what: Text) -> None:
    """The hour is that of this machine: when the event came, not when the change was made."""
    line = Text.assemble(f"{datetime.now(UTC):%H:%M:%S}Z  ", (f"{label:<8}", style), what)
    if out.is_terminal:
        out.print(line, no_wrap=True, overflow="ellipsis")
    else:
        out.print(line, soft_wrap=True)


def _role(role: Role.ValueType) -> str:
    return Role.Name(role).removeprefix("ROLE_").lower() if role in Role.values() else f"role {role}"
