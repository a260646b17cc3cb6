"""The calls of the role matrix that are about export jobs."""

from rodistaa.tickets.v1 import export_service_pb2 as exports
from tests.contract.export_requests import make_room, new_job
from tests.contract.matrix_calls import Call, Case, Operation


def _create(case: Case) -> None:
    new_job(case.client, filter=case.filter)
    make_room(case.client, case.caller)


def _job_of(case: Case, *, own: bool) -> str:
    row = case.connection.execute(
        "INSERT INTO ticket_export_jobs (requested_by_id, requested_by_role) VALUES (%s, 'ops_manager') RETURNING id",
        [case.caller if own else "matrix-somebody"],
    ).fetchone()
    assert row is not None
    return str(row[0])


def _get(*, own: bool) -> Call:
    def call(case: Case) -> None:
        job_id = _job_of(case, own=own)
        assert case.client.exports.GetExportJob(exports.GetExportJobRequest(id=job_id)).export_job.id == job_id

    return call


def _list(case: Case) -> None:
    mine, others = _job_of(case, own=True), _job_of(case, own=False)
    listed = case.client.exports.ListExportJobs(exports.ListExportJobsRequest(page_size=2)).export_jobs
    ids = {job.id for job in listed}
    assert mine in ids
    assert (others in ids) == (case.caller == "matrix-admin")


def _cancel(*, own: bool) -> Call:
    def call(case: Case) -> None:
        request = exports.CancelExportJobRequest(id=_job_of(case, own=own))
        assert case.client.exports.CancelExportJob(request).export_job.status == exports.EXPORT_STATUS_CANCELLED

    return call


EXPORT_OPERATIONS = (
    Operation("CreateExportJob", ("export",), _create, unseen=None),
    Operation("GetExportJob", ("export",), _get(own=True), unseen=None),
    Operation("GetExportJob of another", ("export", "others_exports"), _get(own=False), unseen=None),
    Operation("ListExportJobs", ("export",), _list, unseen=None),
    Operation("CancelExportJob", ("export",), _cancel(own=True), unseen=None),
    Operation("CancelExportJob of another", ("export", "others_exports"), _cancel(own=False), unseen=None),
)
