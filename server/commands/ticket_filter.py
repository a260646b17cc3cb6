"""For commands about many tickets: which of them are meant, in the words of the contract's TicketFilter."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from server.commands.option_groups import gathered, one_of
from server.domain.fsm import TicketStatus
from server.domain.roles import Role
from server.domain.sla import SlaStatus
from server.domain.tickets import LinkedType, TicketPriority

if TYPE_CHECKING:
    from rodistaa.tickets.v1.filter_pb2 import TicketFilter


class Moment(click.ParamType[datetime]):
    """RFC 3339, or a date alone; UTC where no offset is given."""

    name = "time"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Aware, in UTC."""
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail("must be a time such as 2026-11-23 or 2026-11-23T18:30:00+05:30", param, ctx)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """Tickets by state, priority and queue; the values are those of the domain."""

    statuses: tuple[str, ...]
    priorities: tuple[str, ...]
    owner_roles: tuple[str, ...]
    unassigned: bool

    def message(self) -> "TicketFilter":
        """As the contract has it."""
        from rodistaa.tickets.v1 import ticket_pb2 as t
        from rodistaa.tickets.v1.filter_pb2 import TicketFilter

        return TicketFilter(
            statuses=[t.TicketStatus.Value(f"TICKET_STATUS_{each}") for each in self.statuses],
            priorities=[t.TicketPriority.Value(f"TICKET_PRIORITY_{each}") for each in self.priorities],
            owner_roles=[t.Role.Value(f"ROLE_{each.upper()}") for each in self.owner_roles],
            # Not asked for is not the same as "tickets that a person owns".
            unassigned=True if self.unassigned else None,
        )


queue_options = gathered(
    QueueFilter,
    "queue",
    [
        click.option(
            "--status", "statuses", type=one_of(TicketStatus), multiple=True, help="May be repeated: any of them."
        ),
        click.option("--priority", "priorities", type=one_of(TicketPriority), multiple=True, help="As --status."),
        click.option(
            "--owner-role", "owner_roles", type=one_of(Role), multiple=True, help="As --status: queues of these."
        ),
        click.option("--unassigned", is_flag=True, help="Only tickets that no person owns."),
    ],
)


@dataclass(frozen=True, slots=True)
class FurtherFilter:
    """All other conditions of a filter; None and empty ones do not narrow."""

    owner_id: str | None
    franchise_ids: tuple[str, ...]
    linked: tuple[str, str] | None
    created_by_id: str | None
    tags_all: tuple[str, ...]
    tags_any: tuple[str, ...]
    sla_statuses: tuple[str, ...]
    created_after: datetime | None
    created_before: datetime | None
    updated_after: datetime | None
    updated_before: datetime | None
    due_after: datetime | None
    due_before: datetime | None
    archived: bool
    sensitive: bool | None
    text: str | None

    def narrow(self, wanted: "TicketFilter") -> None:
        """Adds them to the filter."""
        from rodistaa.tickets.v1 import ticket_pb2 as t

        linked_type, linked_id = self.linked or (None, "")
        wanted.owner_id = self.owner_id or ""
        wanted.created_by_id = self.created_by_id or ""
        wanted.text = self.text or ""
        wanted.franchise_ids.extend(self.franchise_ids)
        wanted.tags_all.extend(self.tags_all)
        wanted.tags_any.extend(self.tags_any)
        wanted.sla_statuses.extend(t.SlaStatus.Value(f"SLA_STATUS_{each.upper()}") for each in self.sla_statuses)
        if linked_type is not None:
            wanted.linked_type = t.LinkedType.Value(f"LINKED_TYPE_{linked_type.upper()}")
            wanted.linked_id = linked_id
        for span, start, end in (
            (wanted.created, self.created_after, self.created_before),
            (wanted.updated, self.updated_after, self.updated_before),
            (wanted.due, self.due_after, self.due_before),
        ):
            if start is not None:
                span.start.FromDatetime(start)
            if end is not None:
                span.end.FromDatetime(end)
        if self.archived:
            wanted.archived = True
        if self.sensitive is not None:
            wanted.sensitive = self.sensitive


_MOMENT = Moment()

further_options = gathered(
    FurtherFilter,
    "further",
    [
        click.option("--owner", "owner_id", metavar="USER", help="Only tickets that this person owns."),
        click.option("--franchise", "franchise_ids", metavar="ID", multiple=True, help="As --status."),
        click.option(
            "--linked",
            type=(one_of(LinkedType), str),
            metavar="KIND ID",
            help="Only tickets about this thing: --linked booking BKG-123.",
        ),
        click.option("--created-by", "created_by_id", metavar="USER", help="Only tickets that this person created."),
        click.option("--tag", "tags_all", metavar="TAG", multiple=True, help="May be repeated: all of them."),
        click.option("--any-tag", "tags_any", metavar="TAG", multiple=True, help="May be repeated: any of them."),
        click.option("--sla-status", "sla_statuses", type=one_of(SlaStatus), multiple=True, help="As --status."),
        click.option("--created-after", type=_MOMENT, help="At that time or later; a date is its midnight, UTC."),
        click.option("--created-before", type=_MOMENT, help="Before that time."),
        click.option("--updated-after", type=_MOMENT, help="As --created-after, by the last change."),
        click.option("--updated-before", type=_MOMENT, help="As --created-before."),
        click.option("--due-after", type=_MOMENT, help="As --created-after, by the deadline."),
        click.option("--due-before", type=_MOMENT, help="As --created-before."),
        click.option("--archived", is_flag=True, help="Archived tickets in place of those that are not."),
        click.option("--sensitive/--not-sensitive", default=None, help="Only such tickets.  [default: both]"),
        click.option("--text", metavar="WORDS", help="Only tickets whose title or description has all the words."),
    ],
)
