"""The ``tickets`` command."""

import os
import sys
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import click
from pydantic import SecretStr, ValidationError

from server.commands.file_store import files
from server.commands.option_groups import one_of
from server.commands.ticket_exporting import export
from server.commands.ticket_files import attach, attachments
from server.commands.ticket_filter import Moment
from server.commands.ticket_watching import watch
from server.domain.notifications import Channel
from server.domain.roles import Role
from server.settings import Settings, complaints

DEFAULT_TOKEN_HOURS = 12.0


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
def main() -> None:
    """Rodistaa Tickets: run it, look after it, talk to it."""


def _settings() -> Settings:
    try:
        return Settings()
    except ValidationError as error:
        raise click.ClickException("\n".join(complaints(error))) from None


@main.command()
def up() -> None:
    """Run everything on this machine: PostgreSQL, Redis, migrations, demo data, server, gateway, workers, beat."""
    from server.embedded.instance import InstanceError
    from server.embedded.stack import instance_from
    from server.embedded.stack import up as run

    try:
        instance = instance_from(os.environ)
    except InstanceError as error:
        raise click.ClickException(str(error)) from None
    sys.exit(run(instance))


@main.command()
@click.option("--processes", type=click.IntRange(1, 128), help="Processes that share the port. [default: setting]")
def serve(processes: int | None) -> None:
    """Run the gRPC server. Its settings are TICKETS_* variables (server/settings.py).

    Without TICKETS_DATABASE_URL it uses the database of the instance that runs in TICKETS_DATA_DIR, if one does.
    """
    from server.commands.database import database_of
    from server.serving import check_identity

    settings = _settings()
    try:
        check_identity(settings)
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    settings = settings.model_copy(update={"database_url": SecretStr(database_of(settings))})
    count = settings.processes if processes is None else processes
    if count > 1:
        from server.processes import Layout, run_processes

        layout = Layout(
            command=[sys.executable, "-m", "server.cli", "serve"],
            count=count,
            host=settings.grpc_host,
            port=settings.grpc_port,
            drain_grace_seconds=settings.drain_grace_seconds,
            metrics_host=settings.metrics_host,
            metrics_port=settings.metrics_port,
            log_level=settings.log_level,
            log_format=settings.log_format,
        )
        try:
            sys.exit(run_processes(layout))
        except OSError as error:
            raise click.ClickException(str(error)) from None
    from server.bootstrap import build_application
    from server.serving import serve as run

    application = build_application(settings)
    try:
        status = run(
            settings,
            application.registrations,
            ready=application.ready,
            before_stop=[application.drain],
            after_stop=[application.close],
        )
    except (ValueError, OSError) as error:
        raise click.ClickException(str(error)) from None
    sys.exit(status)


@main.command()
def gateway() -> None:
    """Run the HTTP gateway, on TICKETS_HTTP_HOST and TICKETS_HTTP_PORT.

    Without S3 settings it holds the files itself, below TICKETS_DATA_DIR: uploads and downloads by signed URLs.
    """
    from gateway.serving import serve as run

    settings = _settings()
    try:
        status = run(settings)
    except (ValueError, OSError) as error:
        raise click.ClickException(str(error)) from None
    sys.exit(status)


@main.command()
@click.option("--to", "revision", default="head", show_default=True, help="Revision to go up to.")
def migrate(revision: str) -> None:
    """Bring the database up to date: that of TICKETS_DATABASE_URL, else of the instance that runs in TICKETS_DATA_DIR.

    Exit status 2 when the database cannot be used.
    """
    from alembic.util import CommandError

    from migrations.runner import upgrade
    from server.commands.database import usable_database

    with usable_database(_settings()) as url:
        try:
            upgrade(url, revision)
        except CommandError as error:
            raise click.ClickException(str(error)) from None


@main.command()
@click.option("--demo", is_flag=True, help="30 demo tickets and staff of every role; once only.")
@click.option("--tickets", type=click.IntRange(1), help="Add so many tickets for load tests.")
@click.option("--seed-number", type=int, default=1, show_default=True, help="Same number, same content.")
def seed(*, demo: bool, tickets: int | None, seed_number: int) -> None:
    """Fill the database with demo data (the default), or with load.

    It is that of TICKETS_DATABASE_URL, else of the instance that runs in TICKETS_DATA_DIR. Exit status 2 when it cannot
    be used.
    """
    from server.commands.database import usable_database
    from server.seed import seed_demo, seed_load

    with usable_database(_settings()) as url:
        if demo or tickets is None:
            click.echo(seed_demo(url).sentence())
        if tickets is not None:
            click.echo(seed_load(url, tickets, progress=True, seed_number=seed_number).sentence())


@main.command()
@click.option("--role", type=one_of(Role), required=True)
@click.option("--sub", help="User id. [default: demo-ROLE]")
@click.option(
    "--franchise",
    "franchises",
    multiple=True,
    help="A franchise of theirs; may be repeated. [default: FR-001 for franchise_agent, else none]",
)
@click.option("--hours", type=click.FloatRange(min=0, min_open=True), default=DEFAULT_TOKEN_HOURS, show_default=True)
def token(role: str, sub: str | None, franchises: tuple[str, ...], hours: float) -> None:
    """Print a development token, and nothing else.

    With a role alone it is the one that `tickets up` prints for it, valid from now on.
    """
    from server.demo_tokens import demo_token

    click.echo(demo_token(_settings(), Role(role), sub=sub, franchises=franchises, ttl=timedelta(hours=hours)))


for command in (watch, attach, attachments, export, files):
    main.add_command(command)


@main.group()
def audit() -> None:
    """The audit trail, straight from the database."""


@audit.command()
@click.argument("ticket_ids", nargs=-1)
@click.option("--heads-out", type=click.Path(path_type=Path), help="Write every chain's end there, to keep elsewhere.")
@click.option("--heads-in", type=click.Path(path_type=Path, exists=True), help="Compare with ends kept earlier.")
def verify(ticket_ids: tuple[str, ...], heads_out: Path | None, heads_in: Path | None) -> None:
    """Recompute hash chains, of TICKET_IDS or of all tickets.

    The database is that of TICKETS_DATABASE_URL, else of the instance that runs in TICKETS_DATA_DIR. Exit status 1 when
    anything is found, 2 when the database cannot be used.
    """
    from server.commands.audit_report import verify_chains
    from server.commands.database import usable_database

    with usable_database(_settings()) as url:
        clean = verify_chains(url, ticket_ids, say=click.echo, heads_out=heads_out, heads_in=heads_in)
    sys.exit(0 if clean else 1)


@main.group()
def sla() -> None:
    """The SLA clock, straight from the database."""


@sla.command()
@click.argument("ticket_id")
@click.option("--at", type=Moment(), required=True, help="Until when, RFC 3339; without an offset it is UTC.")
def simulate(ticket_id: str, at: datetime) -> None:
    """Print what the sweeps would do to TICKET_ID by a time if nobody touched it. Nothing is changed.

    The database is that of TICKETS_DATABASE_URL, else of the instance that runs in TICKETS_DATA_DIR. Exit status 2 when
    it cannot be used.
    """
    from server.commands.database import usable_database
    from server.commands.sla_simulation import simulate_sweeps

    with usable_database(_settings()) as url:
        simulate_sweeps(url, ticket_id, at, say=click.echo)


@main.group()
def outbox() -> None:
    """What is on its way from tickets to people and webhooks, straight from the database."""


@outbox.command("list")
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="Lines of each list.")
@click.option("--pending", is_flag=True, help="List each delivery that waits, too.")
def list_(limit: int, *, pending: bool) -> None:
    """How far the relay is behind, what waits for each channel and for webhooks, and what was given up.

    Exit status 1 when anything was passed over or given up, 2 when the database cannot be used.
    """
    from server.commands.database import usable_database
    from server.commands.outbox_report import list_outbox

    with usable_database(_settings()) as url:
        clean = list_outbox(url, say=click.echo, limit=limit, pending=pending)
    sys.exit(0 if clean else 1)


@outbox.command()
@click.argument("ids", nargs=-1)
@click.option("--events", "all_events", is_flag=True, help="All events that the relay passed over.")
@click.option("--channel", "channels", type=one_of(Channel), multiple=True, help="All its dead.")
@click.option("--webhook", "webhooks", type=click.UUID, multiple=True, help="All its dead letters.")
@click.option("--now", is_flag=True, help="Of what is named, try at once what waits for its next try, too.")
def retry(
    ids: tuple[str, ...], *, all_events: bool, channels: tuple[str, ...], webhooks: tuple[UUID, ...], now: bool
) -> None:
    """Put back what was given up: IDS of deliveries or numbers of events, as `tickets outbox list` prints them.

    With --now a delivery that is being sent at this moment may be sent twice, under the same key.
    Exit status 1 when something was not there or failed again, 2 when the database cannot be used.
    """
    from server.application.notifications.outbox_status import Chosen
    from server.commands.database import usable_database
    from server.commands.outbox_report import named_in, retry_outbox

    try:
        deliveries, events = named_in(ids)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    if not (ids or all_events or channels or webhooks):
        raise click.UsageError("name what to retry: IDS, --events, --channel or --webhook")
    settings = _settings()
    with usable_database(settings) as url:
        complete = retry_outbox(
            url,
            say=click.echo,
            window=timedelta(seconds=settings.notification_window_seconds),
            chosen=Chosen(deliveries, [Channel(name) for name in channels], webhooks),
            events=events,
            all_events=all_events,
            now=now,
        )
    sys.exit(0 if complete else 1)


@main.command()
def states() -> None:
    """Print the state diagram of docs/states.md."""
    from server.domain.fsm import states_document

    click.echo(states_document(), nl=False)


if __name__ == "__main__":
    main()
