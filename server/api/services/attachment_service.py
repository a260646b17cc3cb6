"""AttachmentService."""

from dataclasses import dataclass
from uuid import UUID

import grpc

from rodistaa.tickets.v1 import attachment_service_pb2 as pb
from rodistaa.tickets.v1.attachment_service_pb2_grpc import AttachmentServiceServicer
from server.api.calls import call_of
from server.api.convert.answers import answer_for
from server.api.convert.attachments import (
    attachments_response,
    from_attachment,
    to_attachment_id,
    to_attachment_query,
    to_download,
    to_new_attachment,
)
from server.api.convert.page_tokens import PageToken
from server.api.convert.positions import position_after
from server.api.convert.signed_requests import from_signed_request
from server.application.attachments.complete_attachment import CompleteAttachment
from server.application.attachments.create_attachment import CreateAttachment
from server.application.attachments.get_attachment_download import GetAttachmentDownload
from server.application.attachments.list_attachments import ListAttachments
from server.domain.attachments import AttachmentView
from server.domain.file_types import UploadRules

Context = grpc.ServicerContext


@dataclass(frozen=True, slots=True)
class AttachmentUseCases:
    """What AttachmentService does."""

    create: CreateAttachment
    complete: CompleteAttachment
    list: ListAttachments
    download: GetAttachmentDownload


class AttachmentService(AttachmentServiceServicer):
    """Documented in the contract."""

    def __init__(self, use_cases: AttachmentUseCases, rules: UploadRules) -> None:
        self._do = use_cases
        self._rules = rules

    def CreateAttachment(self, request: pb.CreateAttachmentRequest, context: Context) -> pb.CreateAttachmentResponse:
        def present(view: AttachmentView) -> pb.CreateAttachmentResponse:
            return pb.CreateAttachmentResponse(attachment=from_attachment(view))

        answer = answer_for(request, pb.CreateAttachmentResponse, present)
        ticket_id, new = to_new_attachment(request, self._rules)
        response, upload = self._do.create(
            call_of(context), ticket_id, new, answer, id_of=lambda answered: UUID(answered.attachment.id)
        )
        response.upload.CopyFrom(from_signed_request(upload))
        return response

    def CompleteAttachment(
        self, request: pb.CompleteAttachmentRequest, context: Context
    ) -> pb.CompleteAttachmentResponse:
        def present(view: AttachmentView) -> pb.CompleteAttachmentResponse:
            return pb.CompleteAttachmentResponse(attachment=from_attachment(view))

        answer = answer_for(request, pb.CompleteAttachmentResponse, present)
        return self._do.complete(call_of(context), to_attachment_id(request), answer)

    def ListAttachments(self, request: pb.ListAttachmentsRequest, context: Context) -> pb.ListAttachmentsResponse:
        call = call_of(context)
        token = PageToken(call, request)
        query = to_attachment_query(request)
        page = self._do.list(
            call,
            query.ticket_id,
            after=position_after(token),
            limit=query.limit,
            access_reason=query.access_reason,
        )
        return attachments_response(page, token)

    def GetAttachmentDownload(
        self, request: pb.GetAttachmentDownloadRequest, context: Context
    ) -> pb.GetAttachmentDownloadResponse:
        attachment_id, access_reason = to_download(request)
        view, download = self._do.download(call_of(context), attachment_id, access_reason)
        response = pb.GetAttachmentDownloadResponse(attachment=from_attachment(view))
        response.download.CopyFrom(from_signed_request(download))
        return response
