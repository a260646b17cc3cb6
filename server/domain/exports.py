"""Export jobs: what is asked for, how far it is, and when it is tried again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from server.domain.filters import TicketFilter
from server.domain.ids import FranchiseId, UserId
from server.domain.principal import Principal
from server.domain.roles import Role


class ExportFormat(StrEnum):
    """Kind of file, by its extension."""

    CSV = "csv"
    JSON_LINES = "jsonl"
    XLSX = "xlsx"


MEDIA_TYPES = {
    ExportFormat.CSV: "text/csv; charset=utf-8",
    ExportFormat.JSON_LINES: "application/jsonl",
    ExportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class ExportStatus(StrEnum):
    """As the database spells it."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


UNFINISHED = frozenset({ExportStatus.PENDING, ExportStatus.PROCESSING})

MAX_UNFINISHED_JOBS = 5
"""Of one person at a time."""
MAX_ATTEMPTS = 8
"""Then a job is FAILED, whether its workers died or the store was away."""
LEASE = timedelta(seconds=30)
"""A worker that has not been heard of for so long has lost its job to another."""
HEARTBEAT = timedelta(seconds=1)
"""How often a worker says that it is there and how far it is, and learns that the job was cancelled."""
LEFT_BEHIND = timedelta(hours=1)
"""So long after the last heartbeat what an attempt may have written is deleted. Much longer than a lease: a worker that
was only suspended must not write after that."""
_BACK_OFF = (15, 30, 60, 120, 300, 600, 900)


def back_off(attempts: int) -> timedelta:
    """The wait after an attempt, the first being 1, that failed for a reason that may pass."""
    return timedelta(seconds=_BACK_OFF[min(attempts, len(_BACK_OFF)) - 1])


@dataclass(frozen=True, slots=True)
class ExportManifest:
    """What a file holds, to check it by."""

    row_count: int
    """Tickets, without the header."""
    sha256: str
    """64 hexadecimal digits, over the whole file."""
    as_of: datetime
    """Instant of the snapshot, aware, UTC."""
    file_size_bytes: int


@dataclass(frozen=True, slots=True)
class ExportJob:
    """A file with tickets, and how far it is made. Times are aware, UTC."""

    id: UUID
    requested_by_id: UserId
    requested_by_role: Role
    requested_by_franchise_ids: frozenset[FranchiseId]
    filter: TicketFilter
    format: ExportFormat
    include_messages: bool
    status: ExportStatus
    object_key: str | None
    """None until COMPLETED, and again once the file has expired."""
    manifest: ExportManifest | None
    error_message: str | None
    total_records: int | None
    processed_records: int
    attempts: int
    created_at: datetime
    started_at: datetime | None
    """Of the present or last attempt; None while it waits for another."""
    completed_at: datetime | None
    expires_at: datetime | None

    @property
    def requester(self) -> Principal:
        """Whoever asked, with the rights of that moment."""
        return Principal(self.requested_by_id, self.requested_by_role, self.requested_by_franchise_ids)


def estimated_completion(job: ExportJob, *, now: datetime) -> datetime | None:
    """When it is done at the speed since the attempt began; None while that cannot be told."""
    if job.status is not ExportStatus.PROCESSING or job.started_at is None or not job.total_records:
        return None
    if not 0 < job.processed_records <= job.total_records or now <= job.started_at:
        return None
    left = job.total_records - job.processed_records
    return now + (now - job.started_at) / job.processed_records * left


def object_key_of(job_id: UUID, attempt: int, kind: ExportFormat) -> str:
    """One of its own for each attempt, so that a worker thought dead cannot write over another's file."""
    return f"exports/{job_id}/{attempt}.{kind}"


def file_name_of(job: ExportJob, as_of: datetime) -> str:
    """What the file is called where it is saved."""
    return f"tickets-{as_of:%Y%m%dT%H%M%SZ}-{str(job.id)[-8:]}.{job.format}"
