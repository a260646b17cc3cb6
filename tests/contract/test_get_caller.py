"""GetCaller: who one is, by token and directory, and what one's role permits."""

from collections.abc import Mapping
from uuid import uuid4

import pytest

from rodistaa.tickets.v1 import directory_service_pb2 as pb
from rodistaa.tickets.v1 import ticket_pb2 as t
from server.domain.roles import Role
from server.settings import Settings
from tests.contract.matrix import ADMIN, INSIDE, MANAGERS, ROLES
from tests.contract.requests import World, full_member
from tests.database import Database
from tests.running import Running, running

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
        limits=caller(server, Role.ADMIN, "caller-limits").limits,
    )
    member = full_member(user_id=user_id, display_name="आशा Rao", role=t.ROLE_ADMIN, franchise_ids=["FR-9"])
    World(server).admin.directory.UpsertMember(pb.UpsertMemberRequest(member=member))
    told = caller(server, Role.FRANCHISE_AGENT, user_id, "FR-2", "FR-1")
    assert told.display_name == "आशा Rao"
    assert (told.role, list(told.franchise_ids)) == (t.ROLE_FRANCHISE_AGENT, ["FR-1", "FR-2"])
    assert list(told.permissions) == [pb.PERMISSION_STAFF]


def test_limits_are_those_of_the_settings(server: Running, database: Database) -> None:
    told = caller(server, Role.SHIPPER, "caller-shipper").limits
    assert told.attachment_max_bytes == Settings.model_fields["attachment_max_bytes"].default
    assert told.attachment_types == sorted(Settings.model_fields["attachment_types"].default)
    settings = {"attachment_types": ["image/PNG", "application/pdf"], "attachment_max_bytes": 5_000_000_000}
    with running(database, **settings) as other:
        assert caller(other, Role.SHIPPER, "caller-shipper").limits == pb.Limits(
            attachment_max_bytes=5_000_000_000, attachment_types=["application/pdf", "image/png"]
        )
