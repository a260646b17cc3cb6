"""LookupMembers: names of the staff for the staff, without contact addresses."""

from typing import Any
from uuid import uuid4

import grpc
import pytest

from rodistaa.tickets.v1 import directory_service_pb2 as pb
from rodistaa.tickets.v1 import ticket_pb2 as t
from server.domain.roles import Role
from tests.contract.expectations import refused
from tests.contract.requests import World, full_member
from tests.running import Running


@pytest.fixture
def world(server: Running) -> World:
    return World(server)


@pytest.fixture
def mark() -> str:
    """A word in the ids of this test's members."""
    return uuid4().hex[:8]


def enter(world: World, user_id: str, **fields: Any) -> str:
    member = full_member(user_id=user_id, **fields)
    world.admin.directory.UpsertMember(pb.UpsertMemberRequest(member=member))
    return user_id


def found(world: World, **fields: Any) -> list[str]:
    viewer = world.running.client(Role.OPS_AGENT, "lookup-viewer").directory
    return [member.user_id for member in viewer.LookupMembers(pb.LookupMembersRequest(**fields)).members]


def test_a_name_comes_with_role_franchises_and_whether_they_work_here(world: World, mark: str) -> None:
    enter(world, mark, display_name="आशा Rao", role=t.ROLE_FINANCE, franchise_ids=["FR-2", "FR-1"], active=False)
    viewer = world.running.client(Role.FRANCHISE_AGENT, "lookup-viewer").directory
    (name,) = viewer.LookupMembers(pb.LookupMembersRequest(user_ids=[mark])).members
    assert name == pb.MemberName(
        user_id=mark,
        display_name="आशा Rao",
        role=t.ROLE_FINANCE,
        franchise_ids=["FR-2", "FR-1"],
        active=False,
    )


def test_ids_that_are_no_members_are_left_out_and_repeated_ones_come_once(world: World, mark: str) -> None:
    ids = [enter(world, f"{mark}-{number}") for number in (2, 1)]
    assert found(world, user_ids=[*ids, *ids, f"{mark}-nobody"]) == sorted(ids)


def test_two_hundred_ids_are_answered_all(world: World, mark: str) -> None:
    ids = [f"{mark}-{number:03}" for number in range(200)]
    for user_id in ids:
        enter(world, user_id)
    assert found(world, user_ids=ids) == ids
    assert found(world, query=mark) == ids[:25]
    assert found(world, query=mark, limit=200) == ids
    assert found(world, user_ids=ids, limit=3) == ids[:3]


def test_the_query_is_in_id_or_name_whatever_its_case_and_has_no_wildcards(world: World, mark: str) -> None:
    by_id = enter(world, f"{mark}-a", display_name="Someone")
    by_name = enter(world, f"x-{mark}-b", display_name=f"Priya {mark.upper()} Sharma")
    enter(world, f"z-{uuid4().hex[:8]}")
    assert found(world, query=mark.upper()) == [by_id, by_name]
    assert found(world, query=f"a {mark} sh") == [by_name]
    assert found(world, query=f"{mark[:3]}%{mark[4:]}") == []
    assert found(world, query=f"{mark[:-1]}_") == []


def test_all_that_is_set_applies(world: World, mark: str) -> None:
    agent = enter(world, f"{mark}-agent", role=t.ROLE_OPS_AGENT)
    clerk = enter(world, f"{mark}-clerk", role=t.ROLE_FINANCE)
    boss = enter(world, f"{mark}-boss", role=t.ROLE_ADMIN)
    roles = [t.ROLE_OPS_AGENT, t.ROLE_FINANCE]
    assert found(world, query=mark, roles=roles) == [agent, clerk]
    assert found(world, user_ids=[boss, clerk], roles=roles) == [clerk]
    assert found(world, user_ids=[boss, clerk], query="clerk", roles=roles) == [clerk]
    assert found(world, user_ids=[boss], roles=roles) == []


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (pb.LookupMembersRequest(), "user_ids"),
        (pb.LookupMembersRequest(limit=10), "user_ids"),
        (pb.LookupMembersRequest(query="  "), "user_ids"),
        (pb.LookupMembersRequest(user_ids=[f"u-{n}" for n in range(201)]), "user_ids"),
        (pb.LookupMembersRequest(user_ids=["asha", ""]), "user_ids[1]"),
        (pb.LookupMembersRequest(user_ids=["two words"]), "user_ids[0]"),
        (pb.LookupMembersRequest(user_ids=["x" * 101]), "user_ids[0]"),
        (pb.LookupMembersRequest(query="x" * 101), "query"),
        (pb.LookupMembersRequest(query="a\0b"), "query"),
        (pb.LookupMembersRequest(roles=[t.ROLE_UNSPECIFIED]), "roles[0]"),
        (pb.LookupMembersRequest(roles=[999]), "roles[0]"),  # type: ignore[list-item] # a value that the enum lacks
        (pb.LookupMembersRequest(query="asha", limit=-1), "limit"),
        (pb.LookupMembersRequest(query="asha", limit=201), "limit"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_refused(world: World, request_: pb.LookupMembersRequest, field: str) -> None:
    error = refused(world.admin.directory.LookupMembers, request_, field=field)
    assert len(error.field_violations) == 1


@pytest.mark.parametrize("role", [Role.SHIPPER, Role.OPERATOR, Role.DRIVER])
def test_outside_roles_are_refused_whatever_they_ask(world: World, role: Role) -> None:
    refused(
        world.running.client(role, "lookup-outsider").directory.LookupMembers,
        pb.LookupMembersRequest(user_ids=["asha"]),
        code=grpc.StatusCode.PERMISSION_DENIED,
        reason="ACTION_NOT_ALLOWED",
    )
