"""The form of errors: ErrorInfo, BadRequest, a request id, nothing of the inside; and methods that no contract has."""

from typing import Any, cast

import grpc
import pytest
from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from rodistaa.tickets.client import TicketsError
from rodistaa.tickets.v1 import (
    attachment_service_pb2,
    directory_service_pb2,
    export_service_pb2,
    notification_service_pb2,
    saved_view_service_pb2,
    sla_policy_service_pb2,
    ticket_service_pb2,
)
from rodistaa.tickets.v1 import ticket_pb2 as t
from rodistaa.tickets.v1 import ticket_reads_pb2 as reads
from rodistaa.tickets.v1 import ticket_writes_pb2 as writes
from rodistaa.tickets.v1 import timeline_reads_pb2 as timeline
from rodistaa.tickets.v1.errors_pb2 import ErrorReason
from server.api.errors import REQUEST_ID_KEY
from server.domain.errors import Reason
from server.domain.roles import Role
from tests.contract.expectations import check_form, refused, resolve
from tests.contract.requests import OFFERED, REASON, World, full_ticket, path_of, raw_rpc, ticket
from tests.running import Running

SERVICES = {
    "TicketService": ticket_service_pb2,
    "AttachmentService": attachment_service_pb2,
    "ExportService": export_service_pb2,
    "SlaPolicyService": sla_policy_service_pb2,
    "DirectoryService": directory_service_pb2,
    "SavedViewService": saved_view_service_pb2,
    "NotificationService": notification_service_pb2,
}


def contract() -> dict[str, type[Message]]:
    """Request type of every method of the contract by ``Service/Method``."""
    methods = {}
    for service, module in SERVICES.items():
        descriptor: ServiceDescriptor = module.DESCRIPTOR.services_by_name[service]
        for method in descriptor.methods:
            methods[f"{service}/{method.name}"] = GetMessageClass(method.input_type)
    return methods


def call(running: Running, name: str, request: Message, **options: Any) -> Any:
    """Make the call by its path, as the admin."""
    make: Any = running.client(Role.ADMIN, "errors-admin").channel.unary_unary
    return make(path_of(name), lambda message: message.SerializeToString())(request, **options)


def test_every_method_of_the_contract_is_offered() -> None:
    assert set(OFFERED) == contract().keys()


@pytest.mark.parametrize(
    "path",
    [
        "/rodistaa.tickets.v1.TicketService/DropTickets",
        "/rodistaa.tickets.v2.TicketService/GetTicket",
        "/x/y",
        "/grpc.reflection.v9.ServerReflection/X",
    ],
)
def test_an_unknown_method_is_unimplemented(server: Running, path: str) -> None:
    with pytest.raises(TicketsError) as caught:
        raw_rpc(server.client(Role.ADMIN, "errors-admin"), path)(b"")
    assert caught.value.code is grpc.StatusCode.UNIMPLEMENTED
    check_form(caught.value)


def test_the_reasons_of_the_contract_are_those_of_the_domain() -> None:
    names = {name.removeprefix("ERROR_REASON_") for name in ErrorReason.keys()}  # noqa: SIM118 - an enum wrapper
    assert names - {"UNSPECIFIED"} == {reason.value for reason in Reason}


def test_each_kind_of_refusal_has_the_promised_form(server: Running) -> None:
    world = World(server)
    tickets = world.admin.tickets
    made = world.open_ticket()
    stale = writes.UpdateTicketRequest(
        ticket=t.Ticket(id=made.id, etag='"0"', tags=["x"]), update_mask=FieldMask(paths=["tags"])
    )
    again = writes.CreateTicketRequest(ticket=ticket(), request_id="7a5c1a52-9e17-4a64-8d47-b9a77c2c2f10")
    other = writes.CreateTicketRequest(ticket=ticket(tags=["other"]), request_id=again.request_id)
    closing = writes.TransitionTicketRequest(id=made.id, status=t.TICKET_STATUS_CLOSED)
    refused(tickets.GetTicket, reads.GetTicketRequest(id="TKT-999999999"), code=grpc.StatusCode.NOT_FOUND)
    refused(tickets.GetTicket, reads.GetTicketRequest(id="x"), reason="INVALID_REQUEST", field="id")
    refused(tickets.UpdateTicket, stale, code=grpc.StatusCode.ABORTED, reason="ETAG_MISMATCH")
    tickets.CreateTicket(again)
    refused(tickets.CreateTicket, other, code=grpc.StatusCode.ALREADY_EXISTS, reason="REQUEST_ID_REUSED")
    error = refused(
        tickets.TransitionTicket,
        closing,
        code=grpc.StatusCode.FAILED_PRECONDITION,
        reason="TRANSITION_NOT_ALLOWED",
    )
    assert error.metadata["current_status"] == "OPEN"
    assert error.metadata["allowed_statuses"].split(",")[0] == "IN_PROGRESS"
    assert " " not in error.metadata["allowed_statuses"], "comma-separated, as the contract says"
    outsider = server.client(Role.SHIPPER, "errors-shipper").tickets
    refused(outsider.SuggestOwners, reads.SuggestOwnersRequest(), code=grpc.StatusCode.PERMISSION_DENIED)
    refused(
        outsider.ListAuditEntries,
        timeline.ListAuditEntriesRequest(ticket_id=made.id),
        code=grpc.StatusCode.NOT_FOUND,
        reason="TICKET_NOT_FOUND",
    )


def test_without_a_token_nothing_is_said_about_the_request(server: Running) -> None:
    with grpc.insecure_channel(server.target) as channel:
        for payload in (b"", b"\xff\xff\xff"):
            rpc: Any = channel.unary_unary(path_of("TicketService/CreateTicket"))
            with pytest.raises(grpc.RpcError) as caught:
                rpc(payload)
            error = TicketsError.from_rpc_error(caught.value)
            error.__cause__ = caught.value
            assert (error.code, error.reason) == (grpc.StatusCode.UNAUTHENTICATED, "TOKEN_MISSING")
            check_form(error)


def test_all_that_is_wrong_is_said_at_once(server: Running) -> None:
    world = World(server)
    wrong = full_ticket(title="short", description="short", priority=99, tags=["fine", ""], linked_id="", owner_id="a")
    error = refused(world.admin.tickets.CreateTicket, writes.CreateTicketRequest(ticket=wrong))
    assert {violation.field for violation in error.field_violations} == {
        "ticket.title",
        "ticket.description",
        "ticket.priority",
        "ticket.tags[1]",
        "ticket.linked_id",
        "ticket.owner_id",
    }


def test_more_violations_than_a_trailer_holds_are_counted(server: Running) -> None:
    world = World(server)
    request = reads.ListTicketsRequest()
    request.filter.tags_any.extend(["😀" * 51 + "\0"] * 100)
    request.filter.franchise_ids.extend(["नहीं"] * 100)
    request.order_by = "भुगतान" * 1000
    error = refused(world.admin.tickets.ListTickets, request)
    assert len(error.field_violations) + int(error.metadata["violations_omitted"]) == 201


def test_a_harmless_request_id_comes_back_and_a_strange_one_is_replaced(server: Running) -> None:
    for given, back in (("trace-1/a:b", "trace-1/a:b"), ("no spaces", None), ("x" * 101, None)):
        with pytest.raises(TicketsError) as caught:
            call(server, "TicketService/GetTicket", reads.GetTicketRequest(), metadata=((REQUEST_ID_KEY, given),))
        check_form(caught.value)
        trailers = dict(cast("grpc.Call", caught.value.__cause__).trailing_metadata() or ())
        assert trailers[REQUEST_ID_KEY] == back or back is None
        assert trailers[REQUEST_ID_KEY] != given or back is not None


def test_an_answer_carries_a_request_id_too(server: Running) -> None:
    made = World(server).new_ticket()
    _, answered = server.client(Role.ADMIN, "errors-admin").tickets.GetTicket.with_call(
        reads.GetTicketRequest(id=made.id)
    )
    assert dict(answered.trailing_metadata()).get(REQUEST_ID_KEY)


def test_paths_are_held_against_the_request() -> None:
    request = writes.CreateTicketRequest(ticket=full_ticket())
    for path in ("ticket", "ticket.title", "ticket.tags[1]", "ticket.metadata"):
        resolve(request, path)
    for path in ("titel", "ticket.tags[2]", "ticket.title[0]", "ticket.title.x", "ticket..title", ""):
        with pytest.raises(AssertionError):
            resolve(request, path)


def test_a_refused_bulk_change_of_one_ticket_says_what_its_own_call_would(server: Running) -> None:
    world = World(server)
    made = world.new_ticket()
    alone = refused(
        world.admin.tickets.TransitionTicket,
        writes.TransitionTicketRequest(id=made.id, status=t.TICKET_STATUS_CLOSED, reason=REASON),
        code=grpc.StatusCode.FAILED_PRECONDITION,
    )
    bulk = world.valid_requests()["TicketService/BulkUpdateTickets"]
    bulk.ids[:] = [made.id]  # type: ignore[attr-defined] # the request of that method
    bulk.transition.status = t.TICKET_STATUS_CLOSED  # type: ignore[attr-defined] # as above
    (result,) = world.rpc("TicketService/BulkUpdateTickets")(bulk).results  # type: ignore[attr-defined] # as above
    assert result.error.code == alone.code.value[0]
    assert ErrorReason.Name(result.error.reason) == f"ERROR_REASON_{alone.reason}"
    assert result.error.message == alone.message
