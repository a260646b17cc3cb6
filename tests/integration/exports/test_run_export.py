"""What becomes of a job: done once, cancelled, lost, put back, given up; and what is left in the store."""

import csv
import json
import threading
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from server.adapters.postgres.deletion_queue import PostgresDeletionQueue
from server.adapters.postgres.export_source import PostgresExportSnapshot
from server.application.exports import tenure
from server.application.exports.run_export import BLOCK
from server.application.object_store import ObjectStore
from server.domain.errors import Unavailable
from server.domain.exports import MAX_ATTEMPTS, object_key_of
from server.domain.filters import TicketFilter
from server.domain.fsm import TicketStatus
from server.domain.ids import UserId
from server.domain.principal import Principal
from server.domain.roles import Role
from server.domain.visibility import visibility_of
from tests.integration.exports.desk import KEPT, ExportDesk, csv_rows, json_rows
from tests.integration.postgres.rows import insert_ticket
from tests.waiting import eventually


class Door:
    """A store before which something happens at a certain moment of each file that is stored."""

    def __init__(
        self,
        store: ObjectStore,
        *,
        before: Callable[[], None] | None = None,
        between: Callable[[], None] | None = None,
        after: Callable[[], None] | None = None,
    ) -> None:
        self._store, self._before, self._between, self._after = store, before, between, after

    def put(self, key: str, chunks: Iterable[bytes], *, content_type: str) -> None:
        if self._before:
            self._before()
        self._store.put(key, self._passed(chunks), content_type=content_type)
        if self._after:
            self._after()

    def _passed(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        for number, chunk in enumerate(chunks):
            yield chunk
            if number == 0 and self._between:
                self._between()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def fill(desk: ExportDesk, count: int) -> None:
    desk.connection.execute(
        "INSERT INTO tickets (title, description, created_by_id, created_by_role)"
        " SELECT 'Payment not received', repeat('The shipper has not paid. ', 40), 'shipper-1', 'shipper'"
        " FROM generate_series(1, %s)",
        [count],
    )


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_a_record_longer_than_blocks_is_whole_and_others_stand_beside_it(desk: ExportDesk, kind: str) -> None:
    fill(desk, 3)
    desk.connection.execute(
        "INSERT INTO ticket_messages (ticket_id, actor_id, actor_role, message)"
        " SELECT (SELECT max(id) FROM tickets), 'u-7', 'ops_manager', number || repeat(E'\U0001f600\"\n', 6000)"
        " FROM generate_series(1, 80) AS number"
    )
    content = desk.made(kind, include_messages=True)  # checked against its manifest
    assert len(content) > 2 * BLOCK
    limit = csv.field_size_limit(len(content))
    rows: list[dict[str, Any]] = json_rows(content) if kind == "jsonl" else [*csv_rows(content)]
    csv.field_size_limit(limit)
    found = [row["messages"] if kind == "jsonl" else json.loads(row["messages"]) for row in rows]
    assert sorted(map(len, found)) == [0, 0, 80]
    texts = [each["message"] for each in max(found, key=len)]
    assert texts == [f"{number}" + '\U0001f600"\n' * 6000 for number in range(1, 81)]


def test_a_job_is_done_once_and_its_requester_told(desk: ExportDesk) -> None:
    fill(desk, 7)
    job = desk.ask()
    outcome = desk.run()
    assert outcome.manifest is not None
    row = desk.job(job)
    assert (row["status"], row["attempts"], row["processed_records"], row["total_records"]) == ("completed", 1, 7, 7)
    assert row["expires_at"] - row["completed_at"] == KEPT
    assert row["lease_until"] is None
    assert len(csv_rows(desk.file(job))) == 7
    assert desk.notices() == [("manager-1", "Your export of 7 tickets is ready", f"Kept for 3 days. Job {job}.")]
    assert desk.to_delete() == []
    assert desk.worker()() is None


def test_the_longest_wait_goes_first_but_nobody_holds_up_others(desk: ExportDesk) -> None:
    first, second = desk.ask(), desk.ask()
    other = desk.ask(requested_by_id="manager-2")
    later = desk.ask(next_attempt_at="2199-01-01")
    claimed = [desk.queue.claim() for _ in range(4)]
    assert [job.id if job else None for job in claimed] == [first, other, second, None]
    assert desk.job(later)["status"] == "pending"


def test_several_workers_take_up_different_jobs(desk: ExportDesk) -> None:
    jobs = {desk.ask(requested_by_id=f"manager-{number}") for number in range(8)}
    found: list[Any] = []

    def take() -> None:
        while (job := desk.queue.claim()) is not None:
            found.append(job.id)

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == sorted(jobs)


def cancel(desk: ExportDesk, job: object) -> None:
    desk.connection.execute(
        "UPDATE ticket_export_jobs SET status = 'cancelled', lease_until = NULL WHERE id = %s", [job]
    )


@pytest.mark.parametrize("kind", ["csv", "jsonl", "xlsx"])
@pytest.mark.parametrize("moment", ["before", "between"])
def test_a_cancelled_job_leaves_no_object(desk: ExportDesk, kind: str, moment: str) -> None:
    fill(desk, 50)
    job = desk.ask(kind)
    moments = {moment: lambda: cancel(desk, job)}
    outcome = desk.run(Door(desk.store, **moments))
    assert outcome.lost
    assert outcome.failure is None
    key = object_key_of(job, 1, outcome.job.format)
    assert desk.store.stat(key) is None
    assert desk.job(job)["status"] == "cancelled"
    assert desk.notices() == []
    assert desk.to_delete() == [key]


def test_a_job_cancelled_when_all_is_stored_is_cancelled_and_its_object_is_swept(desk: ExportDesk) -> None:
    fill(desk, 5)
    job = desk.ask()
    outcome = desk.run(Door(desk.store, after=lambda: cancel(desk, job)))
    assert outcome.lost
    assert desk.job(job)["status"] == "cancelled"
    assert desk.to_delete() == [object_key_of(job, 1, outcome.job.format)]


@pytest.mark.parametrize("desk", ["direct"], indirect=True)  # the tests' pooler, unlike PgBouncer, passes on no cancels
def test_a_cancelled_job_is_interrupted_in_the_middle_of_a_query(
    desk: ExportDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tenure, "HEARTBEAT", timedelta(seconds=0.05))
    fill(desk, 3)
    job = desk.ask("csv", TicketFilter(statuses=(TicketStatus.NEW,)))
    desk.connection.execute("ALTER TABLE tickets RENAME TO real_tickets")
    # Each row takes two minutes.
    desk.connection.execute("CREATE VIEW tickets AS SELECT * FROM real_tickets WHERE pg_sleep(120)::text IS NOT NULL")

    def cancel_when_it_reads() -> None:
        query = "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'SELECT count%%' AND datname = current_database()"
        eventually(lambda: desk.connection.execute(query).fetchone(), what="the count")
        cancel(desk, job)

    outcomes: list[Any] = []
    worker = threading.Thread(target=lambda: outcomes.append(desk.run()))
    worker.start()
    cancel_when_it_reads()
    worker.join(30)
    assert not worker.is_alive()
    assert outcomes[0].lost


@pytest.mark.parametrize("kind", ["csv", "jsonl", "xlsx"])
def test_a_worker_thought_dead_changes_nothing_any_more(desk: ExportDesk, kind: str) -> None:
    """It was suspended; another has taken the job up, and finished it, when it goes on."""
    fill(desk, 20)
    job = desk.ask(kind)

    def another_takes_it() -> None:
        desk.lapse(job)
        outcome = desk.run()
        assert outcome.manifest is not None

    outcome = desk.run(Door(desk.store, after=another_takes_it))
    assert outcome.lost
    row = desk.job(job)
    assert (row["status"], row["attempts"]) == ("completed", 2)
    assert row["object_key"] == object_key_of(job, 2, outcome.job.format)
    desk.file(job)
    assert desk.to_delete() == [object_key_of(job, 1, outcome.job.format)]
    assert len(desk.notices()) == 1


def test_a_suspended_worker_stops_before_it_stores(desk: ExportDesk) -> None:
    fill(desk, 5)
    job = desk.ask()

    def another_takes_it() -> None:
        desk.lapse(job)
        assert desk.queue.claim() is not None

    outcome = desk.run(Door(desk.store, between=another_takes_it))
    assert outcome.lost
    assert desk.store.stat(object_key_of(job, 1, outcome.job.format)) is None
    assert desk.job(job)["status"] == "processing"


def test_an_object_that_was_swept_meanwhile_completes_nothing(desk: ExportDesk) -> None:
    fill(desk, 5)
    job = desk.ask()

    def sweep() -> None:
        desk.connection.execute("DELETE FROM object_deletions")

    outcome = desk.run(Door(desk.store, after=sweep))
    assert outcome.lost
    assert desk.job(job)["status"] == "processing"
    assert desk.notices() == []


def begin_to_delete(desk: ExportDesk) -> None:
    """As when its worker was not heard of for an hour, and the store does not answer."""

    def away(_: str) -> None:
        raise Unavailable(context={"cause": "silent"})

    desk.connection.execute("UPDATE object_deletions SET delete_after = now()")
    assert PostgresDeletionQueue(desk.sessions).delete_due(away, limit=1) == (0, 1)


def test_an_object_whose_deletion_was_begun_completes_nothing(desk: ExportDesk) -> None:
    fill(desk, 5)
    job = desk.ask()
    outcome = desk.run(Door(desk.store, after=lambda: begin_to_delete(desk)))
    assert outcome.lost
    key = object_key_of(job, 1, outcome.job.format)
    assert desk.store.stat(key) is not None
    assert desk.to_delete() == [key]
    assert desk.job(job)["status"] == "processing"
    assert desk.notices() == []


def test_a_worker_learns_that_its_object_is_lost_and_another_makes_the_file(desk: ExportDesk) -> None:
    fill(desk, 5)
    job = desk.ask()
    outcome = desk.run(Door(desk.store, between=lambda: begin_to_delete(desk)))
    assert outcome.lost
    assert desk.store.stat(object_key_of(job, 1, outcome.job.format)) is None
    lease = desk.job(job)["lease_until"]
    assert not desk.queue.heartbeat(outcome.job, processed=5, total=5)
    row = desk.job(job)
    assert (row["lease_until"], row["processed_records"]) == (lease, 0), "no heartbeat keeps it from others"
    desk.lapse(job)
    assert desk.run().manifest is not None
    assert len(csv_rows(desk.file(job))) == 5


def test_a_store_that_is_away_puts_the_job_back_until_its_attempts_are_used_up(desk: ExportDesk) -> None:
    fill(desk, 3)
    job = desk.ask()
    waits = []

    def away() -> None:
        raise Unavailable(context={"cause": "refused"})

    for attempt in range(1, MAX_ATTEMPTS + 1):
        outcome = desk.run(Door(desk.store, before=away))
        assert isinstance(outcome.failure, Unavailable)
        row = desk.job(job)
        assert row["attempts"] == attempt
        if row["status"] == "pending":
            wait = "SELECT next_attempt_at - now() > interval '10 s' FROM ticket_export_jobs"
            waits.append(desk.connection.execute(wait).fetchone() == (True,))
            assert desk.worker()() is None
            told = (row["error_message"], row["started_at"], row["processed_records"], row["total_records"])
            assert told == (None, None, 0, None)
            desk.due(job)
    assert waits == [True] * (MAX_ATTEMPTS - 1)
    row = desk.job(job)
    assert row["status"] == "failed"
    assert "8 times" in row["error_message"]
    assert row["completed_at"] is not None
    assert [title for _, title, _ in desk.notices()] == ["Your export failed"]
    assert desk.worker()() is None


def test_it_goes_on_when_the_store_is_back(desk: ExportDesk) -> None:
    fill(desk, 3)
    job = desk.ask()

    def away() -> None:
        raise Unavailable(context={"cause": "refused"})

    desk.run(Door(desk.store, between=away))
    desk.due(job)
    desk.run()
    assert len(csv_rows(desk.file(job))) == 3
    assert desk.job(job)["attempts"] == 2


def test_a_job_whose_workers_all_died_is_given_up(desk: ExportDesk) -> None:
    job = desk.ask()
    for _ in range(MAX_ATTEMPTS):
        assert desk.queue.claim() is not None
        desk.lapse(job)
    assert desk.queue.claim() is None
    assert desk.job(job)["status"] == "failed"
    assert [title for _, title, _ in desk.notices()] == ["Your export failed"]


def test_no_limit_of_the_database_ends_an_export(desk: ExportDesk) -> None:
    limits = ("statement_timeout", "transaction_timeout", "idle_in_transaction_session_timeout")
    name = desk.connection.info.dbname
    for limit in limits:
        desk.connection.execute(f'ALTER DATABASE "{name}" SET {limit} = 59000')
    manager = Principal(UserId("manager-1"), Role.OPS_MANAGER)
    with desk.source.snapshot(TicketFilter(), visibility_of(manager)) as snapshot:
        assert isinstance(snapshot, PostgresExportSnapshot)
        for limit in limits:
            assert snapshot.connection.execute(f"SHOW {limit}").fetchone() == ("0",), limit


@pytest.mark.parametrize(
    "columns",
    [
        {"filters": Jsonb({"statuses": ["NOPE"]})},
        {"filters": Jsonb([1])},
        {"requested_by_role": "king"},
        {"manifest": Jsonb([])},
    ],
    ids=lambda columns: next(iter(columns)),
)
def test_a_row_that_cannot_be_read_holds_up_nobody_and_is_given_up(desk: ExportDesk, columns: dict[str, Any]) -> None:
    broken = desk.ask(created_at="2020-01-01", requested_by_id="somebody", **columns)
    other = desk.ask()
    with pytest.raises((ValueError, TypeError, AttributeError)):
        desk.worker()()
    assert desk.job(broken)["status"] == "pending"
    assert desk.run().job.id == other
    for _ in range(MAX_ATTEMPTS - 1):
        desk.connection.execute("UPDATE ticket_export_jobs SET next_attempt_at = now() WHERE id = %s", [broken])
        with pytest.raises((ValueError, TypeError, AttributeError)):
            desk.worker()()
    assert desk.worker()() is None
    desk.connection.execute("UPDATE ticket_export_jobs SET next_attempt_at = now() WHERE id = %s", [broken])
    assert desk.worker()() is None
    assert desk.job(broken)["status"] == "failed"
    assert [user for user, _, body in desk.notices() if str(broken) in body] == ["somebody"]


def test_heartbeats_tell_how_far_it_is_and_keep_the_lease(desk: ExportDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tenure, "HEARTBEAT", timedelta(seconds=0.05))
    fill(desk, 30)
    job = desk.ask()

    def look() -> None:
        desk.lapse(job)
        eventually(lambda: desk.job(job)["processed_records"] == 30, what="progress")
        ahead = "SELECT lease_until > now() + interval '20 s' FROM ticket_export_jobs"
        eventually(lambda: desk.connection.execute(ahead).fetchone() == (True,), what="a renewed lease")
        assert desk.job(job)["total_records"] == 30

    outcome = desk.run(Door(desk.store, between=look))
    assert outcome.manifest is not None


def test_files_past_their_time_are_given_up(desk: ExportDesk) -> None:
    insert_ticket(desk.connection)
    job, younger = desk.ask(), desk.ask()
    desk.run()
    desk.run()
    key = desk.job(job)["object_key"]
    desk.connection.execute("UPDATE ticket_export_jobs SET expires_at = now() WHERE id = %s", [job])
    assert desk.queue.expire(limit=10) == 1
    assert desk.to_delete() == [key]
    row = desk.job(job)
    assert (row["status"], row["object_key"], row["manifest"]["row_count"]) == ("completed", None, 1)
    assert desk.job(younger)["object_key"] is not None
    assert desk.queue.expire(limit=10) == 0
