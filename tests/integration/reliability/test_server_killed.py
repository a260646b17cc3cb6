"""kill -9 of a server process while many write: nothing acknowledged is lost, nothing happens twice."""

import os
import signal
from uuid import uuid4

from rodistaa.tickets.client import connect
from rodistaa.tickets.v1 import ticket_bulk_pb2 as bulk
from server.domain.roles import Role
from tests.database import Database
from tests.integration.postgres.rows import insert_ticket
from tests.integration.reliability.children import children_of
from tests.integration.reliability.connections import blocked_statements, server_connections
from tests.integration.reliability.writers import writing
from tests.running import StartServer, token_for
from tests.ticket_requests import REASON
from tests.waiting import eventually

POOL_SIZE = 4


def test_a_server_is_killed_and_started_again(database: Database, server_processes: StartServer) -> None:
    pool = {"TICKETS_DATABASE_POOL_SIZE": str(POOL_SIZE), "TICKETS_ACCESS_LOG": "false"}
    process = server_processes(**pool)
    process.wait_ready()
    with writing(process.target, database) as work:
        work.go_on(5)
        process.kill()
        process = server_processes(port=process.port, **pool)
        work.go_on(5)
        work.stop()
        work.reckon()
    eventually(lambda: len(server_connections(database)) == POOL_SIZE, what="the connections of one server")
    eventually(lambda: set(server_connections(database)) == {"idle"}, what="idle connections")
    assert process.stop() == 0
    eventually(lambda: server_connections(database) == [], what="no connections")


def test_one_of_two_processes_is_killed(database: Database, server_processes: StartServer) -> None:
    process = server_processes(
        "--processes", "2", TICKETS_DATABASE_POOL_SIZE=str(POOL_SIZE), TICKETS_ACCESS_LOG="false"
    )
    process.wait_ready()
    eventually(lambda: len(server_connections(database)) == 2 * POOL_SIZE, what="the connections of two processes")
    before = children_of(process)
    assert len(before) == 2
    with writing(process.target, database) as work:
        work.go_on(5)
        os.kill(before[0], signal.SIGKILL)
        work.go_on(5)
        eventually(
            lambda: len(now := children_of(process)) == 2 and before[0] not in now,
            what="a process in place of the killed one",
        )
        assert before[1] in children_of(process), "the other one was left alone"
        eventually(lambda: len(server_connections(database)) == 2 * POOL_SIZE, what="the connections of two processes")
        os.kill(before[1], signal.SIGKILL)
        work.go_on(5)
        work.stop()
        work.reckon()
    eventually(lambda: server_connections(database) == ["idle"] * 2 * POOL_SIZE, what="as many connections as before")
    assert process.stop() == 0
    eventually(lambda: server_connections(database) == [], what="no connections")


def test_a_bulk_change_that_was_cut_short_is_finished_by_its_repetition(
    database: Database, server_processes: StartServer
) -> None:
    with database.connect() as connection, database.connect(autocommit=False) as holder:
        ids = [insert_ticket(connection) for _ in range(20)]
        request = bulk.BulkUpdateTicketsRequest(
            ids=ids, tags=bulk.BulkTags(add=["fraud"]), reason=REASON, request_id=str(uuid4())
        )
        tagged = "SELECT count(*) FROM tickets WHERE tags = '{fraud}'"
        process = server_processes()
        process.wait_ready()
        with connect(process.target, token=token_for(Role.ADMIN), tls=False) as client:
            # Half of them are changed, the next one is in somebody's hands.
            holder.execute("SELECT 1 FROM tickets WHERE id = %s FOR UPDATE", [ids[10]])
            cut_short = client.tickets.BulkUpdateTickets.future(request)
            eventually(lambda: blocked_statements(database) == 1, what="the tenth ticket's turn")
            process.kill()
            assert cut_short.exception() is not None
        holder.rollback()
        assert connection.execute(tagged.encode()).fetchone() == (10,)

        process = server_processes(port=process.port)
        process.wait_ready()
        with connect(process.target, token=token_for(Role.ADMIN), tls=False) as client:
            answer = client.tickets.BulkUpdateTickets(request)
            assert client.tickets.BulkUpdateTickets(request) == answer
        assert (answer.succeeded_count, answer.failed_count) == (20, 0)
        assert connection.execute(tagged.encode()).fetchone() == (20,)
        assert connection.execute("SELECT DISTINCT version FROM tickets").fetchall() == [(2,)]
        changes = "SELECT count(*) FROM ticket_audit WHERE action = 'TICKET_UPDATED' AND actor_role = 'admin'"
        assert connection.execute(changes.encode()).fetchone() == (20,)
