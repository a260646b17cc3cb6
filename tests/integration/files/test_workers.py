"""Real workers and a real beat keep the store clean."""

from pathlib import Path

import psycopg

from server.domain.exports import ExportFormat, object_key_of
from server.files import open_store
from tests.database import Database
from tests.integration.files.stored import attach, attached, condemn, noted, stored
from tests.integration.postgres.rows import insert, insert_ticket
from tests.running import free_port, settings_for
from tests.waiting import eventually
from tests.worker_processes import StartCelery


def test_workers_delete_what_nothing_refers_to(
    database: Database, connection: psycopg.Connection, celery_processes: StartCelery, tmp_path: Path
) -> None:
    store = open_store(settings_for(database, data_dir=tmp_path))
    ticket = insert_ticket(connection)
    abandoned, kept = attach(connection, store, ticket), attach(connection, store, ticket, status="completed")
    condemned = condemn(connection, store, 30)
    job = insert(connection, "ticket_export_jobs", requested_by_id="u", requested_by_role="admin", status="completed")
    expired = object_key_of(job["id"], 1, ExportFormat.CSV)
    store.put(expired, [b"a,b"], content_type="text/csv")
    connection.execute("UPDATE ticket_export_jobs SET object_key = %s, expires_at = now()", [expired])
    processes = celery_processes(database, data_dir=tmp_path)
    for _ in range(2):
        processes.worker("housekeeping")
    keys = [abandoned, kept, expired, *condemned]
    # Each beat that starts sends all tasks: one of the first may have deleted before the others gave up.
    processes.beat()
    eventually(lambda: attached(connection) == {kept: "completed"}, within=40, what="the end of an upload")
    gone = "SELECT object_key FROM ticket_export_jobs"
    eventually(lambda: connection.execute(gone).fetchone() == (None,), within=40, what="the end of an export's file")
    processes.beat()
    eventually(lambda: noted(connection) == [], within=40, what="the end of all deletions")
    assert stored(store, keys) == [kept]


def test_a_worker_whose_store_is_away_says_so_and_does_the_rest(
    database: Database, connection: psycopg.Connection, celery_processes: StartCelery
) -> None:
    connection.execute("INSERT INTO object_deletions (object_key) VALUES ('exports/a/1.csv')")
    insert(connection, "idempotency_keys", principal_id="u", request_id="0" * 32, method="m", fingerprint=b"")
    connection.execute("UPDATE idempotency_keys SET created_at = now() - interval '2 days'")
    processes = celery_processes(
        database,
        s3_endpoint=f"http://127.0.0.1:{free_port()}",
        s3_access_key="tickets",
        s3_secret_key="a secret of tests",
        s3_timeout_seconds=1,
    )
    worker = processes.worker("housekeeping")
    processes.beat()
    eventually(lambda: "work put off" in worker.log, within=40, what="a word about the store")
    keys = "SELECT count(*) FROM idempotency_keys"
    eventually(lambda: connection.execute(keys).fetchone() == (0,), within=40, what="other work")
    assert connection.execute("SELECT attempts FROM object_deletions").fetchone() == (1,)
    assert "Traceback" not in worker.log
    assert "a secret of tests" not in worker.log
