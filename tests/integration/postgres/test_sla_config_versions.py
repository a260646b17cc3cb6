"""Policies and calendars as somebody in psql meets them: each real edit makes a version, and no version is lost."""

from typing import Any, LiteralString, NamedTuple

import psycopg
import pytest
from psycopg.rows import namedtuple_row

from server.adapters.postgres.policy_book import PostgresPolicyBook
from server.adapters.postgres.pool import open_pool
from server.adapters.postgres.sessions import Session, Sessions
from server.adapters.postgres.sla_policy_repository import PostgresSlaPolicyRepository
from server.application.call import Call
from server.domain.principal import SYSTEM
from tests.database import Database
from tests.integration.postgres.rows import AGENT, insert, insert_ticket, set_context

OFFICE = '[{"day": 1, "opens": 540, "closes": 1080}]'


class Version(NamedTuple):
    version: int
    resolution_time_minutes: int
    updated_by_id: str


@pytest.fixture
def connection(database: Database) -> Any:
    """Of a database of its own: policies are everybody's."""
    with database.connect() as opened:
        yield opened


def versions(connection: psycopg.Connection, priority: str = "HIGH") -> list[Version]:
    rows = connection.execute(
        """
        SELECT version, resolution_time_minutes, updated_by_id FROM sla_policy_versions
        WHERE priority = %s ORDER BY version
        """,
        [priority],
    )
    return [Version(*row) for row in rows]


def config(connection: psycopg.Connection, priority: str = "HIGH") -> Any:
    cursor = connection.cursor(row_factory=namedtuple_row)
    row = cursor.execute("SELECT * FROM sla_config WHERE priority = %s", [priority]).fetchone()
    assert row is not None
    return row


def add_calendar(connection: psycopg.Connection, version: int = 1, windows: str = OFFICE, **columns: object) -> None:
    values = {"id": "office", "version": version, "display_name": "Office", "time_zone": "Asia/Kolkata", **columns}
    insert(connection, "sla_calendars", **values, windows=windows)


def test_the_seeded_policies_are_the_first_versions(connection: psycopg.Connection) -> None:
    kept = connection.execute("SELECT priority, version, updated_by_id FROM sla_policy_versions ORDER BY 1").fetchall()
    assert kept == [(priority, 1, "SYSTEM") for priority in ("LOW", "MEDIUM", "HIGH", "CRITICAL")]


def test_an_edit_makes_a_version_in_the_name_of_who_made_it(connection: psycopg.Connection) -> None:
    connection.execute("UPDATE sla_config SET resolution_time_minutes = 600 WHERE priority = 'HIGH'")
    with connection.transaction():
        set_context(connection, AGENT)
        connection.execute("UPDATE sla_config SET resolution_time_minutes = 300 WHERE priority = 'HIGH'")
    assert versions(connection) == [(1, 1440, "SYSTEM"), (2, 600, "SYSTEM"), (3, 300, "u-7")]
    assert (config(connection).version, config(connection).updated_by_id) == (3, "u-7")
    assert len(versions(connection, "LOW")) == 1


def test_an_edit_that_changes_nothing_makes_none(connection: psycopg.Connection) -> None:
    before = config(connection)
    connection.execute(
        """
        UPDATE sla_config SET resolution_time_minutes = resolution_time_minutes, version = 90, updated_at = now(),
            updated_by_id = 'somebody' WHERE priority = 'HIGH'
        """
    )
    assert config(connection) == before
    assert len(versions(connection)) == 1


def test_number_date_and_author_of_an_edit_cannot_be_chosen(connection: psycopg.Connection) -> None:
    connection.execute(
        """
        UPDATE sla_config SET response_time_minutes = 7, version = 90, updated_at = '2020-01-01', updated_by_id = 'x'
        WHERE priority = 'HIGH'
        """
    )
    row = config(connection)
    assert (row.version, row.updated_by_id, row.updated_at.year > 2020) == (2, "SYSTEM", True)
    kept = connection.execute("SELECT updated_at FROM sla_policy_versions WHERE priority = 'HIGH' AND version = 2")
    assert kept.fetchone() == (row.updated_at,)


@pytest.mark.parametrize(
    "assignment",
    [
        "response_time_minutes = 7",
        "resolution_time_minutes = 7000",
        "escalation_interval_minutes = 15",
        "escalation_chain = '[\"hq_support\"]'",
        "paused_statuses = '{}'",
        "calendar_id = 'office'",
    ],
)
def test_every_setting_is_kept_with_its_version(connection: psycopg.Connection, assignment: LiteralString) -> None:
    add_calendar(connection)
    connection.execute(f"UPDATE sla_config SET {assignment} WHERE priority = 'HIGH'")
    row = connection.execute(
        """
        SELECT count(*) FROM sla_config JOIN sla_policy_versions AS kept USING (
            priority, version, response_time_minutes, resolution_time_minutes, escalation_chain, paused_statuses,
            updated_at, updated_by_id
        )
        WHERE priority = 'HIGH' AND version = 2
            AND kept.escalation_interval_minutes IS NOT DISTINCT FROM sla_config.escalation_interval_minutes
            AND (kept.calendar_id, kept.calendar_version)
                IS NOT DISTINCT FROM (sla_config.calendar_id, sla_config.calendar_version)
        """
    ).fetchone()
    assert row == (1,)


def test_a_policy_made_anew_goes_on_with_its_numbers(connection: psycopg.Connection) -> None:
    connection.execute("UPDATE sla_config SET resolution_time_minutes = 600 WHERE priority = 'HIGH'")
    ticket_id = insert_ticket(connection, priority="HIGH")
    connection.execute("DELETE FROM sla_config WHERE priority = 'HIGH'")
    insert(
        connection,
        "sla_config",
        priority="HIGH",
        response_time_minutes=5,
        resolution_time_minutes=50,
        escalation_chain="[]",
    )
    assert config(connection).version == 3
    assert [each[:2] for each in versions(connection)] == [(1, 1440), (2, 600), (3, 50)]
    pinned = connection.execute("SELECT sla_policy_version FROM tickets WHERE id = %s", [ticket_id]).fetchone()
    assert pinned == (2,)
    connection.execute("UPDATE sla_config SET resolution_time_minutes = 60 WHERE priority = 'HIGH'")
    assert config(connection).version == 4


def test_a_policy_pins_the_newest_version_of_a_calendar_it_is_given(connection: psycopg.Connection) -> None:
    add_calendar(connection)
    add_calendar(connection, version=2)
    connection.execute("UPDATE sla_config SET calendar_id = 'office' WHERE priority = 'HIGH'")
    row = config(connection)
    assert (row.version, row.calendar_id, row.calendar_version) == (2, "office", 2)

    add_calendar(connection, version=3)
    assert config(connection) == row
    connection.execute("UPDATE sla_config SET calendar_version = 3 WHERE calendar_id = 'office'")
    assert (config(connection).version, config(connection).calendar_version) == (3, 3)

    connection.execute("UPDATE sla_config SET calendar_id = NULL WHERE priority = 'HIGH'")
    row = config(connection)
    assert (row.version, row.calendar_id, row.calendar_version) == (4, None, None)


def test_a_policy_inserted_with_a_calendar_pins_it_too(connection: psycopg.Connection) -> None:
    add_calendar(connection)
    connection.execute("DELETE FROM sla_config WHERE priority = 'HIGH'")
    insert(
        connection,
        "sla_config",
        priority="HIGH",
        response_time_minutes=5,
        resolution_time_minutes=50,
        escalation_chain="[]",
        calendar_id="office",
    )
    assert config(connection).calendar_version == 1


def test_a_calendar_that_is_not_there_cannot_be_named(connection: psycopg.Connection) -> None:
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        connection.execute("UPDATE sla_config SET calendar_id = 'nowhere', calendar_version = 1")
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        connection.execute("UPDATE sla_config SET calendar_id = 'nowhere'")


@pytest.mark.parametrize("columns", [{"windows": "[]"}, {"windows": "{}"}, {"holidays": "{}"}, {"version": 0}])
def test_a_calendar_needs_hours_and_a_number(connection: psycopg.Connection, columns: dict[str, Any]) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        add_calendar(connection, **columns)


@pytest.mark.parametrize("table", ["sla_policy_versions", "sla_calendars", "ticket_escalations"])
@pytest.mark.parametrize(
    "statement", ["UPDATE {} SET version = version", "DELETE FROM {}", "TRUNCATE {} CASCADE"], ids=lambda text: text[:6]
)
def test_what_tickets_rest_on_is_kept(
    connection: psycopg.Connection, table: LiteralString, statement: LiteralString
) -> None:
    add_calendar(connection)
    changed = statement.replace("version", "level") if table == "ticket_escalations" else statement
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(changed.format(table))


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("escalation_chain", '["nobody"]'),
        ("escalation_chain", '["ops_agent", "shipper"]'),
        ("escalation_chain", "[1, {}]"),
        ("escalation_chain", '[["ops_agent"]]'),
        ("escalation_chain", '"ops_agent"'),
        ("paused_statuses", [None]),
        ("response_time_minutes", 0),
    ],
)
def test_what_no_server_could_read_is_refused(connection: psycopg.Connection, column: str, value: object) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        connection.execute(f"UPDATE sla_config SET {column} = %s WHERE priority = 'LOW'".encode(), [value])


def test_a_policy_that_cannot_be_read_spoils_no_other(
    connection: psycopg.Connection, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    add_calendar(connection, windows='[{"day": "Monday"}]')
    connection.execute("UPDATE sla_config SET calendar_id = 'office' WHERE priority = 'LOW'")
    connection.execute("""UPDATE sla_config SET escalation_chain = '["ops_agent", "finance", "ops_agent"]'
        WHERE priority = 'MEDIUM'""")
    session = Session(connection, Call(SYSTEM))
    found = {policy.priority.value: policy for policy in PostgresSlaPolicyRepository(session).all()}
    assert set(found) == {"MEDIUM", "HIGH", "CRITICAL"}
    assert found["MEDIUM"].escalation_chain == ("ops_agent", "finance")
    assert "the SLA policy of LOW cannot be read" in caplog.text
    with open_pool(database.dsn, min_size=1, max_size=1, wait_seconds=10, prepare_statements=True) as pool:
        book = PostgresPolicyBook(Sessions(pool, session_settings=True, default_timeout_ms=60_000))
        assert dict(book.current(Call(SYSTEM))) == {policy.priority: policy for policy in found.values()}
