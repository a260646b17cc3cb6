"""``tickets watch``: a ticket's timeline, or a list of tickets, live in the terminal, by gRPC as any client has it."""

import sys

import click

from server.commands.connection import INTERRUPTED, Connection, connection_options
from server.commands.ticket_filter import QueueFilter, queue_options

UNREAD = 1
"""As click ends a program whose output has nowhere to go."""


@click.command()
@click.argument("ticket_id", required=False)
@click.option(
    "--list", "as_list", is_flag=True, help="Follow a list of tickets, a line an event, in place of one ticket."
)
@click.option("--after", type=click.IntRange(0), help="Only entries with a higher number.  [default: all]")
@click.option("--access-reason", help="Why the protected texts of a sensitive ticket are needed; it is audited.")
@queue_options
@click.option("--first", type=click.IntRange(0, 200), help="Tickets of the list to begin with.  [default: 10]")
@click.option("--cursor", help="Only what came after it: the `cursor` of a line of the same list that --json printed.")
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="JSON lines: TimelineEntry, or with --list WatchTicketsResponse, marks that only bring a cursor included.",
)
@connection_options
@click.pass_context
def watch(
    context: click.Context,
    *,
    ticket_id: str | None,
    as_list: bool,
    after: int | None,
    access_reason: str | None,
    queue: QueueFilter,
    first: int | None,
    cursor: str | None,
    as_json: bool,
    connection: Connection,
) -> None:
    """Print the timeline of TICKET_ID, or with --list the changes of tickets, as they come, until Ctrl-C.

    A lost connection is said on stderr, and made again; nothing is missed or printed twice. Exit status 130 after
    Ctrl-C, 1 when the watch has ended, as it does when the ticket may no longer be seen, or when the program that it is
    piped to has gone.
    """
    _check_combination(context, ticket_id, as_list=as_list)
    from server.commands.live_output import print_list, print_timeline

    try:
        with connection.client() as client:
            if ticket_id is not None:
                print_timeline(client, ticket_id, after=after or 0, access_reason=access_reason or "", as_json=as_json)
            else:
                print_list(
                    client,
                    queue.message(),
                    first=0 if cursor else 10 if first is None else first,
                    cursor=cursor or "",
                    as_json=as_json,
                )
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    sys.exit(UNREAD)


_OF_LISTS = ("statuses", "priorities", "owner_roles", "unassigned", "first", "cursor")
_OF_TICKETS = ("after", "access_reason")


def _check_combination(context: click.Context, ticket_id: str | None, *, as_list: bool) -> None:
    """One of the two kinds of watch, and no option of the other."""
    if (ticket_id is None) != as_list:
        raise click.UsageError("name a ticket, or give --list")
    foreign = _OF_TICKETS if as_list else _OF_LISTS
    for parameter in context.command.params:
        if parameter.name in foreign and context.params[parameter.name] not in (None, (), False):
            raise click.UsageError(f"{parameter.opts[0]} goes {'without' if as_list else 'with'} --list")
    if context.params["cursor"] and context.params["first"]:
        raise click.UsageError("--first goes without --cursor")
