"""What live streams ask of some tickets is a look into an index for each, however many tickets there are."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import psycopg
import pytest

from server.adapters.postgres import feed_tickets
from server.adapters.postgres.sessions import Session
from server.application.call import Call
from server.domain.ids import ChainNo, Seq, TicketId
from server.domain.principal import SYSTEM
from tests.database import TestServer
from tests.integration.postgres.test_indexes import names_in
from tests.integration.postgres.test_notification_statements import nodes

IDS = [TicketId(f"TKT-{number}") for number in range(1, 300, 7)]


@pytest.fixture(scope="module")
def loaded(postgres: TestServer) -> Iterator[psycopg.Connection]:
    with postgres.new_database() as database, database.connect() as connection:
        for statement in (Path(__file__).parent / "load.sql").read_text().split(";\n"):
            connection.execute(statement.encode())
        connection.execute("INSERT INTO ticket_timeline_heads (ticket_id, last_at) SELECT id, now() FROM tickets")
        connection.execute("ANALYZE ticket_timeline_heads")
        yield connection


class Explaining:
    """A connection that notes the plan of each statement: the one for these values, and the one for any."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection
        self.plans: list[Any] = []

    def execute(self, sql: bytes, values: Any, **_: Any) -> Any:
        for mode in ("force_custom_plan", "force_generic_plan"):
            self._connection.execute(f"SET plan_cache_mode = {mode}")
            row = self._connection.execute(b"EXPLAIN (FORMAT JSON) " + sql, values, prepare=True).fetchone()
            assert row is not None
            self.plans.append(row[0])
        return self._connection.execute(sql, values)


@pytest.fixture
def explaining(loaded: psycopg.Connection) -> Explaining:
    return Explaining(loaded)


@pytest.fixture
def session(explaining: Explaining) -> Session:
    return Session(cast("psycopg.Connection", explaining), Call(SYSTEM))


def assert_read_by(explaining: Explaining, *indexes: str) -> None:
    scans = {
        node["Relation Name"] for plan in explaining.plans for node in nodes(plan) if node["Node Type"] == "Seq Scan"
    }
    assert scans == set()
    assert names_in(explaining.plans) >= set(indexes)


def test_states_and_places(session: Session, explaining: Explaining) -> None:
    assert feed_tickets.places(session, IDS).keys() == set(IDS)
    assert_read_by(explaining, "tickets_pkey", "ticket_timeline_heads_pkey", "ticket_watchers_pkey")


def test_changes_since(session: Session, explaining: Explaining) -> None:
    assert feed_tickets.changes_since(session, dict.fromkeys(IDS, ChainNo(1)))
    assert_read_by(explaining, "ticket_audit_pkey")


def test_entries_after(session: Session, explaining: Explaining) -> None:
    assert feed_tickets.entries_after(session, dict.fromkeys(IDS, Seq(0)), limit=5)
    assert_read_by(explaining, "ticket_messages_pkey", "ticket_audit_seq_idx")
