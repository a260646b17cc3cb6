"""SetWatch and ListWatchers: watching shows a ticket, and is audited."""

from typing import Any
from uuid import uuid4

import grpc
import pytest

from rodistaa.tickets.v1 import ticket_pb2 as t
from rodistaa.tickets.v1 import ticket_reads_pb2 as reads
from rodistaa.tickets.v1 import ticket_writes_pb2 as writes
from rodistaa.tickets.v1 import timeline_pb2
from rodistaa.tickets.v1 import timeline_reads_pb2 as timeline
from server.domain.roles import Role
from tests.contract.expectations import refused
from tests.contract.requests import World, ticket
from tests.running import Running


@pytest.fixture
def world(server: Running) -> World:
    return World(server)


def watch(world: World, ticket_id: str, **fields: Any) -> writes.SetWatchResponse:
    return world.admin.tickets.SetWatch(writes.SetWatchRequest(ticket_id=ticket_id, **fields))


def watchers(world: World, ticket_id: str) -> list[t.Watcher]:
    return list(world.admin.tickets.ListWatchers(reads.ListWatchersRequest(ticket_id=ticket_id)).watchers)


def channels(watcher: t.Watcher) -> tuple[bool, bool, bool]:
    return watcher.notify_email, watcher.notify_push, watcher.notify_sms


def audit(world: World, ticket_id: str) -> list[timeline_pb2.AuditEntry]:
    asked = timeline.ListAuditEntriesRequest(ticket_id=ticket_id)
    return list(world.admin.tickets.ListAuditEntries(asked).audit_entries)


def test_e_mail_and_push_are_on_at_first_and_sms_is_off(world: World) -> None:
    made = world.new_ticket()
    answer = watch(world, made.id)
    assert (answer.watching, answer.watcher.user_id, answer.watcher.ticket_id) == (True, "contract-admin", made.id)
    assert channels(answer.watcher) == (True, True, False)
    assert watchers(world, made.id) == [answer.watcher]


def test_what_is_not_set_is_kept(world: World) -> None:
    made = world.new_ticket()
    first = watch(world, made.id, notify_email=False, notify_sms=True).watcher
    assert channels(first) == (False, True, True)
    second = watch(world, made.id, notify_push=False).watcher
    assert channels(second) == (False, False, True)
    assert second.created_at == first.created_at, "watched without a break"
    assert channels(watch(world, made.id, watching=True).watcher) == (False, False, True)


def test_a_new_beginning_has_the_first_settings_again(world: World) -> None:
    made = world.new_ticket()
    first = watch(world, made.id, notify_email=False).watcher
    ended = watch(world, made.id, watching=False)
    assert not ended.watching
    assert not ended.HasField("watcher")
    assert watchers(world, made.id) == []
    again = watch(world, made.id).watcher
    assert channels(again) == (True, True, False)
    assert again.created_at.ToNanoseconds() > first.created_at.ToNanoseconds()


def test_changes_are_audited_beside_the_timeline_and_what_is_so_already_is_not(world: World) -> None:
    made = world.new_ticket()
    watch(world, made.id, watching=False)
    watch(world, made.id)
    watch(world, made.id)
    watch(world, made.id, notify_sms=True)
    watch(world, made.id, watching=False)
    watch(world, made.id, watching=False)
    changes = audit(world, made.id)[1:]
    assert [(row.action, row.seq, row.actor_id) for row in changes] == [("WATCH_CHANGED", 0, "contract-admin")] * 3
    assert [(row.old_values["watching"], row.new_values["watching"]) for row in changes] == [
        (False, True),
        (True, True),
        (True, False),
    ]
    unchanged = world.admin.tickets.GetTicket(reads.GetTicketRequest(id=made.id)).ticket
    assert (unchanged.etag, unchanged.version) == (made.etag, made.version)


def test_watching_shows_the_ticket_and_its_end_hides_it(world: World) -> None:
    made = world.new_ticket()
    driver = world.running.client(Role.DRIVER, f"watching-{uuid4().hex[:8]}")
    sub = next(key[1] for key, client in world.running.clients.items() if client is driver)
    asked = reads.GetTicketRequest(id=made.id)
    refused(driver.tickets.GetTicket, asked, code=grpc.StatusCode.NOT_FOUND)
    own = writes.SetWatchRequest(ticket_id=made.id)
    refused(driver.tickets.SetWatch, own, code=grpc.StatusCode.NOT_FOUND, reason="TICKET_NOT_FOUND")
    watch(world, made.id, user_id=sub)
    assert driver.tickets.GetTicket(asked).ticket.id == made.id
    assert [each.id for each in driver.tickets.ListTickets(reads.ListTicketsRequest()).tickets] == [made.id]
    driver.tickets.SetWatch(writes.SetWatchRequest(ticket_id=made.id, watching=False))
    refused(driver.tickets.GetTicket, asked, code=grpc.StatusCode.NOT_FOUND)
    assert not driver.tickets.ListTickets(reads.ListTicketsRequest()).tickets


def test_others_are_made_to_watch_by_managers_alone(world: World) -> None:
    made = world.new_ticket(owner_role=t.ROLE_OPS_AGENT)
    agent = world.running.client(Role.OPS_AGENT, "watch-agent").tickets
    for watching in (True, False):
        refused(
            agent.SetWatch,
            writes.SetWatchRequest(ticket_id=made.id, user_id="somebody", watching=watching),
            code=grpc.StatusCode.PERMISSION_DENIED,
            reason="ACTION_NOT_ALLOWED",
        )
    assert agent.SetWatch(writes.SetWatchRequest(ticket_id=made.id, user_id="watch-agent")).watching
    manager = world.running.client(Role.OPS_MANAGER, "watch-manager").tickets
    assert manager.SetWatch(writes.SetWatchRequest(ticket_id=made.id, user_id="somebody")).watching


def test_outside_roles_see_themselves_alone_in_the_list(world: World) -> None:
    shipper = world.running.client(Role.SHIPPER, "watch-shipper").tickets
    made = shipper.CreateTicket(writes.CreateTicketRequest(ticket=ticket())).ticket
    for user in ("asha", "watch-shipper", "zoe"):
        watch(world, made.id, user_id=user)
    asked = reads.ListWatchersRequest(ticket_id=made.id)
    assert [each.user_id for each in shipper.ListWatchers(asked).watchers] == ["watch-shipper"]
    assert [each.user_id for each in watchers(world, made.id)] == ["asha", "watch-shipper", "zoe"]
    shipper.SetWatch(writes.SetWatchRequest(ticket_id=made.id, watching=False))
    assert not shipper.ListWatchers(asked).watchers


def test_the_same_request_is_one_change(world: World) -> None:
    made = world.new_ticket()
    asked = writes.SetWatchRequest(ticket_id=made.id, request_id=str(uuid4()))
    first = world.admin.tickets.SetWatch(asked)
    watch(world, made.id, watching=False)
    assert world.admin.tickets.SetWatch(asked) == first, "the first answer, though it no longer holds"
    assert watchers(world, made.id) == []


def test_an_archived_or_closed_ticket_may_still_be_watched(world: World) -> None:
    made = world.new_ticket()
    world.admin.tickets.ArchiveTicket(writes.ArchiveTicketRequest(id=made.id))
    assert watch(world, made.id).watching
