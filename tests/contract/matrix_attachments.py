"""The calls of the role matrix that are about attachments."""

from rodistaa.tickets.v1 import attachment_pb2
from rodistaa.tickets.v1 import attachment_service_pb2 as pb
from tests.contract.attachment_requests import WHY, create, insert_unnoticed, store_bytes
from tests.contract.matrix_calls import Call, Case, Operation

ABSENT_FILE = "NOT_FOUND ATTACHMENT_NOT_FOUND"
_SOMEBODY = "matrix-uploader"


def _create(case: Case) -> None:
    assert create(case.client, case.ticket_id).upload.method == "PUT"


def _complete(*, own: bool, ready: bool) -> Call:
    def call(case: Case) -> None:
        uploader = case.caller if own else _SOMEBODY
        attachment_id = insert_unnoticed(case.connection, case.ticket_id, uploader, ready=ready)
        kept = attachment_pb2.Attachment(id=attachment_id, ticket_id=case.ticket_id, file_type="application/pdf")
        store_bytes(kept)
        request = pb.CompleteAttachmentRequest(id=attachment_id)
        done = case.client.attachments.CompleteAttachment(request).attachment
        assert done.state == attachment_pb2.ATTACHMENT_STATE_READY

    return call


def _list(case: Case) -> None:
    """Staff get what an internal note names as well, everybody the own one that is under way."""
    seen = {
        insert_unnoticed(case.connection, case.ticket_id, _SOMEBODY),
        insert_unnoticed(case.connection, case.ticket_id, case.caller, ready=False),
    }
    insert_unnoticed(case.connection, case.ticket_id, _SOMEBODY, ready=False)
    noted = insert_unnoticed(case.connection, case.ticket_id, _SOMEBODY, noted=True)
    if case.caller not in ("matrix-shipper", "matrix-operator", "matrix-driver"):
        seen.add(noted)
    answer = case.client.attachments.ListAttachments(pb.ListAttachmentsRequest(ticket_id=case.ticket_id))
    assert {attachment.id for attachment in answer.attachments} == seen


def _download(*, ready: bool = True, is_sensitive: bool = False, noted: bool = False) -> Call:
    def call(case: Case) -> None:
        attachment_id = insert_unnoticed(
            case.connection, case.ticket_id, _SOMEBODY, ready=ready, is_sensitive=is_sensitive, noted=noted
        )
        request = pb.GetAttachmentDownloadRequest(id=attachment_id, access_reason=WHY if is_sensitive else "")
        assert case.client.attachments.GetAttachmentDownload(request).download.method == "GET"

    return call


ATTACHMENT_OPERATIONS = (
    Operation("CreateAttachment", ("attach",), _create),
    Operation("CompleteAttachment", ("attach",), _complete(own=True, ready=False), unseen=ABSENT_FILE),
    Operation(
        "CompleteAttachment of another",
        ("complete_others",),
        _complete(own=False, ready=True),
        unseen=ABSENT_FILE,
    ),
    Operation(
        "CompleteAttachment of another's upload",
        ("others_uploads",),
        _complete(own=False, ready=False),
        unseen=ABSENT_FILE,
    ),
    Operation("ListAttachments", ("read",), _list),
    Operation("GetAttachmentDownload", ("read",), _download(), unseen=ABSENT_FILE),
    Operation("GetAttachmentDownload of a sensitive one", ("read",), _download(is_sensitive=True), unseen=ABSENT_FILE),
    Operation(
        "GetAttachmentDownload of an internal note's", ("note_files",), _download(noted=True), unseen=ABSENT_FILE
    ),
    Operation(
        "GetAttachmentDownload of another's upload", ("others_uploads",), _download(ready=False), unseen=ABSENT_FILE
    ),
)
