"""ExportService: files with many tickets."""

from dataclasses import dataclass

import grpc

from rodistaa.tickets.v1 import export_service_pb2 as pb
from rodistaa.tickets.v1.export_service_pb2_grpc import ExportServiceServicer
from server.api.calls import call_of
from server.api.convert.answers import answer_for
from server.api.convert.exports import (
    from_job,
    from_view,
    jobs_response,
    to_job_id,
    to_jobs_query,
    to_new_export,
)
from server.api.convert.page_tokens import PageToken
from server.api.convert.positions import position_after
from server.application.exports.cancel_export_job import CancelExportJob
from server.application.exports.create_export_job import CreateExportJob
from server.application.exports.get_export_job import GetExportJob
from server.application.exports.list_export_jobs import ListExportJobs
from server.domain.exports import ExportJob

Context = grpc.ServicerContext


@dataclass(frozen=True, slots=True)
class ExportUseCases:
    """What ExportService does."""

    create: CreateExportJob
    get: GetExportJob
    list: ListExportJobs
    cancel: CancelExportJob


class ExportService(ExportServiceServicer):
    """Documented in the contract."""

    def __init__(self, use_cases: ExportUseCases) -> None:
        self._do = use_cases

    def CreateExportJob(self, request: pb.CreateExportJobRequest, context: Context) -> pb.CreateExportJobResponse:
        def present(job: ExportJob) -> pb.CreateExportJobResponse:
            return pb.CreateExportJobResponse(export_job=from_job(job))

        answer = answer_for(request, pb.CreateExportJobResponse, present)
        return self._do.create(call_of(context), to_new_export(request), answer)

    def GetExportJob(self, request: pb.GetExportJobRequest, context: Context) -> pb.GetExportJobResponse:
        view = self._do.get(call_of(context), to_job_id(request))
        return pb.GetExportJobResponse(export_job=from_view(view))

    def ListExportJobs(self, request: pb.ListExportJobsRequest, context: Context) -> pb.ListExportJobsResponse:
        call = call_of(context)
        token = PageToken(call, request)
        statuses, limit = to_jobs_query(request)
        return jobs_response(self._do.list(call, statuses, after=position_after(token), limit=limit), token)

    def CancelExportJob(self, request: pb.CancelExportJobRequest, context: Context) -> pb.CancelExportJobResponse:
        def present(job: ExportJob) -> pb.CancelExportJobResponse:
            return pb.CancelExportJobResponse(export_job=from_job(job))

        answer = answer_for(request, pb.CancelExportJobResponse, present)
        return self._do.cancel(call_of(context), to_job_id(request), answer)
