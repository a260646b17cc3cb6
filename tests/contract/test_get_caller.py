"""GetCaller: who one is, by token and directory, and what one's role permits."""

from collections.abc import Mapping
from uuid import uuid4

import pytest

from rodistaa.tickets.v1 import directory_service_pb2 as pb
from rodistaa.tickets.v1 import ticket_pb2 as t
from server.domain.roles import Role
from tests.contract.matrix import ADMIN, INSIDE, MANAGERS, ROLES
from tests.contract.requests import World, full_member
from tests.running import Running

WHO: Mapping[str, frozenset[str]] = {
    "PERMISSION_STAFF": INSIDE,
    "PERMISSION_ASSIGN_TICKETS": MANAGERS,
    "PERMISSION_BULK_UPDATE_TICKETS": ADMIN,
    "PERMISSION_EXPORT_TICKETS": MANAGERS,
    "PERMISSION_MANAGE_SLA_POLICIES": ADMIN,
    "PERMISSION_MANAGE_DIRECTORY": ADMIN,
    "PERMISSION_MANAGE_WEBHOOKS": ADMIN,
}
"""By the role matrix, in the order of the enum."""


def caller(server: Running, role: str, user_id: str, *franchises: str) -> pb.Caller:
    return server.client(role, user_id, franchises).directory.GetCaller(pb.GetCallerRequest()).caller


@pytest.mark.parametrize("role", ROLES)
def test_permissions_are_those_of_the_matrix(server: Running, role: str) -> None:
    told = caller(server, role, f"caller-{role}")
    assert told.role == t.Role.Value(f"ROLE_{role.upper()}")
    assert [pb.Permission.Name(each) for each in told.permissions] == [name for name in WHO if role in WHO[name]]


def test_every_permission_is_told_to_somebody() -> None:
    assert ["PERMISSION_UNSPECIFIED", *WHO] == pb.Permission.keys()


def test_the_name_is_the_directorys_and_the_rest_the_tokens(server: Running) -> None:
    user_id = f"caller-{uuid4().hex[:8]}"
    assert caller(server, Role.FRANCHISE_AGENT, user_id, "FR-2", "FR-1") == pb.Caller(
        user_id=user_id,
        role=t.ROLE_FRANCHISE_AGENT,
        franchise_ids=["FR-1", "FR-2"],
        permissions=[pb.PERMISSION_STAFF],
    )
    member = full_member(user_id=user_id, display_name="आशा Rao", role=t.ROLE_ADMIN, franchise_ids=["FR-9"])
    World(server).admin.directory.UpsertMember(pb.UpsertMemberRequest(member=member))
    told = caller(server, Role.FRANCHISE_AGENT, user_id, "FR-2", "FR-1")
    assert told.display_name == "आशा Rao"
    assert (told.role, list(told.franchise_ids)) == (t.ROLE_FRANCHISE_AGENT, ["FR-1", "FR-2"])
    assert list(told.permissions) == [pb.PERMISSION_STAFF]
