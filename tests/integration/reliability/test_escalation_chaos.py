"""Workers and beats killed at random under load, Redis flushed, PostgreSQL restarted: each ticket escalates once.

TICKETS_TEST_CHAOS_TICKETS sets how many there are.
"""

from __future__ import annotations

import json
import os
import random
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from server.commands.audit_report import verify_chains
from tests.integration.postgres.rows import insert
from tests.integration.reliability.conftest import OwnPostgres
from tests.integration.sla.conftest import INSERT
from tests.redis_process import RedisProcess
from tests.waiting import eventually
from tests.worker_processes import CeleryProcess, CeleryProcesses, StartCelery

TICKETS = int(os.environ.get("TICKETS_TEST_CHAOS_TICKETS", "10000"))
WAVES = 12
SEED = 20_261_123

QUEUES = "sla,outbox,email,push,sms,webhooks,housekeeping"
DUE = {"age": "24 hours 1 minute", "priority": "HIGH", "status": "OPEN"}
"""Past the targets of HIGH, and far from the second level. So all three events of the clock are due."""
EVENTS = ("AUTO_ESCALATED", "FIRST_RESPONSE_BREACHED", "SLA_NEAR_BREACH")
RECIPIENTS = ("manager-1", "manager-2")
"""Of the role that the tickets escalate to."""


@dataclass
class Chaos:
    """Two workers and two beats, and what befalls them."""

    postgres: OwnPostgres
    redis: RedisProcess
    processes: CeleryProcesses
    workers: list[CeleryProcess] = field(default_factory=list)
    beats: list[CeleryProcess] = field(default_factory=list)
    dice: random.Random = field(default_factory=lambda: random.Random(SEED))

    def start(self) -> None:
        self.workers = [self.processes.worker(QUEUES, concurrency=2) for _ in range(2)]
        self.beats = [self.processes.beat() for _ in range(2)]

    def kill_worker(self) -> None:
        self._replace(self.workers, lambda: self.processes.worker(QUEUES, concurrency=2))

    def kill_beat(self) -> None:
        self._replace(self.beats, self.processes.beat)

    def restart_postgres(self) -> None:
        self.postgres.cluster.stop()
        self.postgres.cluster.start()

    def something(self, wave: int) -> None:
        """Every kind within any six waves; the dice say which process."""
        kinds: list[Callable[[], None]] = [
            self.kill_worker,
            self.redis.flush,
            self.kill_worker,
            self.restart_postgres,
            self.kill_worker,
            self.kill_beat,
        ]
        kinds[wave % len(kinds)]()

    def _replace(self, among: list[CeleryProcess], start: Callable[[], CeleryProcess]) -> None:
        place = self.dice.randrange(len(among))
        among[place].kill()
        among[place] = start()


@pytest.fixture
def chaos(own_postgres: OwnPostgres, redis_process: RedisProcess, celery_processes: StartCelery) -> Chaos:
    processes = celery_processes(
        own_postgres.database,
        # Many small transactions, so that there is much to be killed in the middle of.
        sla_sweep_batch=20,
        outbox_batch=50,
        delivery_batch=20,
        worker_database_connections=2,
        notification_window_seconds=1,
        sla_near_breach_sweep_seconds=2,
        sla_breach_sweep_seconds=2,
        notification_sweep_seconds=2,
    )
    with own_postgres.database.connect() as connection:
        for user in RECIPIENTS:
            insert(
                connection,
                "staff_members",
                user_id=user,
                role="regional_manager",
                display_name=user,
                email=f"{user}@example.com",
            )
    return Chaos(own_postgres, redis_process, processes)


def counted(chaos: Chaos, query: LiteralString) -> int:
    try:
        with chaos.postgres.database.connect() as connection:
            row = connection.execute(query).fetchone()
    except psycopg.OperationalError:
        return 0  # it comes back in a moment
    return 0 if row is None else int(row[0])


def escalated(chaos: Chaos) -> int:
    return counted(chaos, "SELECT count(*) FROM ticket_escalations")


def delivered(chaos: Chaos) -> int:
    return counted(
        chaos,
        "SELECT count(*) FROM notifications JOIN notification_deliveries AS sent ON notification_id = notifications.id"
        " WHERE kind = 'ESCALATED' AND status = 'delivered'",
    )


def wait_for_escalations(chaos: Chaos, least: int, *, within: float) -> None:
    eventually(lambda: escalated(chaos) >= least, within=within, what=f"{least} escalations")


def leases_run_out(chaos: Chaos) -> None:
    """What a killed worker was about to send is sent by another after five minutes; the test makes them pass at once.
    Some of what is being sent just now is then sent twice, as may happen with any lease."""
    # Whatever the last kill left behind has been claimed before this.
    eventually(lambda: delivered(chaos) > 0, within=60, what="some delivery")
    with chaos.postgres.database.connect() as connection:
        connection.execute("UPDATE notification_deliveries SET next_attempt_at = now() WHERE status = 'pending'")


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_each_ticket_escalates_once_and_everybody_hears_of_it(chaos: Chaos, tmp_path: Path) -> None:
    records = Records(tmp_path / "notifications")
    chaos.start()
    wave_size = TICKETS // WAVES
    for wave in range(WAVES):
        with chaos.postgres.database.connect() as connection:
            connection.execute(INSERT, {**DUE, "count": wave_size})
        wait_for_escalations(chaos, wave * wave_size + wave_size // 2, within=120)
        chaos.something(wave)
        records.take()
    total = WAVES * wave_size
    wait_for_escalations(chaos, total, within=300)
    leases_run_out(chaos)

    def all_delivered() -> bool:
        records.take()
        return delivered(chaos) >= total * len(RECIPIENTS)

    eventually(all_delivered, within=600, what="all deliveries")

    with chaos.postgres.database.connect() as connection:
        assert escalations(connection) == {(1, 1): total}
        # One audit row and one outbox row of each kind for each ticket.
        for table, column in (("ticket_audit", "action"), ("outbox", "event_type")):
            for event in EVENTS:
                assert times(connection, table, column, event) == {1: total}, (table, event)
        keys = notified(connection)
    assert len(keys) == total
    records.take()
    for ticket, users in keys.items():
        assert users.keys() == set(RECIPIENTS)
        for user, dedupe_keys in users.items():
            assert len(dedupe_keys) == 1, (ticket, user)
            # At least once, and always under the same key.
            assert records.keys[ticket, f"{user}@example.com"] == dedupe_keys
    findings: list[str] = []
    assert verify_chains(chaos.postgres.database.dsn, [], say=findings.append), findings
    assert counted(chaos, "SELECT count(*) FROM outbox_failures") == 0


def escalations(connection: psycopg.Connection) -> dict[tuple[int, int], int]:
    """How many tickets there are of each cycle and level."""
    rows = connection.execute("SELECT cycle, level, count(*) FROM ticket_escalations GROUP BY 1, 2").fetchall()
    return {(cycle, level): tickets for cycle, level, tickets in rows}


def times(connection: psycopg.Connection, table: str, column: str, event: str) -> dict[int, int]:
    """How many tickets have so many rows of the event."""
    query = (
        f"SELECT rows, count(*) FROM (SELECT ticket_id, count(*) AS rows FROM {table} WHERE {column} = %s"
        " GROUP BY ticket_id) AS counted GROUP BY rows"
    )
    return dict(connection.execute(query, [event]).fetchall())


def notified(connection: psycopg.Connection) -> dict[str, dict[str, set[str]]]:
    """The dedupe keys of what was delivered about escalations, by ticket and recipient."""
    keys: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    rows = connection.execute(
        "SELECT ticket_id, user_id, notifications.id::text FROM notifications"
        " JOIN notification_deliveries AS sent ON sent.notification_id = notifications.id"
        " WHERE kind = 'ESCALATED' AND sent.status = 'delivered' AND sent.channel = 'email'"
    )
    for ticket_id, user_id, key in rows:
        keys[ticket_id][user_id].add(key)
    return keys


@dataclass
class Records:
    """What the recording provider has written, read as it grows, since it keeps no more than two files."""

    directory: Path
    keys: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    """The dedupe keys of messages about escalations, by ticket and address."""
    read: dict[bytes, int] = field(default_factory=dict)
    """How far each file has been read, by its first line: a file may get the name and the inode of one that is gone."""

    def take(self) -> None:
        """Read what is new; the older file last, should they change places meanwhile."""
        for name in ("email.jsonl.1", "email.jsonl", "email.jsonl.1"):
            with suppress(FileNotFoundError), (self.directory / name).open("rb") as file:
                first = file.readline()
                file.seek(self.read.get(first, 0))
                for line in file:
                    if not line.endswith(b"\n"):
                        break  # it is just being written
                    self.read[first] = self.read.get(first, 0) + len(line)
                    record = json.loads(line)
                    if record["kind"] == "ESCALATED":
                        self.keys[record["ticket_id"], record["address"]].add(record["dedupe_key"])
