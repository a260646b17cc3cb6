"""How fast a backlog is read: printed (`pytest -s`), and kept with the results; that all of it is told is asserted."""

import time
from collections.abc import Callable

import psycopg

from tests.integration.notifications.conftest import Pool
from tests.integration.notifications.pipeline import member, relay_all, webhook

EVENTS = 10_000
TICKETS = 1_000


def test_ten_thousand_events(
    pool: Pool, connection: psycopg.Connection, record_property: Callable[[str, object], None]
) -> None:
    for number in range(20):
        member(connection, f"u-{number}")
    webhook(connection, event_types=["MESSAGE_ADDED"])
    connection.execute(
        "INSERT INTO tickets (id, title, description, created_by_id, created_by_role, owner_id)"
        " SELECT 'TKT-' || n, 'Payment not received', 'The shipper has not paid.', 'shipper-' || n %% 50, 'shipper',"
        " 'u-' || n %% 20 FROM generate_series(1, %s) AS n",
        [TICKETS],
    )
    connection.execute(
        "INSERT INTO ticket_watchers (ticket_id, user_id)"
        " SELECT 'TKT-' || n, 'u-' || (n + k) %% 20 FROM generate_series(1, %s) AS n, generate_series(1, 2) AS k",
        [TICKETS],
    )
    relay_all(pool)
    connection.execute(
        "INSERT INTO ticket_messages (ticket_id, actor_id, actor_role, message)"
        " SELECT 'TKT-' || 1 + n %% %s, 'shipper-x', 'shipper', 'Where is my money, number ' || n"
        " FROM generate_series(1, %s) AS n",
        [TICKETS, EVENTS],
    )
    start = time.perf_counter()
    done = relay_all(pool)
    seconds = time.perf_counter() - start
    line = f"{done.events} events told to {4 * TICKETS} people and a webhook: {done.events / seconds:.0f}/s"
    record_property("drain", line)
    print(line)  # noqa: T201 - the report
    assert (done.events, done.deliveries, done.passed_over) == (EVENTS, EVENTS, 0)
    counted = "SELECT count(*), min(event_count), max(event_count) FROM notifications WHERE kind = 'MESSAGE_ADDED'"
    assert connection.execute(counted).fetchone() == (4 * TICKETS, EVENTS // TICKETS, EVENTS // TICKETS)
