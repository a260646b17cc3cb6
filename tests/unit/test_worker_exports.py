"""What a worker says of an export that it did not finish."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
import structlog

from server.adapters.objectstore.failures import store_unavailable
from server.application.exports.run_export import Outcome
from server.domain.errors import DeadlineExceeded
from server.domain.exports import ExportFormat, ExportJob, ExportStatus
from server.domain.filters import TicketFilter
from server.domain.ids import UserId
from server.domain.roles import Role
from workers.use_cases import say_of_export

JOB = ExportJob(
    id=uuid4(),
    requested_by_id=UserId("manager-1"),
    requested_by_role=Role.OPS_MANAGER,
    requested_by_franchise_ids=frozenset(),
    filter=TicketFilter(text="words that are nobody's business"),
    format=ExportFormat.CSV,
    include_messages=False,
    status=ExportStatus.PROCESSING,
    object_key=None,
    manifest=None,
    error_message=None,
    total_records=None,
    processed_records=0,
    attempts=3,
    created_at=datetime(2026, 11, 23, tzinfo=UTC),
    started_at=None,
    completed_at=None,
    expires_at=None,
)


@pytest.mark.parametrize(
    ("failure", "cause"),
    [
        (store_unavailable(OSError("connection refused")), "connection refused"),
        (DeadlineExceeded("The deadline passed."), "The deadline passed."),
    ],
    ids=["store", "deadline"],
)
def test_why_it_was_put_back_is_said_in_a_line(failure: Exception, cause: str) -> None:
    with structlog.testing.capture_logs() as logs:
        say_of_export(Outcome(JOB, failure=failure))
    (line,) = logs
    assert (line["event"], line["log_level"], line["job"], line["attempt"]) == (
        "export put back",
        "warning",
        str(JOB.id),
        3,
    )
    assert cause in line["cause"]
    assert "nobody" not in str(line)
