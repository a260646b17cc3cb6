"""The calls of the role matrix that are about attachments."""

from collections.abc import Sequence

from rodistaa.tickets.v1 import attachment_pb2
from rodistaa.tickets.v1 import attachment_service_pb2 as pb
from tests.contract.attachment_requests import WHY, Naming, create, insert_unnoticed, store_bytes
from tests.contract.matrix_calls import Call, Case, Operation

ABSENT_FILE = "NOT_FOUND ATTACHMENT_NOT_FOUND"
_SOMEBODY = "matrix-uploader"
_NAMINGS: tuple[tuple[Naming, ...], ...] = ((), ("note",), ("public",), ("note", "public"))


def _create(case: Case) -> None:
    assert create(case.client, case.ticket_id).upload.method == "PUT"


def _complete(*, own: bool, ready: bool, named_by: Sequence[Naming] = ()) -> Call:
    def call(case: Case) -> None:
        uploader = case.caller if own else _SOMEBODY
        attachment_id = insert_unnoticed(case.connection, case.ticket_id, uploader, ready=ready, named_by=named_by)
        kept = attachment_pb2.Attachment(id=attachment_id, ticket_id=case.ticket_id, file_type="application/pdf")
        store_bytes(kept)
        request = pb.CompleteAttachmentRequest(id=attachment_id)
        done = case.client.attachments.CompleteAttachment(request).attachment
        assert done.state == attachment_pb2.ATTACHMENT_STATE_READY

    return call


def _list(case: Case) -> None:
    """Everybody gets the own ones and those that public messages name; staff get all others that are complete."""
    others: dict[tuple[Naming, ...], str] = {
        named_by: insert_unnoticed(case.connection, case.ticket_id, _SOMEBODY, named_by=named_by)
        for named_by in _NAMINGS
    }
    own = {insert_unnoticed(case.connection, case.ticket_id, case.caller, ready=ready) for ready in (False, True)}
    insert_unnoticed(case.connection, case.ticket_id, _SOMEBODY, ready=False)
    outside = case.caller in ("matrix-shipper", "matrix-operator", "matrix-driver")
    seen = own | {each for named_by, each in others.items() if "public" in named_by or not outside}
    answer = case.client.attachments.ListAttachments(pb.ListAttachmentsRequest(ticket_id=case.ticket_id))
    assert {attachment.id for attachment in answer.attachments} == seen


def _download(
    *, own: bool = False, ready: bool = True, is_sensitive: bool = False, named_by: Sequence[Naming] = ()
) -> Call:
    def call(case: Case) -> None:
        uploader = case.caller if own else _SOMEBODY
        attachment_id = insert_unnoticed(
            case.connection, case.ticket_id, uploader, ready=ready, is_sensitive=is_sensitive, named_by=named_by
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
        _complete(own=False, ready=True, named_by=["public"]),
        unseen=ABSENT_FILE,
    ),
    Operation(
        "CompleteAttachment of another that is not shared",
        ("unshared_files", "complete_others"),
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
    Operation("GetAttachmentDownload", ("read",), _download(named_by=["public"]), unseen=ABSENT_FILE),
    Operation("GetAttachmentDownload of one's own", ("read",), _download(own=True), unseen=ABSENT_FILE),
    Operation(
        "GetAttachmentDownload of a sensitive one",
        ("read",),
        _download(is_sensitive=True, named_by=["note", "public"]),
        unseen=ABSENT_FILE,
    ),
    Operation("GetAttachmentDownload of an unnamed one", ("unshared_files",), _download(), unseen=ABSENT_FILE),
    Operation(
        "GetAttachmentDownload of an internal note's",
        ("unshared_files",),
        _download(named_by=["note"]),
        unseen=ABSENT_FILE,
    ),
    Operation(
        "GetAttachmentDownload of another's upload", ("others_uploads",), _download(ready=False), unseen=ABSENT_FILE
    ),
)
