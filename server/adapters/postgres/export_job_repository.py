"""Export jobs in PostgreSQL, as those who ask for them see them; and their rows, for the queue too."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb
from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    DateTime,
    Text,
    Uuid,
    bindparam,
    func,
    insert,
    literal_column,
    null,
    select,
    tuple_,
    update,
)

from server.adapters.postgres.filter_json import filter_from_json, filter_to_json
from server.adapters.postgres.sessions import Session
from server.adapters.postgres.statements import Statement
from server.adapters.postgres.tables import ticket_export_jobs
from server.domain.exports import UNFINISHED, ExportFormat, ExportJob, ExportManifest, ExportStatus
from server.domain.ids import FranchiseId, UserId
from server.domain.roles import Role

_j = ticket_export_jobs.c
EXPORT_COLUMNS = (
    _j.id,
    _j.requested_by_id,
    _j.requested_by_role,
    _j.requested_by_franchise_ids,
    _j.filters,
    _j.format,
    _j.include_messages,
    _j.status,
    _j.object_key,
    _j.manifest,
    _j.error_message,
    _j.total_records,
    _j.processed_records,
    _j.attempts,
    _j.created_at,
    _j.started_at,
    _j.completed_at,
    _j.expires_at,
)
"""What ``to_export_job`` takes, in this order."""

_INSTANT = DateTime(timezone=True)
_ID = bindparam("job_id", type_=Uuid())
_REQUESTER = bindparam("requested_by", type_=Text(collation="C"))
_VALUES: dict[str, Any] = {column.name: bindparam(f"new_{column.name}", type_=column.type) for column in EXPORT_COLUMNS}


def _in_states(statuses: frozenset[ExportStatus]) -> ColumnElement[bool]:
    """A condition without parameters, so that the partial index on unfinished jobs fits."""
    names = ", ".join(f"'{status.value}'" for status in sorted(statuses))
    return literal_column(f"ticket_export_jobs.status IN ({names})", Boolean())


_get = select(*EXPORT_COLUMNS).where(_j.id == _ID)
_GET = Statement(_get)
_LOCK = Statement(_get.with_for_update())
_ADD = Statement(insert(ticket_export_jobs).values(_VALUES).returning(*EXPORT_COLUMNS))
_CANCEL = Statement(
    update(ticket_export_jobs)
    .where(_j.id == _ID, _in_states(UNFINISHED))
    .values(status=ExportStatus.CANCELLED.value, completed_at=bindparam("now", type_=_INSTANT), lease_until=null())
    .returning(*EXPORT_COLUMNS)
)
_LOCK_REQUESTER = Statement(
    select(func.pg_advisory_xact_lock(func.hashtextextended(func.concat("export_jobs:", _REQUESTER), 0)))
)
_COUNT_UNFINISHED = Statement(
    select(func.count()).select_from(ticket_export_jobs).where(_j.requested_by_id == _REQUESTER, _in_states(UNFINISHED))
)


@lru_cache(maxsize=64)
def _page(statuses: frozenset[ExportStatus], *, of_one: bool, further: bool) -> Statement:
    query = select(*EXPORT_COLUMNS)
    if of_one:
        query = query.where(_j.requested_by_id == _REQUESTER)
    if statuses:
        query = query.where(_in_states(statuses))
    if further:
        after = tuple_(bindparam("after_at", type_=_INSTANT), bindparam("after_id", type_=Uuid()))
        query = query.where(tuple_(_j.created_at, _j.id) < after)
    limit = bindparam("limit", type_=BigInteger())
    return Statement(query.order_by(_j.created_at.desc(), _j.id.desc()).limit(limit), prepare=False)


@dataclass(frozen=True, slots=True)
class PostgresExportJobRepository:
    """See ``ExportJobRepository``."""

    session: Session

    def get(self, job_id: UUID) -> ExportJob | None:
        row = self.session.first(_GET, {"job_id": job_id})
        return None if row is None else to_export_job(row)

    def lock(self, job_id: UUID) -> ExportJob | None:
        row = self.session.first(_LOCK, {"job_id": job_id})
        return None if row is None else to_export_job(row)

    def add(self, job: ExportJob) -> ExportJob:
        values: dict[str, Any] = {
            f"new_{name}": getattr(job, name)
            for name in _VALUES
            if name not in ("requested_by_franchise_ids", "filters", "manifest")
        }
        values["new_requested_by_franchise_ids"] = sorted(job.requested_by_franchise_ids)
        values["new_filters"] = Jsonb(filter_to_json(job.filter))
        values["new_manifest"] = None if job.manifest is None else Jsonb(manifest_to_json(job.manifest))
        row = self.session.first(_ADD, values)
        if row is None:
            raise LookupError(f"export job {job.id} was stored and is not there")
        return to_export_job(row)

    def cancel(self, job: ExportJob, *, now: datetime) -> ExportJob:
        row = self.session.first(_CANCEL, {"job_id": job.id, "now": now})
        if row is None:
            raise LookupError(f"export job {job.id} was locked and is not unfinished any more")
        return to_export_job(row)

    def count_unfinished(self, requested_by: UserId) -> int:
        """The lock first, in a statement of its own: the count then sees what its last holder committed."""
        values = {"requested_by": requested_by}
        self.session.run(_LOCK_REQUESTER, values)
        row = self.session.first(_COUNT_UNFINISHED, values)
        return 0 if row is None else int(row[0])

    def page(
        self,
        requested_by: UserId | None,
        statuses: Sequence[ExportStatus],
        *,
        after: tuple[datetime, UUID] | None,
        limit: int,
    ) -> list[ExportJob]:
        values: dict[str, Any] = {"limit": limit}
        if requested_by is not None:
            values["requested_by"] = requested_by
        if after is not None:
            values |= {"after_at": after[0], "after_id": after[1]}
        statement = _page(frozenset(statuses), of_one=requested_by is not None, further=after is not None)
        return [to_export_job(row) for row in self.session.all(statement, values)]


def to_export_job(row: TupleRow) -> ExportJob:
    """The job of a row of ``EXPORT_COLUMNS``."""
    return ExportJob(
        id=row[0],
        requested_by_id=UserId(row[1]),
        requested_by_role=Role(row[2]),
        requested_by_franchise_ids=frozenset(map(FranchiseId, row[3])),
        filter=filter_from_json(row[4]),
        format=ExportFormat(row[5]),
        include_messages=row[6],
        status=ExportStatus(row[7]),
        object_key=row[8],
        manifest=None if row[9] is None else manifest_from_json(row[9]),
        error_message=row[10],
        total_records=row[11],
        processed_records=row[12],
        attempts=row[13],
        created_at=row[14],
        started_at=row[15],
        completed_at=row[16],
        expires_at=row[17],
    )


def manifest_to_json(manifest: ExportManifest) -> dict[str, Any]:
    """What the column ``manifest`` holds; names are those of the domain's fields."""
    return {
        "row_count": manifest.row_count,
        "sha256": manifest.sha256,
        "as_of": manifest.as_of.isoformat(),
        "file_size_bytes": manifest.file_size_bytes,
    }


def manifest_from_json(value: dict[str, Any]) -> ExportManifest:
    """The inverse."""
    return ExportManifest(
        row_count=value["row_count"],
        sha256=value["sha256"],
        as_of=datetime.fromisoformat(value["as_of"]),
        file_size_bytes=value["file_size_bytes"],
    )
