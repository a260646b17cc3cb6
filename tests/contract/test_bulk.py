"""BulkUpdateTickets: every kind of change, each ticket for itself, once."""

import threading
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import grpc
import pytest

from rodistaa.tickets.client import TicketsError
from rodistaa.tickets.v1 import errors_pb2, filter_pb2, timeline_pb2, timeline_reads_pb2
from rodistaa.tickets.v1 import ticket_bulk_pb2 as bulk
from rodistaa.tickets.v1 import ticket_pb2 as t
from rodistaa.tickets.v1 import ticket_reads_pb2 as reads
from rodistaa.tickets.v1 import ticket_writes_pb2 as writes
from server.domain.roles import Role
from tests.contract.expectations import refused, rows
from tests.contract.requests import REASON, World, ticket
from tests.running import Running

PRECONDITION = grpc.StatusCode.FAILED_PRECONDITION


@pytest.fixture
def world(server: Running) -> World:
    return World(server)


def request(ids: list[str] | None = None, **fields: Any) -> bulk.BulkUpdateTicketsRequest:
    return bulk.BulkUpdateTicketsRequest(ids=ids, **{"reason": REASON, **fields})


def update(world: World, asked: bulk.BulkUpdateTicketsRequest) -> bulk.BulkUpdateTicketsResponse:
    return world.admin.tickets.BulkUpdateTickets(asked, timeout=60)


def get(world: World, ticket_id: str) -> t.Ticket:
    return world.admin.tickets.GetTicket(reads.GetTicketRequest(id=ticket_id)).ticket


def audit(world: World, ticket_id: str) -> list[timeline_pb2.AuditEntry]:
    asked = timeline_reads_pb2.ListAuditEntriesRequest(ticket_id=ticket_id, page_size=200)
    return list(world.admin.tickets.ListAuditEntries(asked).audit_entries)


def many(world: World, number: int, **fields: Any) -> list[str]:
    """Ids of new tickets, made at once."""
    asked = writes.CreateTicketRequest(ticket=ticket(**fields))
    calls = [world.admin.tickets.CreateTicket.future(asked, timeout=60) for _ in range(number)]
    return [call.result().ticket.id for call in calls]


CHANGES: dict[str, tuple[dict[str, Any], Callable[[t.Ticket], Any], Any, str]] = {
    "assign": (
        {"assign": bulk.BulkAssign(owner_id="ravi", owner_role=t.ROLE_OPS_AGENT, assigned_franchise_id="FR-7")},
        lambda each: (each.owner_id, each.assigned_franchise_id, each.status),
        ("ravi", "FR-7", t.TICKET_STATUS_IN_PROGRESS),
        "ASSIGNMENT_CHANGED",
    ),
    "transition": (
        {"transition": bulk.BulkTransition(status=t.TICKET_STATUS_RESOLVED, resolution_summary="Paid to all.")},
        lambda each: (each.status, each.resolution_summary),
        (t.TICKET_STATUS_RESOLVED, "Paid to all."),
        "STATUS_CHANGED",
    ),
    "priority": (
        {"priority": t.TICKET_PRIORITY_CRITICAL},
        lambda each: each.priority,
        t.TICKET_PRIORITY_CRITICAL,
        "PRIORITY_CHANGED",
    ),
    "tags": (
        {"tags": bulk.BulkTags(add=["strike", "kept"], remove=["old", "absent"])},
        lambda each: list(each.tags),
        ["kept", "strike"],
        "TICKET_UPDATED",
    ),
    "archive": ({"archive": True}, lambda each: each.archived, True, "TICKET_ARCHIVED"),
    "escalate": (
        {"escalate": bulk.BulkEscalate()},
        lambda each: (each.status, each.sla_escalation_level, each.owner_id),
        (t.TICKET_STATUS_ESCALATED, 1, ""),
        "ESCALATED",
    ),
}


def begun(world: World) -> str:
    """A ticket that every kind of change can be made to."""
    made = world.open_ticket(tags=["old", "kept"])
    asked = writes.TransitionTicketRequest(id=made.id, status=t.TICKET_STATUS_IN_PROGRESS)
    return world.admin.tickets.TransitionTicket(asked).ticket.id


@pytest.mark.parametrize("kind", CHANGES)
def test_a_change_is_made_to_each_ticket_with_its_own_audit_row(world: World, kind: str) -> None:
    change, look, expected, action = CHANGES[kind]
    ids = [begun(world), begun(world)]
    answer = update(world, request(ids, **change))
    assert (answer.succeeded_count, answer.failed_count, answer.validate_only) == (2, 0, False)
    assert [result.ticket_id for result in answer.results] == ids
    for result in answer.results:
        changed = get(world, result.ticket_id)
        assert look(changed) == expected
        assert (result.etag, result.status, result.HasField("error")) == (changed.etag, changed.status, False)
        row = audit(world, result.ticket_id)[-1]
        assert (row.action, row.reason, row.actor_id) == (action, REASON, "contract-admin")


def test_tickets_are_taken_out_of_the_archive_in_bulk_too(world: World) -> None:
    ids = [begun(world), begun(world)]
    update(world, request(ids, archive=True))
    assert update(world, request(ids, archive=False)).succeeded_count == 2
    assert not any(get(world, ticket_id).archived for ticket_id in ids)


@pytest.mark.parametrize("kind", CHANGES)
def test_validate_only_says_what_would_happen_and_does_nothing(world: World, kind: str) -> None:
    change, look, expected, _ = CHANGES[kind]
    ids = [begun(world), "TKT-987654321", begun(world)]
    etags = [get(world, ids[0]).etag, get(world, ids[2]).etag]
    before = rows(world.running.database)
    key = str(uuid4())
    tried = update(world, request(ids, validate_only=True, request_id=key, **change))
    assert rows(world.running.database) == before
    assert [get(world, ids[0]).etag, get(world, ids[2]).etag] == etags
    assert (tried.succeeded_count, tried.failed_count, tried.validate_only) == (2, 1, True)
    assert not any(result.etag for result in tried.results)
    done = update(world, request(ids, request_id=key, **change))
    assert [(result.ticket_id, result.status, result.error) for result in done.results] == [
        (result.ticket_id, result.status, result.error) for result in tried.results
    ]
    assert look(get(world, ids[0])) == expected


def test_one_ticket_that_fails_leaves_the_others_alone(world: World) -> None:
    good, closed, full = begun(world), begun(world), world.new_ticket(tags=[f"tag {n}" for n in range(20)]).id
    for status in (t.TICKET_STATUS_RESOLVED, t.TICKET_STATUS_CLOSED):
        asked = writes.TransitionTicketRequest(id=closed, status=status)
        if status == t.TICKET_STATUS_RESOLVED:
            asked.resolution_summary = "Paid."
        world.admin.tickets.TransitionTicket(asked)
    ids = [full, "TKT-987654321", good, closed]
    answer = update(world, request(ids, tags=bulk.BulkTags(add=["one more"])))
    assert [result.ticket_id for result in answer.results] == ids
    assert (answer.succeeded_count, answer.failed_count) == (1, 3)
    assert [(result.error.code, result.error.reason) for result in answer.results] == [
        (grpc.StatusCode.INVALID_ARGUMENT.value[0], errors_pb2.ERROR_REASON_INVALID_REQUEST),
        (grpc.StatusCode.NOT_FOUND.value[0], errors_pb2.ERROR_REASON_TICKET_NOT_FOUND),
        (0, 0),
        (PRECONDITION.value[0], errors_pb2.ERROR_REASON_TICKET_CLOSED),
    ]
    assert all(bool(result.error.message) == result.HasField("error") for result in answer.results)
    assert "one more" in get(world, good).tags


def test_a_failed_ticket_says_what_the_single_call_would_have_said(world: World) -> None:
    made = world.open_ticket().id
    closing = request([made], transition=bulk.BulkTransition(status=t.TICKET_STATUS_CLOSED), validate_only=True)
    (result,) = update(world, closing).results
    single = refused(
        world.admin.tickets.TransitionTicket,
        writes.TransitionTicketRequest(id=made, status=t.TICKET_STATUS_CLOSED),
        code=PRECONDITION,
        reason="TRANSITION_NOT_ALLOWED",
    )
    assert dict(result.error.metadata) == single.metadata
    assert result.error.metadata["current_status"] == "OPEN"


def test_a_request_that_does_not_say_which_tickets_or_which_change_is_refused(world: World) -> None:
    made = world.new_ticket().id
    some = filter_pb2.TicketFilter(tags_any=["x"])
    before = rows(world.running.database)
    for wrong, field in (
        (request(archive=True), "ids"),
        (request([made], filter=some, archive=True), "ids"),
        (request(filter=filter_pb2.TicketFilter(), archive=True), "filter"),
        (request([made]), "change"),
        (request([made, "x"], archive=True), "ids[1]"),
        (request([made, made], archive=True), "ids"),
        (request([made], tags=bulk.BulkTags()), "tags"),
        (request([made], tags=bulk.BulkTags(add=["a"], remove=["a"])), "tags.remove"),
        (request([made], assign=bulk.BulkAssign()), "assign.owner_id"),
        (request([made], transition=bulk.BulkTransition()), "transition.status"),
        (request([made], priority=0), "priority"),
        (request([made], archive=True, reason="too short"), "reason"),
        (request([made], archive=True, request_id="x"), "request_id"),
    ):
        refused(world.admin.tickets.BulkUpdateTickets, wrong, field=field)
    assert rows(world.running.database) == before


def test_only_admin_may_even_try(world: World) -> None:
    manager = world.running.client(Role.CEO_ONCALL, "bulk-ceo").tickets
    for validate_only in (True, False):
        refused(
            manager.BulkUpdateTickets,
            request([world.new_ticket().id], archive=True, validate_only=validate_only),
            code=grpc.StatusCode.PERMISSION_DENIED,
            reason="ACTION_NOT_ALLOWED",
        )


@pytest.mark.slow
def test_five_hundred_tickets_are_served_by_ids_and_by_filter_and_one_more_is_too_many(world: World) -> None:
    tag = f"bulk-{uuid4().hex[:8]}"
    ids = many(world, 500, tags=[tag])
    where = filter_pb2.TicketFilter(tags_all=[tag])
    answer = update(world, request(filter=where, tags=bulk.BulkTags(add=["seen"])))
    assert [result.ticket_id for result in answer.results] == sorted(ids)
    assert answer.succeeded_count == 500
    assert update(world, request(ids, priority=t.TICKET_PRIORITY_LOW)).succeeded_count == 500
    many(world, 1, tags=[tag])
    before = rows(world.running.database)
    for validate_only in (True, False):
        wide = request(filter=where, archive=True, validate_only=validate_only)
        error = refused(world.admin.tickets.BulkUpdateTickets, wide, code=PRECONDITION, reason="BULK_TOO_LARGE")
        assert error.metadata == {"matched": "501+"}
    assert rows(world.running.database) == before


def test_a_filter_takes_what_it_matches_and_nothing_is_an_answer(world: World) -> None:
    tag = f"bulk-{uuid4().hex[:8]}"
    matching = world.new_ticket(tags=[tag], priority=t.TICKET_PRIORITY_HIGH).id
    other = world.new_ticket(tags=[tag], priority=t.TICKET_PRIORITY_LOW).id
    where = filter_pb2.TicketFilter(tags_any=[tag], priorities=[t.TICKET_PRIORITY_HIGH])
    answer = update(world, request(filter=where, archive=True))
    assert [result.ticket_id for result in answer.results] == [matching]
    assert not get(world, other).archived
    assert not update(world, request(filter=where, archive=True)).results, "archived ones no longer match"


def test_the_same_request_again_is_the_same_answer_and_no_second_change(world: World) -> None:
    ids = [begun(world), "TKT-987654321", begun(world)]
    asked = request(ids, escalate=bulk.BulkEscalate(), request_id=str(uuid4()))
    first = update(world, asked)
    before = rows(world.running.database)
    assert update(world, asked) == first
    assert rows(world.running.database) == before
    assert [get(world, ticket_id).sla_escalation_level for ticket_id in (ids[0], ids[2])] == [1, 1]
    asked.reason += "!"
    refused(
        world.admin.tickets.BulkUpdateTickets,
        asked,
        code=grpc.StatusCode.ALREADY_EXISTS,
        reason="REQUEST_ID_REUSED",
    )


def test_a_call_that_was_cut_off_is_finished_by_its_repetition(world: World) -> None:
    ids = [begun(world) for _ in range(6)]
    asked = request(ids, escalate=bulk.BulkEscalate(), request_id=str(uuid4()))
    with world.running.database.connect(autocommit=False) as blocking:
        blocking.execute("SELECT FROM tickets WHERE id = %s FOR UPDATE", [ids[3]])
        with pytest.raises(TicketsError) as caught:
            world.admin.tickets.BulkUpdateTickets(asked, timeout=1.0)
        assert caught.value.code is grpc.StatusCode.DEADLINE_EXCEEDED
        assert [get(world, ticket_id).sla_escalation_level for ticket_id in ids] == [1, 1, 1, 0, 0, 0]
    answer = update(world, asked)
    assert (answer.succeeded_count, answer.failed_count) == (6, 0)
    assert [get(world, ticket_id).sla_escalation_level for ticket_id in ids] == [1] * 6
    for ticket_id in ids:
        assert [row.action for row in audit(world, ticket_id)].count("ESCALATED") == 1
    assert update(world, asked) == answer


def test_the_same_request_ten_times_at_once_changes_each_ticket_once(world: World) -> None:
    ids = [begun(world) for _ in range(4)]
    asked = request(ids, escalate=bulk.BulkEscalate(), request_id=str(uuid4()))
    barrier = threading.Barrier(10)
    answers: list[bulk.BulkUpdateTicketsResponse | TicketsError] = []

    def send() -> None:
        barrier.wait()
        try:
            answers.append(update(world, asked))
        except TicketsError as error:
            answers.append(error)

    threads = [threading.Thread(target=send) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [get(world, ticket_id).sla_escalation_level for ticket_id in ids] == [1] * 4
    assert all(not isinstance(answer, TicketsError) and answer.succeeded_count == 4 for answer in answers), answers
