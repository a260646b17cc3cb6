"""The same service on a real S3-compatible store: what differs is the store's own."""

from collections.abc import Iterator
from uuid import uuid4

import grpc
import pytest

from rodistaa.tickets.client import TicketsClient
from rodistaa.tickets.v1 import attachment_pb2
from rodistaa.tickets.v1 import attachment_service_pb2 as pb
from rodistaa.tickets.v1 import ticket_writes_pb2 as writes
from server.domain.roles import Role
from server.files import open_store
from tests.contract.attachment_desk import send
from tests.contract.attachment_requests import PDF, complete, create
from tests.contract.expectations import refused
from tests.contract.requests import ticket
from tests.database import Database
from tests.minio_process import MinioProcess
from tests.running import running, settings_for

READY = attachment_pb2.ATTACHMENT_STATE_READY
PRECONDITION, UNAVAILABLE = grpc.StatusCode.FAILED_PRECONDITION, grpc.StatusCode.UNAVAILABLE


@pytest.fixture
def shipper(database: Database, own_minio: MinioProcess) -> Iterator[TicketsClient]:
    """Of a server that was started while the store was away."""
    settings = {**own_minio.settings(), "TICKETS_S3_BUCKET": f"files-{uuid4().hex[:8]}", "s3_timeout_seconds": 0.5}
    own_minio.stop()
    with running(database, **settings) as served:
        own_minio.start()
        open_store(settings_for(database, **settings)).check(create_bucket=True)
        yield served.client(Role.SHIPPER, "files-shipper")


def new_ticket(client: TicketsClient) -> str:
    return client.tickets.CreateTicket(writes.CreateTicketRequest(ticket=ticket())).ticket.id


def completion(made: pb.CreateAttachmentResponse) -> pb.CompleteAttachmentRequest:
    return pb.CompleteAttachmentRequest(id=made.attachment.id)


def test_files_go_to_the_store_and_come_back(shipper: TicketsClient) -> None:
    made = create(shipper, new_ticket(shipper), file_name="भुगतान.pdf")
    assert send(made.upload, PDF.replace(b"1.7", b"1.4")).status == 400
    refused(
        shipper.attachments.CompleteAttachment, completion(made), code=PRECONDITION, reason="ATTACHMENT_NOT_UPLOADED"
    )
    assert send(made.upload, PDF).status == 200
    assert send(made.upload, PDF).status == 412
    done = complete(shipper, made.attachment.id)
    assert done.state == READY
    got = shipper.attachments.GetAttachmentDownload(pb.GetAttachmentDownloadRequest(id=done.id))
    answer = send(got.download)
    assert (answer.status, answer.body) == (200, PDF)
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"].startswith("attachment;")


def test_content_of_another_type_is_thrown_away(shipper: TicketsClient) -> None:
    content = b"MZ\x90\0 a program"
    made = create(shipper, new_ticket(shipper), content)
    assert send(made.upload, content).status == 200
    error = refused(
        shipper.attachments.CompleteAttachment, completion(made), code=PRECONDITION, reason="ATTACHMENT_MISMATCH"
    )
    assert error.metadata["mismatch"] == "content"
    refused(
        shipper.attachments.CompleteAttachment, completion(made), code=PRECONDITION, reason="ATTACHMENT_NOT_UPLOADED"
    )


def test_a_store_that_is_away_or_hangs_is_said_to_be_and_nothing_is_lost(
    shipper: TicketsClient, own_minio: MinioProcess
) -> None:
    ticket_id = new_ticket(shipper)
    made = create(shipper, ticket_id)
    assert send(made.upload, PDF).status == 200

    def is_unavailable() -> None:
        error = refused(
            shipper.attachments.CompleteAttachment,
            completion(made),
            code=UNAVAILABLE,
            reason="DEPENDENCY_UNAVAILABLE",
        )
        assert own_minio.url.removeprefix("http://") not in error.message

    own_minio.pause()
    is_unavailable()
    own_minio.resume()
    own_minio.stop()
    is_unavailable()
    assert create(shipper, ticket_id).upload.url, "signing asks nothing of the store"
    listed = shipper.attachments.ListAttachments(pb.ListAttachmentsRequest(ticket_id=ticket_id)).attachments
    assert listed[0] == made.attachment
    own_minio.start()
    assert complete(shipper, made.attachment.id).state == READY
