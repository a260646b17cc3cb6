"""kill -9 of a server process while many write: nothing acknowledged is lost, nothing happens twice."""

import os
import signal

from tests.database import Database
from tests.integration.reliability.children import children_of
from tests.integration.reliability.connections import server_connections
from tests.integration.reliability.writers import writing
from tests.running import StartServer
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
