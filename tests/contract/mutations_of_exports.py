"""Mutations of export jobs, each with what a test of its repetition needs."""

from typing import Any
from uuid import uuid4

from rodistaa.tickets.v1 import export_service_pb2 as exports
from server.domain.roles import Role
from tests.contract.export_requests import new_job
from tests.contract.mutations import Mutation
from tests.running import Running

CHANGE_JOB = "UPDATE ticket_export_jobs SET status = 'completed', completed_at = now() WHERE id::text = %(id)s"


def _someone(server: Running) -> Any:
    """With no job yet."""
    return server.client(Role.OPS_MANAGER, f"once-exporter-{uuid4().hex[:8]}")


def create_export_job(server: Running) -> Mutation:
    """Meanwhile a worker begins with it."""

    def request(kind: exports.ExportFormat.ValueType) -> exports.CreateExportJobRequest:
        return exports.CreateExportJobRequest(export_job=exports.ExportJob(format=kind))

    someone = f"once-exporter-{uuid4().hex[:8]}"
    return Mutation(
        server.client(Role.OPS_MANAGER, someone).exports.CreateExportJob,
        request(exports.EXPORT_FORMAT_CSV),
        request(exports.EXPORT_FORMAT_XLSX),
        "UPDATE ticket_export_jobs SET status = 'processing', started_at = now() WHERE requested_by_id = %(id)s",
        someone,
    )


def cancel_export_job(server: Running) -> Mutation:
    someone = _someone(server)
    job = new_job(someone)
    return Mutation(
        someone.exports.CancelExportJob,
        exports.CancelExportJobRequest(id=job.id),
        exports.CancelExportJobRequest(id=new_job(someone).id),
        CHANGE_JOB,
        job.id,
    )


EXPORT_MUTATIONS = {"CreateExportJob": create_export_job, "CancelExportJob": cancel_export_job}
