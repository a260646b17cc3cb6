"""A backup is worth what a restore of it is: tickets, chains, feeds and numbers in the database that comes back."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import grpc
import psycopg
import pytest
from psycopg_pool import ConnectionPool

from rodistaa.tickets.client import TicketsClient, TicketsError, iterate_pages
from rodistaa.tickets.v1 import ticket_pb2 as t
from rodistaa.tickets.v1 import ticket_reads_pb2 as reads
from rodistaa.tickets.v1 import ticket_watch_pb2 as watch
from rodistaa.tickets.v1 import ticket_writes_pb2 as writes
from rodistaa.tickets.v1 import timeline_reads_pb2 as timeline
from rodistaa.tickets.v1.timeline_pb2 import TimelineEntry
from server.application.sla.sweep_clock_events import SweepClockEvents
from server.domain.clock_events import ClockEventKind
from server.domain.roles import Role
from server.embedded.postgres import DURABLE, EmbeddedPostgres
from server.seed import seed_demo
from tests.database import Database
from tests.e2e.restoring import (
    DATABASE,
    after_restore,
    base_backup,
    clusters,
    new_cluster,
    own_directory,
    run,
    tickets,
)
from tests.integration.notifications.pipeline import relay_all, told
from tests.integration.sla.conftest import CALL, INSERT, unit_of_work
from tests.running import Running, running
from tests.ticket_requests import new_ticket, retitle
from tests.waiting import eventually

WATCHER = "asha"


@dataclass(frozen=True)
class Seen:
    """All tickets and their timelines, as a manager sees them, but for what changes with time alone."""

    tickets: dict[str, t.Ticket]
    timelines: dict[str, list[TimelineEntry]]


def seen(client: TicketsClient) -> Seen:
    found: dict[str, t.Ticket] = {}
    for archived in (False, True):
        request = reads.ListTicketsRequest(page_size=200)
        request.filter.archived = archived
        for page in iterate_pages(client.tickets.ListTickets, request):
            found |= {ticket.id: ticket for ticket in page.tickets}
    for ticket in found.values():
        ticket.ClearField("sla_status")
        ticket.ClearField("sla_percent_left")
    timelines = {}
    for ticket_id in found:
        request_of_timeline = timeline.ListTimelineRequest(ticket_id=ticket_id, page_size=200)
        timelines[ticket_id] = list(client.tickets.ListTimeline(request_of_timeline).entries)
    return Seen(found, timelines)


def create(served: Running, title: str) -> t.Ticket:
    """A ticket that somebody of the directory watches."""
    admin = served.client(Role.ADMIN)
    ticket = admin.tickets.CreateTicket(new_ticket(title=title)).ticket
    admin.tickets.SetWatch(writes.SetWatchRequest(ticket_id=ticket.id, user_id=WATCHER, watching=True))
    return ticket


def current_cursor(client: TicketsClient) -> str:
    stream = client.tickets.WatchTickets(watch.WatchTicketsRequest())
    try:
        return next(event.cursor for event in stream if event.cursor)
    finally:
        stream.cancel()


def refusal_of(client: TicketsClient, cursor: str) -> str:
    with pytest.raises(TicketsError) as refused:
        next(iter(client.tickets.WatchTickets(watch.WatchTicketsRequest(cursor=cursor))))
    assert refused.value.code is grpc.StatusCode.OUT_OF_RANGE
    return refused.value.reason


def titles_told(database: Database) -> list[str]:
    """What the watcher was told of, by the lines that events left, after everything was read."""
    with ConnectionPool(database.dsn, min_size=1, max_size=2, open=True, kwargs={"autocommit": True}) as pool:
        relay_all(pool)
    with database.connect() as connection:
        return sorted(line for row in told(connection) if row.user_id == WATCHER for line in row.body.splitlines())


def age(database: Database) -> None:
    """A cluster that has lived for longer than the one that the backup comes to."""
    with database.connect() as connection:
        connection.execute(
            "DO $$ BEGIN FOR number IN 1..20000 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$"
        )


def overdue(database: Database) -> str:
    """A ticket whose deadline passed an hour ago."""
    with database.connect() as connection:
        values = {"age": "25 hours", "count": 1, "priority": "HIGH", "status": "OPEN"}
        ticket_id: str = connection.execute(INSERT, values).fetchall()[0][0]
    return ticket_id


def sweep(database: Database) -> None:
    """All that the breach sweep finds due."""
    with unit_of_work(database.dsn) as uow:
        SweepClockEvents(uow, lambda: datetime.now(UTC), ClockEventKind.BREACH)(CALL, limit=100)


def levels(database: Database, *ticket_ids: str) -> list[list[int]]:
    """Of the escalations of each."""
    with database.connect() as connection:
        found = connection.execute("SELECT ticket_id, level FROM ticket_escalations ORDER BY level").fetchall()
    return [[level for ticket_id, level in found if ticket_id == wanted] for wanted in ticket_ids]


def prepare(database: Database) -> None:
    seed_demo(database.dsn)
    with database.connect() as connection:
        connection.execute(
            "INSERT INTO staff_members (user_id, role, display_name, email)"
            " VALUES (%s, 'ops_agent', 'Asha', 'asha@example.com')",
            [WATCHER],
        )


@pytest.fixture
def directory() -> Iterator[Path]:
    with clusters() as place:
        yield place


def test_a_dump_comes_back_in_a_younger_cluster(database: Database, directory: Path, tmp_path: Path) -> None:
    age(database)
    prepare(database)
    dump, heads = tmp_path / "dump", tmp_path / "heads.jsonl"
    with running(database) as served:
        manager, admin = served.client(Role.OPS_MANAGER), served.client(Role.ADMIN)
        known = create(served, "Told before the backup")
        admin.tickets.UpdateTicket(retitle(known.id, "Read before the backup"))
        escalated = overdue(database)
        sweep(database)
        before = titles_told(database)
        due = overdue(database)
        admin.tickets.UpdateTicket(retitle(known.id, "Not yet read when it was made"))
        at_the_backup = seen(manager)
        tickets(database.dsn, "audit", "verify", "--heads-out", heads)
        run("pg_dump", "--format", "directory", "--no-owner", "--no-privileges", "--file", dump, database.dsn)
        sweep(database)
        assert levels(database, escalated, due) == [[1], [1]]
        lost = create(served, "Lost with what came after the backup")
        cursor_of_then = current_cursor(manager)

    restored = Database(new_cluster(directory / "younger").dsn(DATABASE))
    run("pg_restore", "--exit-on-error", "--no-owner", "--no-privileges", "--dbname", restored.dsn, dump)
    assert behind(restored) == 0, "so the relay would have passed over whatever happens from now on"
    after_restore(restored.dsn)
    assert "0 findings" in tickets(restored.dsn, "audit", "verify", "--heads-in", heads)
    tickets(restored.dsn, "migrate")
    with running(restored) as served:
        assert seen(served.client(Role.OPS_MANAGER)) == at_the_backup
        assert refusal_of(served.client(Role.OPS_MANAGER), cursor_of_then) == "CURSOR_EXPIRED"
        told_now = titles_told(restored)
        assert len(told_now) == len(before) + 1, "what nobody had read at the backup is told, and nothing twice"
        new = create(served, "Written after the restore")
        assert number_of(new) > number_of(lost), "no number is given out a second time"
        served.client(Role.ADMIN).tickets.UpdateTicket(retitle(new.id, "Told after the restore"))
        assert len(titles_told(restored)) > len(told_now), "the relay goes on"
        assert current_cursor(served.client(Role.OPS_MANAGER))
    assert levels(restored, escalated, due) == [[1], []]
    sweep(restored)
    assert levels(restored, escalated, due) == [[1], [1]], "what was made stays made, what was lost is made again"
    assert "0 findings" in tickets(restored.dsn, "audit", "verify")


def test_a_physical_backup_comes_back_at_a_point_in_time(directory: Path) -> None:
    archive = own_directory(directory / "archive")
    settings = {**DURABLE, "fsync": "off", "archive_mode": "on", "archive_command": f"cp %p {archive}/%f"}
    cluster = new_cluster(directory / "first", settings)
    database = Database(cluster.dsn(DATABASE))
    tickets(database.dsn, "migrate")
    prepare(database)
    base_backup(cluster, directory / "second")
    with running(database) as served:
        kept = create(served, "Before the mistake")
        at_that_time = seen(served.client(Role.OPS_MANAGER))
        with database.connect() as connection:
            moment: datetime = connection.execute("SELECT clock_timestamp()").fetchall()[0][0]
        lost = create(served, "After the mistake")
        cursor_of_then = current_cursor(served.client(Role.OPS_MANAGER))
    archive_everything(database, archive)
    cluster.stop()

    second = EmbeddedPostgres(
        directory / "second",
        settings={
            **settings,
            "archive_mode": "off",
            "restore_command": f"cp {archive}/%f %p",
            "recovery_target_time": moment.astimezone(UTC).isoformat(),
            "recovery_target_action": "promote",
        },
    )
    second.start()
    restored = Database(second.dsn(DATABASE))
    eventually(lambda: is_writable(restored), within=60, what="the end of the recovery")
    after_restore(restored.dsn)
    assert "0 findings" in tickets(restored.dsn, "audit", "verify")
    with running(restored) as served:
        manager = served.client(Role.OPS_MANAGER)
        assert seen(manager) == at_that_time
        assert kept.id in at_that_time.tickets
        assert lost.id not in at_that_time.tickets
        assert refusal_of(manager, cursor_of_then) == "CURSOR_EXPIRED"
        assert number_of(create(served, "Written after the restore")) > number_of(lost)


def behind(database: Database) -> int:
    """Events that a relay could read."""
    with database.connect() as connection:
        count: int = connection.execute(
            "SELECT count(*) FROM outbox, outbox_cursors AS place WHERE (outbox.xid, outbox.id) > (place.xid, place.id)"
            " AND outbox.xid < pg_snapshot_xmin(pg_current_snapshot())"
        ).fetchall()[0][0]
    return count


def number_of(ticket: t.Ticket) -> int:
    return int(ticket.id.removeprefix("TKT-"))


def archive_everything(database: Database, archive: Path) -> None:
    with database.connect() as connection:
        name: str = connection.execute("SELECT pg_walfile_name(pg_switch_wal())").fetchall()[0][0]
    eventually((archive / name).exists, within=60, what="the last file in the archive")


def is_writable(database: Database) -> bool:
    try:
        with database.connect() as connection:
            return connection.execute("SELECT pg_is_in_recovery()").fetchone() == (False,)
    except psycopg.OperationalError:
        return False
