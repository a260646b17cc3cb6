"""DirectoryService: the staff, as admin enters and finds them."""

from typing import Any
from uuid import uuid4

import grpc
import pytest

from rodistaa.tickets.v1 import directory_service_pb2 as pb
from rodistaa.tickets.v1 import ticket_pb2 as t
from server.domain.roles import STAFF, Role
from tests.contract.expectations import refused, rows
from tests.contract.requests import World, full_member
from tests.running import Running


@pytest.fixture
def world(server: Running) -> World:
    return World(server)


def upsert(world: World, **fields: Any) -> pb.Member:
    return world.admin.directory.UpsertMember(pb.UpsertMemberRequest(member=full_member(**fields))).member


def found(world: World, **fields: Any) -> list[str]:
    members = world.admin.directory.ListMembers(pb.ListMembersRequest(page_size=200, **fields)).members
    return [member.user_id for member in members]


def stored(world: World, column: str, user_id: str) -> Any:
    with world.running.database.connect() as connection:
        row = connection.execute(f"SELECT {column} FROM staff_members WHERE user_id = %s", [user_id]).fetchone()
    assert row is not None
    return row[0]


def test_a_member_comes_back_as_entered_without_the_push_token(world: World) -> None:
    entered = full_member()
    member = world.admin.directory.UpsertMember(pb.UpsertMemberRequest(member=entered)).member
    for field in ("user_id", "role", "display_name", "franchise_ids", "email", "phone", "active"):
        assert getattr(member, field) == getattr(entered, field), field
    assert member.push_token == ""
    assert stored(world, "push_token", entered.user_id) == "token"
    assert member.created_at == member.updated_at
    assert member.etag


def test_a_member_is_replaced_as_a_whole_but_keeps_its_push_token(world: World) -> None:
    entered = upsert(world)
    bare = pb.Member(user_id=entered.user_id, role=t.ROLE_FINANCE, display_name="Ravi")
    replaced = world.admin.directory.UpsertMember(pb.UpsertMemberRequest(member=bare)).member
    assert (replaced.role, replaced.display_name, list(replaced.franchise_ids)) == (t.ROLE_FINANCE, "Ravi", [])
    assert (replaced.email, replaced.phone, replaced.active) == ("", "", True)
    assert replaced.etag != entered.etag
    assert replaced.created_at == entered.created_at
    assert stored(world, "push_token", entered.user_id) == "token"


def test_an_etag_guards_against_another_admins_change(world: World) -> None:
    entered = upsert(world)
    changed = upsert(world, user_id=entered.user_id, display_name="Changed", etag=entered.etag)
    for member in (
        full_member(user_id=entered.user_id, etag=entered.etag),
        full_member(user_id=f"new-{uuid4()}", etag=entered.etag),
    ):
        request = pb.UpsertMemberRequest(member=member)
        refused(world.admin.directory.UpsertMember, request, code=grpc.StatusCode.ABORTED, reason="ETAG_MISMATCH")
    assert upsert(world, user_id=entered.user_id, etag=changed.etag).etag not in (entered.etag, changed.etag)


def test_the_roles_of_the_staff_are_accepted_and_no_others(world: World) -> None:
    for role in Role:
        member = full_member(role=t.Role.Value(f"ROLE_{role.name}"))
        if role in STAFF:
            assert upsert(world, role=member.role).role == member.role
        else:
            refused(world.admin.directory.UpsertMember, pb.UpsertMemberRequest(member=member), field="member.role")


@pytest.mark.parametrize(
    "email",
    [
        "plain",
        "@example.com",
        "a@",
        "a@b",
        "a b@example.com",
        "a@exa mple.com",
        "a@@example.com",
        "a@example..com",
        "a@.com",
        "a\0b@example.com",
        "a@exam\x01ple.com",
        "a\x85@example.com",
        "a@example.com\n",
        "a@example.com, b@example.com",
        "x" * 65 + "@example.com",
        "a@" + "x" * 250 + ".com",
        "आशा@example.com",
    ],
)
def test_what_is_no_e_mail_address_is_refused(world: World, email: str) -> None:
    before = rows(world.running.database)
    request = pb.UpsertMemberRequest(member=full_member(email=email))
    refused(world.admin.directory.UpsertMember, request, field="member.email")
    assert rows(world.running.database) == before


@pytest.mark.parametrize(
    "email", ["a@b.co", "asha.rao+tickets@mail.example.co.in", "o'neil@x-y.example", "a@" + "x." * 100 + "in"]
)
def test_e_mail_addresses(world: World, email: str) -> None:
    assert upsert(world, email=email).email == email


@pytest.mark.parametrize(
    "phone",
    ["9812345678", "+0123456789", "+", "+91 98123", "+९१९८१२३४५६७८", "+123456", "+1234567890123456", "+1\0234567"],
)
def test_what_is_no_phone_number_is_refused(world: World, phone: str) -> None:
    request = pb.UpsertMemberRequest(member=full_member(phone=phone))
    refused(world.admin.directory.UpsertMember, request, field="member.phone")


def test_the_path_of_a_wrong_franchise_is_that_of_the_request(world: World) -> None:
    member = full_member(franchise_ids=["FR-1", "FR-1", "FR-2", "F R"])
    refused(world.admin.directory.UpsertMember, pb.UpsertMemberRequest(member=member), field="member.franchise_ids[3]")
    assert list(upsert(world, franchise_ids=["FR-2", "FR-1", "FR-2"]).franchise_ids) == ["FR-2", "FR-1"]


def test_a_request_without_a_member_says_so_and_an_empty_member_all_that_is_missing(world: World) -> None:
    refused(world.admin.directory.UpsertMember, pb.UpsertMemberRequest(), field="member")
    empty = pb.UpsertMemberRequest(member=pb.Member())
    error = refused(world.admin.directory.UpsertMember, empty)
    assert {violation.field for violation in error.field_violations} == {
        "member.role",
        "member.user_id",
        "member.display_name",
    }


def test_members_are_found_by_role_franchise_state_and_words(world: World) -> None:
    mark = uuid4().hex[:8]
    franchise = f"FR-{mark}"
    for suffix, fields in {
        "a": {"role": t.ROLE_OPS_AGENT, "display_name": f"Asha 100% {mark}"},
        "b": {"role": t.ROLE_FINANCE, "display_name": f"Ravi_Ünal {mark}", "active": False},
        "c": {"role": t.ROLE_ADMIN, "display_name": f"Zoë {mark}", "franchise_ids": ["FR-other"]},
    }.items():
        upsert(world, **{"user_id": f"{mark}-{suffix}", "franchise_ids": [franchise], **fields})
    a, b, c = (f"{mark}-{suffix}" for suffix in "abc")
    assert found(world, query=mark) == [a, b, c]
    assert found(world, query=mark.upper()) == [a, b, c]
    assert found(world, query=f"{mark}-b") == [b], "the user id too"
    assert found(world, query="100% " + mark) == [a]
    assert found(world, query=f"ravi_ünal {mark}") == [b], "neither % nor _ is a pattern, and case is ignored"
    assert found(world, query=f"%{mark}") == []
    assert found(world, query=mark, roles=[t.ROLE_FINANCE, t.ROLE_ADMIN]) == [b, c]
    assert found(world, franchise_id=franchise) == [a, b]
    assert found(world, query=mark, active=True) == [a, c]
    assert found(world, query=mark, active=False) == [b]
    assert found(world, query=mark, franchise_id=franchise, active=True, roles=[t.ROLE_OPS_AGENT]) == [a]


def test_the_same_request_is_one_change(world: World) -> None:
    asked = pb.UpsertMemberRequest(member=full_member(), request_id=str(uuid4()))
    first = world.admin.directory.UpsertMember(asked)
    assert world.admin.directory.UpsertMember(asked) == first
    asked.member.display_name = "Somebody else"
    refused(world.admin.directory.UpsertMember, asked, code=grpc.StatusCode.ALREADY_EXISTS, reason="REQUEST_ID_REUSED")


def test_create_only_replaces_nobody(world: World) -> None:
    exists: dict[str, Any] = {"code": grpc.StatusCode.ALREADY_EXISTS, "reason": "MEMBER_EXISTS"}
    service = world.admin.directory
    asked = pb.UpsertMemberRequest(member=full_member(), create_only=True, request_id=str(uuid4()))
    first = service.UpsertMember(asked)
    assert service.UpsertMember(asked) == first, "a repetition gives the first answer"
    asked.request_id = str(uuid4())
    asked.member.display_name = "Somebody else"
    refused(service.UpsertMember, asked, **exists)
    assert stored(world, "display_name", asked.member.user_id) == first.member.display_name
    refused(service.UpsertMember, asked, **exists)
    asked.create_only = False
    assert service.UpsertMember(asked).member.display_name == "Somebody else"
    asked.create_only, asked.member.etag = True, first.member.etag
    refused(service.UpsertMember, asked, field="create_only")


def test_update_only_enters_nobody(world: World) -> None:
    missing: dict[str, Any] = {"code": grpc.StatusCode.NOT_FOUND, "reason": "MEMBER_NOT_FOUND"}
    service = world.admin.directory
    asked = pb.UpsertMemberRequest(member=full_member(), update_only=True)
    refused(service.UpsertMember, asked, **missing)
    asked.member.etag = '"1"'
    refused(service.UpsertMember, asked, **missing)
    assert found(world, query=asked.member.user_id) == []
    first = upsert(world, user_id=asked.member.user_id, display_name="Somebody else")
    asked.member.etag = first.etag
    assert service.UpsertMember(asked).member.display_name == asked.member.display_name
    asked.create_only, asked.member.etag = True, ""
    refused(service.UpsertMember, asked, field="create_only")


def test_who_is_inactive_is_there_all_the_same(world: World) -> None:
    member = upsert(world, active=False)
    request = pb.UpsertMemberRequest(member=full_member(user_id=member.user_id), create_only=True)
    refused(world.admin.directory.UpsertMember, request, code=grpc.StatusCode.ALREADY_EXISTS, reason="MEMBER_EXISTS")
    changed = pb.UpsertMemberRequest(member=full_member(user_id=member.user_id), update_only=True)
    assert world.admin.directory.UpsertMember(changed).member.user_id == member.user_id


def test_the_directory_is_for_admin(world: World) -> None:
    for role in (Role.CEO_ONCALL, Role.OPS_AGENT, Role.SYSTEM, Role.SHIPPER):
        service = world.running.client(role, "directory-other").directory
        denied: dict[str, Any] = {"code": grpc.StatusCode.PERMISSION_DENIED, "reason": "ACTION_NOT_ALLOWED"}
        refused(service.ListMembers, pb.ListMembersRequest(), **denied)
        refused(service.UpsertMember, pb.UpsertMemberRequest(member=full_member()), **denied)
