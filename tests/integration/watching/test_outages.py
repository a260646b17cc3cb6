"""Redis, PostgreSQL and servers go away while streams are open: nothing is missed, nothing told twice."""

import os
import signal
from contextlib import suppress

import grpc
import psycopg
import pytest

from rodistaa.tickets.client import TicketsError
from rodistaa.tickets.v1.ticket_watch_pb2 import WatchTicketsRequest
from server.domain.roles import Role
from tests.database import Database
from tests.integration.reliability.conftest import OwnPostgres
from tests.integration.watching.flow import Flow, until_it_works
from tests.integration.watching.followers import client_of, listed
from tests.redis_process import RedisProcess
from tests.running import StartServer, running, token_for
from tests.waiting import eventually

MANAGER = token_for(Role.OPS_MANAGER)


def test_redis_is_flushed_hangs_and_goes_away(database: Database, redis_process: RedisProcess) -> None:
    flow = Flow(database)
    with running(database, redis_url=redis_process.url) as served:
        client = served.client(Role.OPS_MANAGER)
        flow.begin(client)
        redis_process.flush()
        flow.write()
        flow.is_told()
        redis_process.pause()
        flow.write()
        flow.is_told()
        redis_process.resume()
        redis_process.stop()
        flow.write()
        flow.is_told()
        flow.close()
        flow.open(client)
        flow.write()
        flow.is_told()
        redis_process.start()
        flow.write()
        flow.reckon(client)
        assert flow.still_open
        flow.close()


def test_a_server_is_killed(database: Database, server_processes: StartServer) -> None:
    first, second = server_processes(), server_processes()
    first.wait_ready()
    second.wait_ready()
    flow = Flow(database)
    with client_of(first.target, MANAGER) as here, client_of(second.target, MANAGER) as there:
        flow.begin(here)
        flow.write(20)
        first.kill()
        flow.write()
        for follower in flow.followers:
            assert follower.stream.end().code is grpc.StatusCode.UNAVAILABLE
        flow.open(there)
        flow.write()
        flow.reckon(there)
        flow.close()


def crash(database: Database) -> None:
    """One process is killed; PostgreSQL ends all others, and recovers from its log."""
    with suppress(psycopg.Error), database.connect() as connection:
        row = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'rodistaa-tickets' LIMIT 1"
        ).fetchone()
        assert row is not None
        os.kill(row[0], signal.SIGKILL)
        eventually(lambda: connection.execute("SELECT 1").fetchone() is None, what="the end of all connections")


@pytest.mark.parametrize("gently", [True, False])
def test_the_database_is_restarted(own_postgres: OwnPostgres, gently: bool) -> None:
    """Open streams go on by themselves."""
    flow = Flow(own_postgres.database)
    with running(own_postgres.database, database_pool_timeout_seconds=0.5) as served:
        client = served.client(Role.OPS_MANAGER)
        flow.begin(client)
        flow.write()
        flow.is_told()
        # Numbers of which nothing has reached the disk are given out again after a crash.
        flow.burn_numbers(200)
        if gently:
            own_postgres.cluster.stop()
            with pytest.raises(TicketsError) as away:
                list(client.tickets.WatchTickets(WatchTicketsRequest()))
            assert away.value.code is grpc.StatusCode.UNAVAILABLE
            own_postgres.cluster.start()
        else:
            crash(own_postgres.database)
        until_it_works(lambda: own_postgres.database.connect().close(), psycopg.Error)
        flow.write()
        flow.is_told()
        assert flow.still_open
        flow.close()
        flow.write()
        until_it_works(lambda: listed(client, flow.tickets.where), TicketsError)
        flow.open(client)
        flow.reckon(client)
        flow.close()


def test_a_stream_that_catches_up_while_the_database_is_away(own_postgres: OwnPostgres) -> None:
    flow = Flow(own_postgres.database)
    flow.write(300)
    with running(own_postgres.database, database_pool_timeout_seconds=0.5) as served:
        client = served.client(Role.OPS_MANAGER)
        flow.open(client)
        eventually(lambda: flow.entries.numbers, what="a first entry")
        own_postgres.cluster.stop()
        own_postgres.cluster.start()
        flow.write()
        flow.is_told()
        assert flow.still_open
        flow.reckon(client)
        flow.close()
