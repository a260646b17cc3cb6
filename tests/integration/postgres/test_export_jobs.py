"""Rows of export jobs: what is stored comes back, and one person's are counted by one transaction at a time."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.adapters.postgres.export_job_repository import PostgresExportJobRepository
from server.adapters.postgres.predicates import shape_of, values_of
from server.adapters.postgres.sessions import Session
from server.application.call import Call
from server.domain.exports import ExportFormat, ExportJob, ExportManifest, ExportStatus
from server.domain.filters import TicketFilter
from server.domain.ids import FranchiseId, UserId
from server.domain.principal import SYSTEM
from server.domain.roles import Role
from server.domain.visibility import visibility_of
from tests.database import Database
from tests.unit.filters import identifiers, moments, ticket_filters
from tests.waiting import eventually

NOW = datetime(2026, 11, 23, 10, 30, 0, 123456, tzinfo=UTC)
counts = st.integers(0, 2**63 - 1)


def a_job(**fields: object) -> ExportJob:
    job = ExportJob(
        id=uuid4(),
        requested_by_id=UserId(f"exporter-{uuid4().hex[:8]}"),
        requested_by_role=Role.OPS_MANAGER,
        requested_by_franchise_ids=frozenset(),
        filter=TicketFilter(),
        format=ExportFormat.CSV,
        include_messages=False,
        status=ExportStatus.PENDING,
        object_key=None,
        manifest=None,
        error_message=None,
        total_records=None,
        processed_records=0,
        attempts=0,
        created_at=NOW,
        started_at=None,
        completed_at=None,
        expires_at=None,
    )
    return replace(job, **fields)  # type: ignore[arg-type] # fields of the job


def repository(connection: psycopg.Connection) -> PostgresExportJobRepository:
    return PostgresExportJobRepository(Session(connection, Call(SYSTEM)))


@st.composite
def jobs(draw: st.DrawFn) -> ExportJob:
    """Any row that the types allow."""
    hashes = st.binary(min_size=32, max_size=32).map(bytes.hex)
    maybe = st.none() | moments
    return ExportJob(
        id=draw(st.uuids()),
        requested_by_id=UserId(draw(identifiers)),
        requested_by_role=draw(st.sampled_from(Role)),
        requested_by_franchise_ids=frozenset(map(FranchiseId, draw(st.sets(identifiers, max_size=3)))),
        filter=draw(ticket_filters()),
        format=draw(st.sampled_from(ExportFormat)),
        include_messages=draw(st.booleans()),
        status=draw(st.sampled_from(ExportStatus)),
        object_key=draw(st.none() | identifiers),
        manifest=draw(st.none() | st.builds(ExportManifest, counts, hashes, moments, counts)),
        error_message=draw(st.none() | identifiers),
        total_records=draw(st.none() | counts),
        processed_records=draw(counts),
        attempts=draw(st.integers(0, 100)),
        created_at=draw(moments),
        started_at=draw(maybe),
        completed_at=draw(maybe),
        expires_at=draw(maybe),
    )


@pytest.fixture
def rolled_back(connection: psycopg.Connection) -> Iterator[psycopg.Connection]:
    """What examples store is gone afterwards."""
    with connection.transaction(force_rollback=True):
        yield connection


def test_a_job_comes_back_as_it_was_stored_and_asks_for_the_same_tickets(rolled_back: psycopg.Connection) -> None:
    """Through jsonb, which has an opinion of its own on numbers, keys and texts."""
    stored = repository(rolled_back)

    @settings(max_examples=150, deadline=None)
    @given(jobs())
    def check(job: ExportJob) -> None:
        with rolled_back.transaction(force_rollback=True):
            assert stored.add(job) == job
            again = stored.get(job.id)
            assert again == job
            visibility = visibility_of(job.requester)
            assert visibility_of(again.requester) == visibility
            assert shape_of(again.filter, visibility) == shape_of(job.filter, visibility)
            assert values_of(again.filter, visibility, now=NOW) == values_of(job.filter, visibility, now=NOW)

    check()


def test_what_has_ended_is_not_cancelled_by_mistake(connection: psycopg.Connection) -> None:
    """Whoever calls it has looked; if he has not, nothing is overwritten."""
    stored = repository(connection)
    job = stored.add(a_job(status=ExportStatus.COMPLETED))
    with pytest.raises(LookupError):
        stored.cancel(job, now=NOW)
    assert stored.get(job.id) == job


@pytest.mark.parametrize("status", [ExportStatus.PENDING, ExportStatus.PROCESSING])
def test_cancelling_ends_the_lease(connection: psycopg.Connection, status: ExportStatus) -> None:
    stored = repository(connection)
    job = stored.add(a_job(status=status))
    connection.execute("UPDATE ticket_export_jobs SET lease_until = now() WHERE id = %s", [job.id])
    assert stored.cancel(job, now=NOW) == replace(job, status=ExportStatus.CANCELLED, completed_at=NOW)
    row = connection.execute("SELECT lease_until FROM ticket_export_jobs WHERE id = %s", [job.id]).fetchone()
    assert row == (None,)


def test_only_the_unfinished_of_one_person_are_counted(connection: psycopg.Connection) -> None:
    stored = repository(connection)
    someone = a_job().requested_by_id
    for status in ExportStatus:
        stored.add(a_job(requested_by_id=someone, status=status))
        stored.add(a_job(status=status))
    assert stored.count_unfinished(someone) == 2


def test_who_counts_second_waits_for_the_first_and_sees_what_he_added(shared_database: Database) -> None:
    job = a_job()
    with shared_database.connect() as first, shared_database.connect() as second, ThreadPoolExecutor(1) as pool:

        def count() -> int:
            with second.transaction():
                return repository(second).count_unfinished(job.requested_by_id)

        with first.transaction():
            assert repository(first).count_unfinished(job.requested_by_id) == 0
            late = pool.submit(count)
            eventually(
                lambda: first.execute(
                    "SELECT 1 FROM pg_locks WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))"
                ).fetchone()
            )
            repository(first).add(job)
        assert late.result() == 1


def test_others_do_not_wait(shared_database: Database) -> None:
    with shared_database.connect() as first, shared_database.connect() as second, first.transaction():
        repository(first).count_unfinished(a_job().requested_by_id)
        with second.transaction():
            second.execute("SET LOCAL lock_timeout = '5s'")
            assert repository(second).count_unfinished(a_job().requested_by_id) == 0


def test_a_page_goes_on_where_the_one_before_ended(connection: psycopg.Connection) -> None:
    """Ties of an instant are broken by id."""
    stored = repository(connection)
    someone = a_job().requested_by_id
    made = [
        stored.add(a_job(requested_by_id=someone, created_at=NOW + timedelta(microseconds=number // 3)))
        for number in range(10)
    ]
    ordered = sorted(made, key=lambda job: (job.created_at, job.id), reverse=True)
    for place in range(10):
        after = (ordered[place].created_at, ordered[place].id)
        page = stored.page(someone, [], after=after, limit=4)
        assert page == ordered[place + 1 : place + 5]
