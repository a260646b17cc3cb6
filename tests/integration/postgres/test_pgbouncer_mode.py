"""With ``database_transaction_pooling`` nothing depends on which connection a transaction gets."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc
import psycopg
import pytest

from rodistaa.tickets.client import TicketsError
from rodistaa.tickets.v1 import directory_service_pb2 as directory
from rodistaa.tickets.v1 import saved_view_service_pb2 as views
from rodistaa.tickets.v1 import ticket_bulk_pb2 as bulk
from rodistaa.tickets.v1 import ticket_pb2 as t
from rodistaa.tickets.v1 import ticket_reads_pb2 as reads
from rodistaa.tickets.v1 import ticket_writes_pb2 as writes
from rodistaa.tickets.v1 import timeline_reads_pb2 as timeline
from server.domain.roles import Role
from server.embedded.account import ServerAccount
from tests.database import Database
from tests.integration.postgres.transaction_pooler import TransactionPooler
from tests.running import Running, free_port, running
from tests.ticket_requests import REASON, new_ticket, retitle
from tests.waiting import eventually

SERVER_CONNECTIONS = 3


@pytest.fixture
def pooler(database: Database) -> Iterator[TransactionPooler]:
    made = TransactionPooler(database.dsn, SERVER_CONNECTIONS)
    yield made
    made.close()


@pytest.fixture
def served(pooler: TransactionPooler) -> Iterator[Running]:
    with running(Database(pooler.dsn), database_transaction_pooling=True, database_pool_size=8) as server:
        yield server


def tell_a_story(served: Running, number: int) -> list[tuple[str, str]]:
    """One of each call on a ticket of its own; who did what, as the audit has it."""
    name = f"manager-{number}"
    client = served.client(Role.OPS_MANAGER, name)
    rpc = client.tickets
    request = new_ticket(str(uuid4()), title=f"Payment {number} not received")
    ticket_id = rpc.CreateTicket(request).ticket.id
    assert rpc.CreateTicket(request).ticket.id == ticket_id
    assign = writes.AssignTicketRequest(id=ticket_id, owner_id=name, owner_role=t.ROLE_OPS_MANAGER, reason=REASON)
    ticket = rpc.AssignTicket(assign).ticket
    rpc.UpdateTicket(retitle(ticket_id, f"Payment {number} is late", etag=ticket.etag))
    rpc.AddMessage(writes.AddMessageRequest(ticket_id=ticket_id, message=f"Looking into {number}"))
    rpc.SetWatch(writes.SetWatchRequest(ticket_id=ticket_id))
    rpc.EscalateTicket(writes.EscalateTicketRequest(id=ticket_id, reason=REASON))
    resolve = writes.TransitionTicketRequest(
        id=ticket_id, status=t.TICKET_STATUS_RESOLVED, resolution_summary="The money has arrived."
    )
    rpc.TransitionTicket(resolve)
    assert rpc.GetTicket(reads.GetTicketRequest(id=ticket_id)).ticket.status == t.TICKET_STATUS_RESOLVED
    assert ticket_id in {each.id for each in rpc.ListTickets(reads.ListTicketsRequest(page_size=200)).tickets}
    assert rpc.SearchTickets(reads.SearchTicketsRequest(query="payment late")).results
    assert rpc.GetTicketStats(reads.GetTicketStatsRequest()).total_count
    assert rpc.ListTimeline(timeline.ListTimelineRequest(ticket_id=ticket_id)).entries
    assert rpc.ListWatchers(reads.ListWatchersRequest(ticket_id=ticket_id)).watchers
    client.saved_views.CreateSavedView(views.CreateSavedViewRequest(saved_view=views.SavedView(name="Late")))
    assert rpc.VerifyAudit(timeline.VerifyAuditRequest(ticket_id=ticket_id)).intact
    with pytest.raises(TicketsError) as refused:
        rpc.UpdateTicket(retitle(ticket_id, "Too late to say", etag=ticket.etag))
    assert refused.value.reason == "ETAG_MISMATCH"
    audit = rpc.ListAuditEntries(timeline.ListAuditEntriesRequest(ticket_id=ticket_id)).audit_entries
    return [(entry.action, entry.actor_id) for entry in audit]


STORY = (
    "TICKET_CREATED",
    "ASSIGNMENT_CHANGED",
    "TICKET_UPDATED",
    "MESSAGE_ADDED",
    "WATCH_CHANGED",
    "ESCALATED",
    "STATUS_CHANGED",
)


def assert_stories_stay_apart(served: Running) -> None:
    """Many at once, more than there are connections: each with its own actor."""
    with ThreadPoolExecutor(2 * SERVER_CONNECTIONS) as pool:
        told = list(pool.map(lambda number: tell_a_story(served, number), range(8)))
    assert told == [[(action, f"manager-{number}") for action in STORY] for number in range(8)]


def test_many_at_once_leave_nothing_in_their_sessions(served: Running, pooler: TransactionPooler) -> None:
    assert_stories_stay_apart(served)
    admin = served.client(Role.ADMIN)
    member = directory.Member(user_id="asha", role=t.ROLE_OPS_AGENT, display_name="Asha")
    admin.directory.UpsertMember(directory.UpsertMemberRequest(member=member))
    ticket_id = admin.tickets.CreateTicket(new_ticket()).ticket.id
    request = bulk.BulkUpdateTicketsRequest(ids=[ticket_id], tags=bulk.BulkTags(add=["late"]), reason=REASON)
    assert admin.tickets.BulkUpdateTickets(request).succeeded_count == 1
    assert pooler.left_behind == set()


def test_the_deadline_reaches_the_database_and_stays_with_its_call(
    served: Running, pooler: TransactionPooler, database: Database
) -> None:
    rpc = served.client(Role.OPS_MANAGER).tickets
    ticket_id = rpc.CreateTicket(new_ticket()).ticket.id
    with database.connect(autocommit=False) as holder:
        holder.execute("SELECT 1 FROM tickets WHERE id = %s FOR UPDATE", [ticket_id])
        with pytest.raises(TicketsError) as refused:
            rpc.UpdateTicket(retitle(ticket_id, "Payment is late"), timeout=0.4)
        assert refused.value.code is grpc.StatusCode.DEADLINE_EXCEEDED
        holder.execute("SET LOCAL statement_timeout = '10s'")
        blocked = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        eventually(lambda: holder.execute(blocked.encode()).fetchone() == (0,), within=5, what="the statement's end")
    for _ in range(2 * SERVER_CONNECTIONS):
        rpc.UpdateTicket(retitle(ticket_id, f"Payment is late {uuid4()}"))
    assert pooler.left_behind == set()


def test_this_pooler_would_have_seen_it(pooler: TransactionPooler) -> None:
    """Without the setting, deadlines and prepared statements are left behind for whoever comes next."""
    with psycopg.connect(pooler.dsn, autocommit=True, prepare_threshold=None) as connection:
        connection.execute("SELECT set_config('statement_timeout', '1234', false)")
        connection.execute("PREPARE something AS SELECT 1")
        connection.execute("SELECT pg_advisory_lock(7)")
    assert {"setting statement_timeout", "lock advisory"} <= pooler.left_behind
    assert any(seen.startswith("prepared statement") for seen in pooler.left_behind)


# --- the real one


@pytest.fixture
def pgbouncer(database: Database, tmp_path: Path) -> Iterator[str]:
    """Its connection string; skipped where it is not installed, but in CI, which installs it."""
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("pgbouncer is not installed; .ci/run does it")
        pytest.skip("pgbouncer is not installed (Debian's package of that name); its stand-in above is")
    given: dict[str, Any] = psycopg.conninfo.conninfo_to_dict(database.dsn)
    port = free_port()
    account = ServerAccount.current()
    directory = tmp_path / "pgbouncer"
    account.own(directory)
    configuration = directory / "pgbouncer.ini"
    configuration.write_text(
        f"""
        [databases]
        {given["dbname"]} = host={given["host"]} port={given["port"]} user=postgres
        [pgbouncer]
        listen_addr = 127.0.0.1
        listen_port = {port}
        unix_socket_dir =
        auth_type = any
        pool_mode = transaction
        default_pool_size = {SERVER_CONNECTIONS}
        """.replace("        ", "")
    )
    account.give(configuration)
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(account.command(Path(program), "-q", str(configuration)), stdout=log, stderr=log)
    dsn = psycopg.conninfo.make_conninfo(host="127.0.0.1", port=port, user="postgres", dbname=given["dbname"])

    def answers() -> bool:
        assert process.poll() is None, (directory / "log").read_text()
        try:
            psycopg.connect(dsn).close()
        except psycopg.OperationalError:
            return False
        return True

    try:
        eventually(answers, what="an answer of pgbouncer")
        yield dsn
    finally:
        process.terminate()
        process.wait(20)


def test_the_real_pgbouncer(pgbouncer: str) -> None:
    with running(Database(pgbouncer), database_transaction_pooling=True, database_pool_size=8) as served:
        assert_stories_stay_apart(served)
