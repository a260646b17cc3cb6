"""Transactions that took their number early and changed a ticket late: the feed's order is not that of the changes."""

import psycopg
import pytest

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


@pytest.mark.parametrize("with_others_between", [True, False])
@pytest.mark.parametrize("last", ["NEW", "OPEN"])
def test_the_older_transaction_has_the_last_word(fresh_server: Running, last: str, with_others_between: bool) -> None:
    client = fresh_server.client(Role.OPS_MANAGER)
    database = fresh_server.database
    with database.connect() as now, database.connect(autocommit=False) as older:
        ticket = insert_ticket(now, status=last)
        follower = ListFollower(NEW)
        follower.open(client)
        eventually(lambda: follower.cursor, what="the snapshot")
        early(older)
        if with_others_between:
            insert_ticket(now)
        update_ticket(now, ticket, status="OPEN" if last == "NEW" else "NEW")
        update_ticket(older, ticket, status=last)
        older.commit()
        end = insert_ticket(now)
        eventually(lambda: end in follower.held, what="the last change")
        assert follower.held == listed(client, NEW)
        assert (ticket in follower.held) is (last == "NEW")
        assert follower.faults == []
        follower.close()
