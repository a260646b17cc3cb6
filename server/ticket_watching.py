"""``tickets watch``: a ticket's timeline, or a list of tickets, live in the terminal, by gRPC as any client has it."""

import ipaddress
import sys
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource
from pydantic import ValidationError

from server.domain.fsm import TicketStatus
from server.domain.roles import Role
from server.domain.tickets import TicketPriority
from server.settings import Settings, complaints

if TYPE_CHECKING:
    from rodistaa.tickets.client import TicketsClient

INTERRUPTED = 130
UNREAD = 1
"""As click ends a program whose output has nowhere to go."""
_TOKEN_LIFETIME = timedelta(hours=1)
_EVERYWHERE = frozenset({"[::]", "::", "0.0.0.0"})  # noqa: S104 - these are replaced


def _one_of(values: type[StrEnum]) -> click.Choice[str]:
    return click.Choice([each.value for each in values])


@click.command()
@click.argument("ticket_id", required=False)
@click.option(
    "--list", "as_list", is_flag=True, help="Follow a list of tickets, a line an event, in place of one ticket."
)
@click.option("--after", type=click.IntRange(0), help="Only entries with a higher number.  [default: all]")
@click.option("--access-reason", help="Why the protected texts of a sensitive ticket are needed; it is audited.")
@click.option("--status", "statuses", type=_one_of(TicketStatus), multiple=True, help="May be repeated: any of them.")
@click.option("--priority", "priorities", type=_one_of(TicketPriority), multiple=True, help="As --status.")
@click.option("--owner-role", "owner_roles", type=_one_of(Role), multiple=True, help="As --status: queues of these.")
@click.option("--unassigned", is_flag=True, help="Only tickets that no person owns.")
@click.option("--first", type=click.IntRange(0, 200), help="Tickets of the list to begin with.  [default: 10]")
@click.option("--cursor", help="Only what came after it: the `cursor` of a line of the same list that --json printed.")
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="JSON lines: TimelineEntry, or with --list WatchTicketsResponse, marks that only bring a cursor included.",
)
@click.option("--target", help="HOST:PORT of the server.  [default: TICKETS_GRPC_HOST and TICKETS_GRPC_PORT]")
@click.option("--token", envvar="TICKETS_TOKEN", help="Bearer token; better given as TICKETS_TOKEN.")
@click.option(
    "--role",
    type=_one_of(Role),
    metavar="ROLE",
    help="In place of a token: the demo user of the role, as `tickets token` makes it.  [default: ops_manager]",
)
@click.option("--tls/--plaintext", default=None, help="[default: TLS, unless the target is this machine]")
@click.option("--ca", type=click.Path(path_type=Path, exists=True), help="PEM file of the authority to trust.")
@click.pass_context
def watch(
    context: click.Context,
    *,
    ticket_id: str | None,
    as_list: bool,
    after: int | None,
    access_reason: str | None,
    statuses: tuple[str, ...],
    priorities: tuple[str, ...],
    owner_roles: tuple[str, ...],
    unassigned: bool,
    first: int | None,
    cursor: str | None,
    as_json: bool,
    target: str | None,
    token: str | None,
    role: str | None,
    tls: bool | None,
    ca: Path | None,
) -> None:
    """Print the timeline of TICKET_ID, or with --list the changes of tickets, as they come, until Ctrl-C.

    A lost connection is said on stderr, and made again; nothing is missed or printed twice. Exit status 130 after
    Ctrl-C, 1 when the watch has ended, as it does when the ticket may no longer be seen, or when the program that it is
    piped to has gone.
    """
    _check_combination(context, ticket_id, as_list=as_list)
    if token is not None and context.get_parameter_source("token") is ParameterSource.COMMANDLINE and role is not None:
        raise click.UsageError("give either --token or --role")
    from server.live_output import print_list, print_timeline

    try:
        with _client(target, token if role is None else None, role, tls=tls, ca=ca) as client:
            if ticket_id is not None:
                print_timeline(client, ticket_id, after=after or 0, access_reason=access_reason or "", as_json=as_json)
            else:
                print_list(
                    client,
                    statuses=statuses,
                    priorities=priorities,
                    owner_roles=owner_roles,
                    unassigned=unassigned,
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


def _client(
    target: str | None, token: str | None, role: str | None, *, tls: bool | None, ca: Path | None
) -> "TicketsClient":
    """Tokens for a role are made anew for each attempt, so such a watch outlives them."""
    import grpc

    from rodistaa.tickets.client import connect
    from server.demo_tokens import demo_token

    try:
        settings = Settings()
    except ValidationError as error:
        raise click.ClickException("\n".join(complaints(error))) from None
    if target is None:
        host = "localhost" if settings.grpc_host in _EVERYWHERE else settings.grpc_host
        target = f"{host}:{settings.grpc_port}"
    if tls is None:
        tls = ca is not None or not _is_local(target)
    elif ca is not None and not tls:
        raise click.UsageError("--ca goes without --plaintext")
    demo_role = Role(role or Role.OPS_MANAGER)
    return connect(
        target,
        token=token or (lambda: demo_token(settings, demo_role, ttl=_TOKEN_LIFETIME)),
        tls=grpc.ssl_channel_credentials(ca.read_bytes()) if ca is not None else tls,
    )


def _is_local(target: str) -> bool:
    if target.startswith(("unix:", "unix-abstract:")):
        return True
    host = target.rpartition("/")[2].rpartition(":")[0].strip("[]")
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
