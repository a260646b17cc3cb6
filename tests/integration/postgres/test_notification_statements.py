"""What readers and administrators ask of notifications and webhooks runs by index, as the repositories write it."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import psycopg
import pytest

from server.adapters.postgres.notice_repository import PostgresNoticeRepository
from server.adapters.postgres.sessions import Session
from server.adapters.postgres.webhook_repository import PostgresWebhookRepository
from server.application.call import Call
from server.application.notification_repositories import NoticeReader
from server.domain.ids import UserId
from server.domain.principal import SYSTEM
from server.domain.webhooks import DeliveryStatus
from tests.database import TestServer

NOW = datetime.now(UTC)
AFTER = (NOW - timedelta(days=9), UUID(int=7))
USER = NoticeReader(UserId("u-7"), is_outside=True)
WEBHOOK = UUID("01a2074e-1fa7-7f03-8bda-8cfecba65f99")


@pytest.fixture(scope="module")
def loaded(postgres: TestServer) -> Iterator[psycopg.Connection]:
    with postgres.new_database() as database, database.connect() as connection:
        for statement in (Path(__file__).parent / "load.sql").read_text().split(";\n"):
            connection.execute(statement.encode())
        yield connection


class Explaining:
    """A connection that notes the plan of each statement before it runs it."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection
        self.plans: list[Any] = []

    def execute(self, sql: bytes, values: Any, **_: Any) -> Any:
        row = self._connection.execute(b"EXPLAIN (FORMAT JSON) " + sql, values).fetchone()
        assert row is not None
        self.plans.append(row[0])
        return self._connection.execute(sql, values)


def nodes(plan: Any) -> Iterator[dict[str, Any]]:
    """Every node of a plan."""
    if isinstance(plan, list):
        for each in plan:
            yield from nodes(each)
    elif isinstance(plan, dict):
        if "Node Type" in plan:
            yield plan
        yield from nodes(list(plan.values()))


Ask = Callable[[PostgresNoticeRepository, PostgresWebhookRepository], object]

ASKED: dict[str, tuple[str, Ask]] = {
    "a page": ("notifications_user_idx", lambda n, _: n.page(USER, unread_only=False, after=None, limit=26)),
    "the next page": ("notifications_user_idx", lambda n, _: n.page(USER, unread_only=False, after=AFTER, limit=26)),
    "unread ones": ("notifications_unread_idx", lambda n, _: n.page(USER, unread_only=True, after=None, limit=26)),
    "more of them": ("notifications_unread_idx", lambda n, _: n.page(USER, unread_only=True, after=AFTER, limit=26)),
    "how many": ("notifications_unread_idx", lambda n, _: n.count_unread(USER, at_most=1_000)),
    "read until": ("notifications_unread_idx", lambda n, _: n.mark_read_until(USER, AFTER[0], now=NOW)),
    "deliveries": ("webhook_deliveries_webhook_idx", lambda _, w: w.deliveries(WEBHOOK, (), after=None, limit=26)),
    "dead letters": (
        "webhook_deliveries_dead_idx",
        lambda _, w: w.deliveries(WEBHOOK, [DeliveryStatus.DEAD], after=AFTER, limit=26),
    ),
    "sending again": ("webhook_deliveries_pkey", lambda _, w: w.redeliver(WEBHOOK, UUID(int=7), now=NOW)),
}


@pytest.mark.parametrize("asked", ASKED)
def test_it_runs_by_index(loaded: psycopg.Connection, asked: str) -> None:
    index, ask = ASKED[asked]
    connection = Explaining(loaded)
    session = Session(cast("Any", connection), Call(SYSTEM))
    with loaded.transaction(force_rollback=True):
        ask(PostgresNoticeRepository(session), PostgresWebhookRepository(session))
    (plan,) = connection.plans
    used = {node["Index Name"] for node in nodes(plan) if "Index Name" in node}
    assert index in used, json.dumps(plan, indent=1)


def test_those_that_are_named_are_found_by_one_index_or_the_other(loaded: psycopg.Connection) -> None:
    connection = Explaining(loaded)
    with loaded.transaction(force_rollback=True):
        notices = PostgresNoticeRepository(Session(cast("Any", connection), Call(SYSTEM)))
        notices.mark_read(USER, [UUID(int=number) for number in range(3)], now=NOW)
    assert "Seq Scan" not in {node["Node Type"] for node in nodes(connection.plans)}
