"""SuggestOwners: active members of a role, least loaded first, then the quickest, then by user id."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import grpc
import pytest

from rodistaa.tickets.v1 import directory_service_pb2 as directory
from rodistaa.tickets.v1 import ticket_pb2 as t
from rodistaa.tickets.v1 import ticket_reads_pb2 as reads
from rodistaa.tickets.v1 import ticket_writes_pb2 as writes
from server.domain.roles import Role
from tests.contract.expectations import refused
from tests.contract.requests import REASON, World, full_member
from tests.running import Running


@pytest.fixture
def world(server: Running) -> World:
    return World(server)


@pytest.fixture
def franchise(world: World) -> str:
    """A franchise of this test, so that members of other tests stay out."""
    return f"FR-{uuid4().hex[:8]}"


def member(world: World, franchise: str, name: str, **fields: Any) -> str:
    """A new member's id, which begins with the name."""
    entered = full_member(
        **{"user_id": f"{name}-{franchise}", "role": t.ROLE_HQ_SUPPORT, "franchise_ids": [franchise], **fields}
    )
    world.admin.directory.UpsertMember(directory.UpsertMemberRequest(member=entered))
    return entered.user_id


def give(world: World, owner: str, number: int = 1, role: int = t.ROLE_HQ_SUPPORT) -> list[str]:
    """Ids of new tickets that the person owns."""
    made = [world.new_ticket().id for _ in range(number)]
    for ticket_id in made:
        asked = writes.AssignTicketRequest(id=ticket_id, owner_id=owner, reason=REASON)
        asked.owner_role = role  # type: ignore[assignment] # an enum's number
        world.admin.tickets.AssignTicket(asked)
    return made


def resolve(world: World, ticket_id: str, after: timedelta = timedelta(0), ago: timedelta = timedelta(0)) -> None:
    """As if it had been resolved ``ago``, ``after`` its creation: psql may move the time of resolution."""
    asked = writes.TransitionTicketRequest(
        id=ticket_id, status=t.TICKET_STATUS_RESOLVED, resolution_summary="The money has arrived."
    )
    world.admin.tickets.TransitionTicket(asked)
    with world.running.database.connect() as connection:
        connection.execute(
            "UPDATE tickets SET resolved_at = created_at + %s - %s WHERE id = %s", [after, ago, ticket_id]
        )


def suggest(world: World, **fields: Any) -> list[reads.OwnerSuggestion]:
    return list(world.admin.tickets.SuggestOwners(reads.SuggestOwnersRequest(**fields)).suggestions)


def names(suggestions: list[reads.OwnerSuggestion]) -> list[str]:
    return [each.member.user_id.partition("-")[0] for each in suggestions]


def test_least_loaded_first_then_quickest_then_by_user_id(world: World, franchise: str) -> None:
    people = {name: member(world, franchise, name) for name in ("ann", "bob", "cid", "dev", "eva")}
    give(world, people["ann"], 2)
    give(world, people["bob"])
    slow, quick = give(world, people["cid"])[0], give(world, people["dev"])[0]
    resolve(world, slow, after=timedelta(hours=5))
    resolve(world, quick, after=timedelta(hours=1))
    found = suggest(world, role=t.ROLE_HQ_SUPPORT, franchise_id=franchise)
    assert names(found) == ["dev", "cid", "eva", "bob", "ann"]
    assert [each.open_ticket_count for each in found] == [0, 0, 0, 1, 2]
    assert [each.average_resolution_time.ToSeconds() for each in found] == [3600, 5 * 3600, 0, 0, 0]
    assert [each.HasField("average_resolution_time") for each in found] == [True, True, False, False, False]


def test_resolved_closed_and_archived_tickets_are_no_load(world: World, franchise: str) -> None:
    person = member(world, franchise, "ann")
    still_open, resolved, closed, archived = give(world, person, 4)
    for ticket_id in (resolved, closed):
        resolve(world, ticket_id)
    world.admin.tickets.TransitionTicket(writes.TransitionTicketRequest(id=closed, status=t.TICKET_STATUS_CLOSED))
    world.admin.tickets.ArchiveTicket(writes.ArchiveTicketRequest(id=archived))
    (found,) = suggest(world, role=t.ROLE_HQ_SUPPORT, franchise_id=franchise)
    assert found.open_ticket_count == 1
    back = writes.AssignTicketRequest(id=still_open, owner_role=t.ROLE_HQ_SUPPORT, reason=REASON)
    world.admin.tickets.AssignTicket(back)
    (found,) = suggest(world, role=t.ROLE_HQ_SUPPORT, franchise_id=franchise)
    assert found.open_ticket_count == 0, "a ticket in the queue of the role is nobody's"


def test_the_mean_is_of_the_last_ninety_days(world: World, franchise: str) -> None:
    person = member(world, franchise, "ann")
    old, first, second = give(world, person, 3)
    resolve(world, old, ago=timedelta(days=91))
    resolve(world, first, after=timedelta(hours=2))
    resolve(world, second, after=timedelta(hours=4))
    (found,) = suggest(world, role=t.ROLE_HQ_SUPPORT, franchise_id=franchise)
    assert found.average_resolution_time.ToSeconds() == 3 * 3600


def test_only_active_members_of_the_role_and_the_franchise(world: World, franchise: str) -> None:
    member(world, franchise, "active")
    member(world, franchise, "inactive", active=False)
    member(world, franchise, "other", role=t.ROLE_FINANCE)
    member(world, franchise, "elsewhere", franchise_ids=["FR-elsewhere"])
    both = member(world, franchise, "both", franchise_ids=["FR-elsewhere", franchise])
    found = suggest(world, role=t.ROLE_HQ_SUPPORT, franchise_id=franchise)
    assert names(found) == ["active", "both"]
    assert names(suggest(world, role=t.ROLE_HQ_SUPPORT, franchise_id=franchise, limit=1)) == ["active"]
    give(world, "active-" + franchise)
    assert suggest(world, role=t.ROLE_HQ_SUPPORT, franchise_id=franchise)[0].member.user_id == both


def test_contact_addresses_are_left_out(world: World, franchise: str) -> None:
    member(world, franchise, "ann")
    (found,) = suggest(world, role=t.ROLE_HQ_SUPPORT, franchise_id=franchise)
    assert (found.member.email, found.member.phone, found.member.push_token) == ("", "", "")
    assert found.member.display_name


def test_a_ticket_names_the_role_and_leaves_its_owner_out(world: World, franchise: str) -> None:
    owner, other = (member(world, franchise, name) for name in ("ann", "bob"))
    (ticket_id,) = give(world, owner)
    found = suggest(world, ticket_id=ticket_id, franchise_id=franchise)
    assert [each.member.user_id for each in found] == [other]


def test_the_franchise_of_a_ticket_counts_for_franchise_agents_alone(world: World, franchise: str) -> None:
    near = member(world, franchise, "near", role=t.ROLE_FRANCHISE_AGENT)
    far = member(world, franchise, "far", role=t.ROLE_FRANCHISE_AGENT, franchise_ids=["FR-elsewhere"])
    made = world.new_ticket(assigned_franchise_id=franchise, owner_role=t.ROLE_FRANCHISE_AGENT)
    assert [each.member.user_id for each in suggest(world, ticket_id=made.id, limit=50)] == [near]
    found = suggest(world, ticket_id=made.id, franchise_id="FR-elsewhere", limit=50)
    assert far in [each.member.user_id for each in found]
    support = member(world, franchise, "support", franchise_ids=[])
    found = suggest(world, ticket_id=made.id, role=t.ROLE_HQ_SUPPORT, limit=50)
    assert support in [each.member.user_id for each in found]


def test_nothing_to_choose_from_is_a_mistake_and_nobody_to_choose_is_not(world: World, franchise: str) -> None:
    refused(world.admin.tickets.SuggestOwners, reads.SuggestOwnersRequest(), field="role")
    assert suggest(world, role=t.ROLE_HQ_SUPPORT, franchise_id=franchise) == []
    missing = reads.SuggestOwnersRequest(ticket_id="TKT-987654321")
    refused(world.admin.tickets.SuggestOwners, missing, code=grpc.StatusCode.NOT_FOUND, reason="TICKET_NOT_FOUND")


def test_staff_who_do_not_see_the_ticket_get_no_suggestion_for_it(world: World) -> None:
    made = world.new_ticket(owner_role=t.ROLE_FINANCE)
    agent = world.running.client(Role.OPS_AGENT, "suggest-agent").tickets
    asked = reads.SuggestOwnersRequest(ticket_id=made.id)
    refused(agent.SuggestOwners, asked, code=grpc.StatusCode.NOT_FOUND, reason="TICKET_NOT_FOUND")
    outside = world.running.client(Role.SHIPPER, "suggest-shipper").tickets
    asked = reads.SuggestOwnersRequest(role=t.ROLE_OPS_AGENT)
    refused(outside.SuggestOwners, asked, code=grpc.StatusCode.PERMISSION_DENIED)
