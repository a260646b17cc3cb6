"""Transactions that took their number early and changed a ticket late: the feed's order is not that of the changes."""

import psycopg

from rodistaa.tickets.v1 import ticket_pb2 as t
from rodistaa.tickets.v1.filter_pb2 import TicketFilter
from server.domain.roles import Role
from tests.integration.postgres.rows import insert_ticket, update_ticket
from tests.integration.watching.followers import ListFollower, listed
from tests.running import Running
from tests.waiting import eventually

NEW = TicketFilter(statuses=[t.TICKET_STATUS_NEW], archived=False)


def early(connection: psycopg.Connection) -> None:
    connection.execute("SELECT pg_current_xact_id()")


def test_a_ticket_that_came_back_in_an_older_transaction_stays(fresh_server: Running) -> None:
    client = fresh_server.client(Role.OPS_MANAGER)
    database = fresh_server.database
    with database.connect() as now, database.connect(autocommit=False) as older:
        ticket = insert_ticket(now)
        follower = ListFollower(NEW)
        follower.open(client)
        eventually(lambda: ticket in follower.held, what="the snapshot")
        early(older)
        update_ticket(now, ticket, status="OPEN")
        update_ticket(older, ticket, status="NEW")
        older.commit()
        last = insert_ticket(now)
        eventually(lambda: last in follower.held, what="the last change")
        assert follower.held == listed(client, NEW)
        follower.close()
