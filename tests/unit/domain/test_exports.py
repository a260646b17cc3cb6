"""Export jobs: estimates, waits, names."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from server.domain.exports import (
    MAX_ATTEMPTS,
    ExportFormat,
    ExportJob,
    ExportStatus,
    back_off,
    estimated_completion,
    file_name_of,
    object_key_of,
)
from server.domain.filters import TicketFilter
from server.domain.ids import FranchiseId, UserId
from server.domain.principal import Principal
from server.domain.roles import Role

NOW = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)
JOB_ID = UUID("01234567-89ab-cdef-0123-456789abcdef")
JOB = ExportJob(
    id=JOB_ID,
    requested_by_id=UserId("asha"),
    requested_by_role=Role.OPS_MANAGER,
    requested_by_franchise_ids=frozenset({FranchiseId("FR-001")}),
    filter=TicketFilter(),
    format=ExportFormat.JSON_LINES,
    include_messages=False,
    status=ExportStatus.PROCESSING,
    object_key=None,
    manifest=None,
    error_message=None,
    total_records=1_000,
    processed_records=250,
    attempts=1,
    created_at=NOW - timedelta(minutes=2),
    started_at=NOW - timedelta(minutes=1),
    completed_at=None,
    expires_at=None,
)


def test_a_quarter_in_a_minute_leaves_three() -> None:
    assert estimated_completion(JOB, now=NOW) == NOW + timedelta(minutes=3)


def test_what_is_all_written_is_done_any_moment() -> None:
    assert estimated_completion(replace(JOB, processed_records=1_000), now=NOW) == NOW


@pytest.mark.parametrize("status", sorted(set(ExportStatus) - {ExportStatus.PROCESSING}))
def test_only_what_is_under_way_is_estimated(status: ExportStatus) -> None:
    assert estimated_completion(replace(JOB, status=status), now=NOW) is None


@pytest.mark.parametrize(
    "job",
    [
        replace(JOB, started_at=None),
        replace(JOB, total_records=None),
        replace(JOB, total_records=0, processed_records=0),
        replace(JOB, processed_records=0),
        replace(JOB, processed_records=1_001),
        replace(JOB, started_at=NOW),
        replace(JOB, started_at=NOW + timedelta(seconds=5)),
    ],
    ids=["not begun", "not counted", "nothing to do", "nothing done", "more than all", "just begun", "clocks differ"],
)
def test_what_cannot_be_told_is_not_estimated(job: ExportJob) -> None:
    assert estimated_completion(job, now=NOW) is None


def test_the_waits_grow_and_have_an_end() -> None:
    waits = [back_off(attempts) for attempts in range(1, MAX_ATTEMPTS)]
    assert waits == sorted(set(waits)), "each longer than the one before"
    assert waits[0] == timedelta(seconds=15)
    assert back_off(MAX_ATTEMPTS + 50) == waits[-1] == timedelta(minutes=15)


def test_each_attempt_writes_an_object_of_its_own() -> None:
    assert object_key_of(JOB_ID, 2, ExportFormat.XLSX) == f"exports/{JOB_ID}/2.xlsx"
    assert object_key_of(JOB_ID, 3, ExportFormat.XLSX) != object_key_of(JOB_ID, 2, ExportFormat.XLSX)


def test_a_file_is_called_after_its_snapshot_and_its_job() -> None:
    assert file_name_of(JOB, NOW) == "tickets-20261123T103000Z-89abcdef.jsonl"


def test_the_rights_of_the_request_are_those_of_its_requester() -> None:
    assert JOB.requester == Principal(UserId("asha"), Role.OPS_MANAGER, frozenset({FranchiseId("FR-001")}))
