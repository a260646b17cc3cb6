"""Etags: who changes what has changed meanwhile is told so; who sends none is never in the way of others."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from threading import Barrier
from typing import Any
from uuid import uuid4

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from rodistaa.tickets.client import TicketsError
from rodistaa.tickets.v1 import directory_service_pb2 as directory
from rodistaa.tickets.v1 import saved_view_service_pb2 as views
from rodistaa.tickets.v1 import ticket_pb2 as t
from rodistaa.tickets.v1 import ticket_reads_pb2 as reads
from rodistaa.tickets.v1 import ticket_writes_pb2 as writes
from rodistaa.tickets.v1 import timeline_reads_pb2 as timeline
from server.domain.roles import Role
from tests.running import Running
from tests.ticket_requests import REASON, new_ticket, retitle


def manager_of(server: Running) -> Any:
    return server.client(Role.OPS_MANAGER, "etag-manager").tickets


def a_ticket(server: Running) -> t.Ticket:
    manager = manager_of(server)
    created = manager.CreateTicket(new_ticket()).ticket
    request = writes.AssignTicketRequest(
        id=created.id, owner_id="etag-manager", owner_role=t.ROLE_OPS_MANAGER, reason=REASON
    )
    ticket: t.Ticket = manager.AssignTicket(request).ticket
    return ticket


def at_once(calls: list[Callable[[], Any]]) -> list[Any]:
    """Answers, or the TicketsError of those that failed, in the order of the calls."""
    start = Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        start.wait()
        try:
            return call()
        except TicketsError as error:
            return error

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def assert_mismatch(error: TicketsError) -> None:
    assert error.code is grpc.StatusCode.ABORTED
    assert error.reason == "ETAG_MISMATCH"


@pytest.mark.parametrize("rivals", [2, 10])
def test_of_updates_with_one_etag_one_wins(server: Running, rivals: int) -> None:
    manager = manager_of(server)
    ticket = a_ticket(server)

    def call(number: int) -> Callable[[], Any]:
        request = retitle(ticket.id, f"Payment is late, says {number}", etag=ticket.etag)
        return lambda: manager.UpdateTicket(request).ticket

    ends = at_once([call(number) for number in range(rivals)])
    losers = [end for end in ends if isinstance(end, TicketsError)]
    (winner,) = [end for end in ends if not isinstance(end, TicketsError)]
    assert len(losers) == rivals - 1
    for loser in losers:
        assert_mismatch(loser)
        assert loser.metadata == {"ticket_id": ticket.id, "current_etag": winner.etag}
    stored = manager.GetTicket(reads.GetTicketRequest(id=ticket.id)).ticket
    assert (stored.title, stored.etag) == (winner.title, winner.etag)
    assert stored.version == ticket.version + 1


def test_twenty_changes_at_once_without_etag_all_apply(server: Running) -> None:
    manager = manager_of(server)
    ticket = manager.CreateTicket(new_ticket()).ticket
    titles = [f"Payment is late, says {number}" for number in range(20)]

    def call(title: str) -> Callable[[], Any]:
        return lambda: manager.UpdateTicket(retitle(ticket.id, title)).ticket

    answers = at_once([call(title) for title in titles])
    assert sorted(answer.version for answer in answers) == list(range(2, 22))
    assert [answer.title for answer in answers] == titles

    audit = manager.ListAuditEntries(timeline.ListAuditEntriesRequest(ticket_id=ticket.id, page_size=200)).audit_entries
    assert [entry.chain_no for entry in audit] == list(range(1, 22))
    assert sorted(entry.new_values["title"] for entry in audit[1:]) == sorted(titles)
    for before, after in pairwise(audit[1:]):
        assert after.old_values["title"] == before.new_values["title"]
    entries = manager.ListTimeline(timeline.ListTimelineRequest(ticket_id=ticket.id, page_size=200)).entries
    assert [entry.seq for entry in entries] == list(range(1, 22))
    assert manager.VerifyAudit(timeline.VerifyAuditRequest(ticket_id=ticket.id)).intact


def test_changes_and_messages_at_once_share_one_order(server: Running) -> None:
    manager = manager_of(server)
    ticket = manager.CreateTicket(new_ticket()).ticket

    def call(number: int) -> Callable[[], Any]:
        if number % 2:
            return lambda: manager.AddMessage(writes.AddMessageRequest(ticket_id=ticket.id, message=f"No. {number}"))
        return lambda: manager.UpdateTicket(retitle(ticket.id, f"Payment is late, says {number}"))

    at_once([call(number) for number in range(20)])
    entries = manager.ListTimeline(timeline.ListTimelineRequest(ticket_id=ticket.id, page_size=200)).entries
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
    messages = [entry.message.message for entry in entries if entry.HasField("message")]
    assert sorted(messages) == sorted(f"No. {number}" for number in range(1, 20, 2))
    assert manager.VerifyAudit(timeline.VerifyAuditRequest(ticket_id=ticket.id)).intact


STALE: dict[str, Callable[[Any, t.Ticket], Any]] = {
    "UpdateTicket": lambda rpc, ticket: rpc.UpdateTicket(retitle(ticket.id, "Payment is late", etag=ticket.etag)),
    "TransitionTicket": lambda rpc, ticket: rpc.TransitionTicket(
        writes.TransitionTicketRequest(id=ticket.id, status=t.TICKET_STATUS_IN_PROGRESS, etag=ticket.etag)
    ),
    "AssignTicket": lambda rpc, ticket: rpc.AssignTicket(
        writes.AssignTicketRequest(id=ticket.id, owner_role=t.ROLE_OPS_AGENT, reason=REASON, etag=ticket.etag)
    ),
    "EscalateTicket": lambda rpc, ticket: rpc.EscalateTicket(
        writes.EscalateTicketRequest(id=ticket.id, reason=REASON, etag=ticket.etag)
    ),
    "ArchiveTicket": lambda rpc, ticket: rpc.ArchiveTicket(writes.ArchiveTicketRequest(id=ticket.id, etag=ticket.etag)),
}


@pytest.mark.parametrize("name", STALE)
def test_a_stale_etag_changes_nothing_and_the_fresh_one_does(server: Running, name: str) -> None:
    manager = manager_of(server)
    stale = a_ticket(server)
    fresh = manager.UpdateTicket(retitle(stale.id, "Somebody was faster")).ticket
    with pytest.raises(TicketsError) as refused:
        STALE[name](manager, stale)
    assert_mismatch(refused.value)
    assert refused.value.metadata["current_etag"] == fresh.etag
    assert manager.GetTicket(reads.GetTicketRequest(id=stale.id)).ticket.version == fresh.version
    assert STALE[name](manager, fresh).ticket.version == fresh.version + 1


def test_an_etag_nobody_gave_is_stale(server: Running) -> None:
    ticket = a_ticket(server)
    with pytest.raises(TicketsError) as refused:
        manager_of(server).UpdateTicket(retitle(ticket.id, "Payment is late", etag='"fff"'))
    assert_mismatch(refused.value)


@pytest.mark.parametrize("etag", ["2", 'W/"made up"', '""', '"2', '"2" ', '"' + "f" * 17 + '"'])
def test_what_is_no_etag_at_all_is_a_bad_field(server: Running, etag: str) -> None:
    """A shell eats the quotes easily, and being told to read again would not help."""
    manager, admin = manager_of(server), server.client(Role.ADMIN, "etag-admin")
    view = views.SavedView(id=str(uuid4()), etag=etag)
    member = directory.Member(user_id="etag-member", role=t.ROLE_OPS_AGENT, display_name="Asha", etag=etag)
    calls: dict[str, Callable[[], Any]] = {
        "ticket.etag": lambda: manager.UpdateTicket(retitle("TKT-1", "Payment is late", etag=etag)),
        "etag": lambda: manager.ArchiveTicket(writes.ArchiveTicketRequest(id="TKT-1", etag=etag)),
        "saved_view.etag": lambda: admin.saved_views.UpdateSavedView(
            views.UpdateSavedViewRequest(saved_view=view, update_mask=FieldMask(paths=["is_shared"]))
        ),
        "member.etag": lambda: admin.directory.UpsertMember(directory.UpsertMemberRequest(member=member)),
    }
    for field, call in calls.items():
        with pytest.raises(TicketsError) as refused:
            call()
        assert refused.value.code is grpc.StatusCode.INVALID_ARGUMENT
        assert [(violation.field, violation.description) for violation in refused.value.field_violations] == [
            (field, "must be an etag as the server gave it, quotes included")
        ]
    with pytest.raises(TicketsError) as refused:
        admin.saved_views.DeleteSavedView(views.DeleteSavedViewRequest(id=str(uuid4()), etag=etag))
    assert refused.value.code is grpc.StatusCode.INVALID_ARGUMENT


def test_every_read_and_answer_has_the_same_etag(server: Running) -> None:
    manager = manager_of(server)
    ticket = a_ticket(server)
    listed = manager.ListTickets(reads.ListTicketsRequest(page_size=200)).tickets
    assert [each.etag for each in listed if each.id == ticket.id] == [ticket.etag]
    assert manager.GetTicket(reads.GetTicketRequest(id=ticket.id)).ticket.etag == ticket.etag


def test_a_message_leaves_the_etag_alone(server: Running) -> None:
    """Writing about a ticket must not abort the change that somebody else is about to make."""
    manager = manager_of(server)
    ticket = a_ticket(server)
    manager.AddMessage(writes.AddMessageRequest(ticket_id=ticket.id, message="We are looking into it."))
    changed = manager.UpdateTicket(retitle(ticket.id, "Payment is late", etag=ticket.etag)).ticket
    assert changed.title == "Payment is late"


def test_a_saved_view_with_a_stale_etag_is_neither_changed_nor_deleted(server: Running) -> None:
    rpc = server.client(Role.OPS_MANAGER, "etag-manager").saved_views
    request = views.CreateSavedViewRequest(saved_view=views.SavedView(name=f"Late {uuid4()}"))
    stale = rpc.CreateSavedView(request).saved_view

    def share(etag: str) -> Any:
        changed = views.UpdateSavedViewRequest(
            saved_view=views.SavedView(id=stale.id, is_shared=etag == stale.etag, etag=etag)
        )
        changed.update_mask.paths.append("is_shared")
        return rpc.UpdateSavedView(changed).saved_view

    fresh = share(stale.etag)
    with pytest.raises(TicketsError) as refused:
        share(stale.etag)
    assert_mismatch(refused.value)
    with pytest.raises(TicketsError) as refused:
        rpc.DeleteSavedView(views.DeleteSavedViewRequest(id=stale.id, etag=stale.etag))
    assert_mismatch(refused.value)
    rpc.DeleteSavedView(views.DeleteSavedViewRequest(id=stale.id, etag=fresh.etag))


def test_a_member_with_a_stale_etag_is_not_changed(server: Running) -> None:
    rpc = server.client(Role.ADMIN, "etag-admin").directory

    def upsert(name: str, etag: str) -> directory.Member:
        member = directory.Member(user_id="etag-member", role=t.ROLE_OPS_AGENT, display_name=name, etag=etag)
        changed: directory.Member = rpc.UpsertMember(directory.UpsertMemberRequest(member=member)).member
        return changed

    stale = upsert("Asha", "")
    fresh = upsert("Ravi", stale.etag)
    with pytest.raises(TicketsError) as refused:
        upsert("Meena", stale.etag)
    assert_mismatch(refused.value)
    assert upsert("Meena", fresh.etag).display_name == "Meena"
