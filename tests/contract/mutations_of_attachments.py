"""Mutations of attachments, each with what a test of its repetition needs."""

from uuid import uuid4

from rodistaa.tickets.v1 import attachment_service_pb2 as pb
from server.domain.roles import Role
from tests.contract.attachment_requests import announced, uploaded
from tests.contract.mutations import Mutation, a_ticket
from tests.running import Running

_WHO = (Role.OPS_MANAGER, "once-manager")


def create_attachment(server: Running) -> Mutation:
    ticket_id = a_ticket(server).id
    name = f"scan {uuid4()}.pdf"

    def request(file_name: str) -> pb.CreateAttachmentRequest:
        return pb.CreateAttachmentRequest(ticket_id=ticket_id, attachment=announced(file_name=file_name))

    return Mutation(
        server.client(*_WHO).attachments.CreateAttachment,
        request(name),
        request(f"other {name}"),
        "UPDATE ticket_attachments SET status = 'completed', completed_at = now() WHERE file_name = %(id)s",
        name,
    )


def complete_attachment(server: Running) -> Mutation:
    client, ticket_id = server.client(*_WHO), a_ticket(server).id
    mine, other = (uploaded(client, ticket_id) for _ in range(2))
    return Mutation(
        client.attachments.CompleteAttachment,
        pb.CompleteAttachmentRequest(id=mine.id),
        pb.CompleteAttachmentRequest(id=other.id),
        "UPDATE ticket_attachments SET file_name = 'meanwhile.pdf' WHERE id::text = %(id)s",
        mine.id,
    )


ATTACHMENT_MUTATIONS = {"CreateAttachment": create_attachment, "CompleteAttachment": complete_attachment}
