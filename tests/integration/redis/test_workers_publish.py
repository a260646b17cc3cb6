"""What workers do to tickets wakes those who watch them."""

from collections.abc import Iterator

import pytest

from server.adapters.redis.wake_ups import WakeUps
from tests.database import Database
from tests.integration.postgres.rows import insert_ticket
from tests.redis_process import RedisProcess
from tests.waiting import eventually
from tests.worker_processes import StartCelery


@pytest.fixture
def wake_ups(redis_process: RedisProcess) -> Iterator[WakeUps]:
    """Of a server."""
    wake_ups = WakeUps(redis_process.url)
    yield wake_ups
    wake_ups.close()


def escalations(database: Database) -> int:
    with database.connect() as connection:
        row = connection.execute("SELECT count(*) FROM ticket_audit WHERE action = 'AUTO_ESCALATED'").fetchone()
    assert row is not None
    return int(row[0])


def test_an_escalation(database: Database, celery_processes: StartCelery, wake_ups: WakeUps) -> None:
    seen: list[int] = []
    wake_ups.subscribe(lambda: seen.append(escalations(database)))
    eventually(lambda: seen, what="a connection")
    with database.connect() as connection:
        insert_ticket(
            connection, owner_role="ops_manager", sla_due_at="2026-01-02T00:00:00Z", created_at="2026-01-01T00:00:00Z"
        )
    celery_processes(database).worker("sla", concurrency=1)
    eventually(lambda: 1 in seen, within=60, what="a wake-up since which the escalation can be seen")
