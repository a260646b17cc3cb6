"""The same request_id gives the same answer, and the change happens once (AIP-155)."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import grpc
import pytest
from google.protobuf.message import Message

from rodistaa.tickets.client import TicketsError
from rodistaa.tickets.v1 import attachment_service_pb2 as attachments
from rodistaa.tickets.v1 import directory_service_pb2 as directory
from rodistaa.tickets.v1 import export_service_pb2 as exports
from rodistaa.tickets.v1 import filter_pb2
from rodistaa.tickets.v1 import notification_service_pb2 as notifications
from rodistaa.tickets.v1 import saved_view_service_pb2 as views
from rodistaa.tickets.v1 import sla_policy_service_pb2 as policies
from rodistaa.tickets.v1 import ticket_pb2 as t
from rodistaa.tickets.v1 import ticket_reads_pb2 as reads
from rodistaa.tickets.v1 import ticket_service_pb2 as service
from rodistaa.tickets.v1 import ticket_writes_pb2 as writes
from server.adapters.postgres.housekeeping import PostgresHousekeeping
from server.adapters.postgres.pool import open_pool
from server.application.housekeeping.purge_idempotency_keys import PurgeIdempotencyKeys
from server.domain.roles import Role
from tests.contract.mutations import TICKET_AND_VIEW_MUTATIONS, a_ticket, manager_of
from tests.contract.mutations_of_attachments import ATTACHMENT_MUTATIONS
from tests.contract.mutations_of_exports import EXPORT_MUTATIONS
from tests.contract.mutations_of_sla_and_notifications import SLA_AND_NOTIFICATION_MUTATIONS
from tests.running import Running, StartServer
from tests.ticket_requests import REASON, new_ticket, retitle

Rpc = Callable[[Any], Message]

MUTATIONS = TICKET_AND_VIEW_MUTATIONS | SLA_AND_NOTIFICATION_MUTATIONS | EXPORT_MUTATIONS | ATTACHMENT_MUTATIONS


def test_no_mutation_is_left_out() -> None:
    offered = [
        method
        for file, name in (
            (service, "TicketService"),
            (directory, "DirectoryService"),
            (views, "SavedViewService"),
            (policies, "SlaPolicyService"),
            (notifications, "NotificationService"),
            (exports, "ExportService"),
            (attachments, "AttachmentService"),
        )
        for method in file.DESCRIPTOR.services_by_name[name].methods
    ]
    repeatable = {method.name for method in offered if "request_id" in method.input_type.fields_by_name}
    assert repeatable == MUTATIONS.keys()


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_repeated_call_gives_the_first_answer_though_the_thing_has_changed(server: Running, name: str) -> None:
    mutation = MUTATIONS[name](server)
    mutation.request.request_id = str(uuid4())
    first = mutation.rpc(mutation.request)
    with server.database.connect() as connection:
        connection.execute(mutation.change_meanwhile.encode(), {"id": mutation.changed_id})
        before = _rows_of(connection)
        again = mutation.rpc(mutation.request)
        assert _rows_of(connection) == before
    for answer in (first, again):
        answer.ClearField("upload") if "upload" in answer.DESCRIPTOR.fields_by_name else None  # signed anew each time
    assert again.SerializeToString(deterministic=True) == first.SerializeToString(deterministic=True)


@pytest.mark.parametrize("name", MUTATIONS)
def test_the_request_id_of_another_body_is_refused(server: Running, name: str) -> None:
    mutation = MUTATIONS[name](server)
    mutation.request.request_id = mutation.other.request_id = str(uuid4())
    mutation.rpc(mutation.request)
    with pytest.raises(TicketsError) as refused:
        mutation.rpc(mutation.other)
    assert refused.value.code is grpc.StatusCode.ALREADY_EXISTS
    assert refused.value.reason == "REQUEST_ID_REUSED"


def _rows_of(connection: Any) -> Any:
    """How many rows there are of whatever a mutation may write, and the latest change of a row."""
    return connection.execute(
        """
        SELECT (SELECT count(*) FROM tickets), (SELECT coalesce(sum(version), 0) FROM tickets),
            (SELECT count(*) FROM ticket_audit), (SELECT count(*) FROM ticket_messages), (SELECT count(*) FROM outbox),
            (SELECT count(*) FROM ticket_watchers WHERE notify_sms),
            (SELECT coalesce(sum(version), 0) FROM saved_views), (SELECT coalesce(sum(version), 0) FROM staff_members),
            (SELECT coalesce(sum(version), 0) FROM sla_config), (SELECT count(*) FROM sla_calendars),
            (SELECT count(*) FROM notifications WHERE read_at IS NULL),
            (SELECT coalesce(sum(version), 0) FROM webhooks),
            (SELECT count(*) FROM webhook_deliveries WHERE status = 'pending'),
            (SELECT count(*) FROM ticket_export_jobs WHERE completed_at IS NULL),
            (SELECT max(completed_at) FROM ticket_export_jobs), (SELECT count(*) FROM ticket_attachments),
            (SELECT max(completed_at) FROM ticket_attachments)
        """
    ).fetchone()


def at_once(calls: list[Callable[[], Message]]) -> list[Message]:
    """All of them at the same moment, each in a thread of its own; the answers in their order."""
    start = Barrier(len(calls))

    def run(call: Callable[[], Message]) -> Message:
        start.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def one_answer(answers: list[Message]) -> bool:
    return len({answer.SerializeToString(deterministic=True) for answer in answers}) == 1


def tickets_created_by(server: Running, user_id: str) -> list[t.Ticket]:
    request = reads.ListTicketsRequest(filter=filter_pb2.TicketFilter(created_by_id=user_id), page_size=200)
    return list(server.client(Role.ADMIN).tickets.ListTickets(request).tickets)


def test_fifty_at_once_create_one_ticket(server: Running) -> None:
    shipper = server.client(Role.SHIPPER, "fifty-at-once").tickets
    request = new_ticket(str(uuid4()))
    answers = at_once([lambda: shipper.CreateTicket(request)] * 50)
    assert one_answer(answers)
    assert [ticket.id for ticket in tickets_created_by(server, "fifty-at-once")] == [answers[0].ticket.id]  # type: ignore[attr-defined]


def test_fifty_at_once_over_two_processes_create_one_ticket(server_processes: StartServer, database: Any) -> None:
    served = [Running(process.target, database) for process in (server_processes(), server_processes())]
    try:
        clients = [each.client(Role.SHIPPER, "fifty-at-once").tickets for each in served]
        request = new_ticket(str(uuid4()))

        def call(number: int) -> Callable[[], Message]:
            return lambda: clients[number % 2].CreateTicket(request, wait_for_ready=True, timeout=60)

        answers = at_once([call(number) for number in range(50)])
        assert one_answer(answers)
        assert len(tickets_created_by(served[0], "fifty-at-once")) == 1
    finally:
        for each in served:
            each.close()


@pytest.mark.parametrize("name", ["UpdateTicket", "AddMessage", "SetWatch", "BulkUpdateTickets"])
def test_other_calls_at_once_happen_once_too(server: Running, name: str) -> None:
    mutation = MUTATIONS[name](server)
    with server.database.connect() as connection:
        audited = connection.execute("SELECT count(*) FROM ticket_audit").fetchone()
        mutation.request.request_id = str(uuid4())
        assert one_answer(at_once([lambda: mutation.rpc(mutation.request)] * 20))
        after = connection.execute("SELECT count(*) FROM ticket_audit").fetchone()
    assert audited is not None
    assert after == (audited[0] + 1,)


@pytest.mark.parametrize("name", ["CreateSavedView", "UpsertCalendar", "CreateWebhook", "MarkNotificationsRead"])
def test_what_is_about_no_ticket_happens_once_too(server: Running, name: str) -> None:
    mutation = MUTATIONS[name](server)
    mutation.request.request_id = str(uuid4())
    with server.database.connect() as connection:
        before = _rows_of(connection)
        assert one_answer(at_once([lambda: mutation.rpc(mutation.request)] * 20))
        changed = [new - old for old, new in zip(before, _rows_of(connection), strict=True) if new != old]
    assert [abs(each) for each in changed] == [1]


def test_another_principal_may_use_the_same_id(server: Running) -> None:
    request = new_ticket(str(uuid4()))
    one = server.client(Role.SHIPPER, "principal-one").tickets.CreateTicket(request).ticket
    two = server.client(Role.SHIPPER, "principal-two").tickets.CreateTicket(request).ticket
    assert one.id != two.id
    assert two.created_by_id == "principal-two"


def test_the_request_id_of_another_method_is_refused(server: Running) -> None:
    manager = manager_of(server)
    request_id = str(uuid4())
    ticket = manager.CreateTicket(new_ticket(request_id)).ticket
    with pytest.raises(TicketsError) as refused:
        manager.UpdateTicket(retitle(ticket.id, "Payment is late", request_id=request_id))
    assert refused.value.reason == "REQUEST_ID_REUSED"


def test_a_failure_is_not_remembered(server: Running) -> None:
    manager = manager_of(server)
    ticket = manager.CreateTicket(new_ticket()).ticket
    request = writes.TransitionTicketRequest(id=ticket.id, status=t.TICKET_STATUS_IN_PROGRESS, request_id=str(uuid4()))
    with pytest.raises(TicketsError) as refused:
        manager.TransitionTicket(request)
    assert refused.value.reason == "TRANSITION_NOT_ALLOWED"
    manager.AssignTicket(writes.AssignTicketRequest(id=ticket.id, owner_role=t.ROLE_OPS_AGENT, reason=REASON))
    assert manager.TransitionTicket(request).ticket.status == t.TICKET_STATUS_IN_PROGRESS


def test_the_id_of_a_failure_is_free_for_another_body(server: Running) -> None:
    manager = manager_of(server)
    request_id = str(uuid4())
    with pytest.raises(TicketsError):
        manager.UpdateTicket(retitle("TKT-999999999", "Payment is late", request_id=request_id))
    ticket = a_ticket(server)
    changed = manager.UpdateTicket(retitle(ticket.id, "Payment is late", request_id=request_id)).ticket
    assert changed.title == "Payment is late"


def test_upper_and_lower_case_are_the_same_id(server: Running) -> None:
    manager = manager_of(server)
    request_id = "abcdefab-cdef-4abc-8def-abcdefabcdef"
    first = manager.CreateTicket(new_ticket(request_id))
    assert manager.CreateTicket(new_ticket(request_id.upper())).ticket.id == first.ticket.id


@pytest.mark.parametrize("request_id", ["1", "not-a-uuid", "00000000-0000-0000-0000-00000000000g"])
def test_an_id_that_is_no_uuid_is_refused(server: Running, request_id: str) -> None:
    with pytest.raises(TicketsError) as refused:
        manager_of(server).CreateTicket(new_ticket(request_id))
    assert refused.value.code is grpc.StatusCode.INVALID_ARGUMENT
    assert [violation.field for violation in refused.value.field_violations] == ["request_id"]


@pytest.fixture
def purge(server: Running) -> Iterator[PurgeIdempotencyKeys]:
    pool = open_pool(server.database.dsn, min_size=1, max_size=1, wait_seconds=10, prepare_statements=True)
    yield PurgeIdempotencyKeys(PostgresHousekeeping(pool))
    pool.close()


def test_ids_are_kept_for_a_day_and_then_forgotten(server: Running, purge: PurgeIdempotencyKeys) -> None:
    shipper = server.client(Role.SHIPPER, "a-day-later").tickets
    request = new_ticket(str(uuid4()))
    first = shipper.CreateTicket(request).ticket

    def after(age: timedelta) -> t.Ticket:
        with server.database.connect() as connection:
            connection.execute(
                "UPDATE idempotency_keys SET created_at = now() - %s WHERE request_id = %s",
                [age, UUID(request.request_id)],
            )
        purge()
        ticket: t.Ticket = shipper.CreateTicket(request).ticket
        return ticket

    assert after(timedelta(hours=23, minutes=59)).id == first.id
    assert after(timedelta(hours=24, seconds=1)).id != first.id
