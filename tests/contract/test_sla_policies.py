"""SlaPolicyService: policies are versions, whoever edits them; each field within its limits."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.type.timeofday_pb2 import TimeOfDay

from rodistaa.tickets.v1 import sla_pb2
from rodistaa.tickets.v1 import sla_policy_service_pb2 as pb
from rodistaa.tickets.v1 import ticket_bulk_pb2 as bulk
from rodistaa.tickets.v1 import ticket_pb2 as t
from rodistaa.tickets.v1 import ticket_reads_pb2 as reads
from rodistaa.tickets.v1 import ticket_writes_pb2 as writes
from server.domain.roles import STAFF, Role
from tests.contract.expectations import refused, rows
from tests.contract.requests import REASON, World
from tests.database import TestServer
from tests.running import running
from tests.waiting import eventually

CRITICAL, LOW = t.TICKET_PRIORITY_CRITICAL, t.TICKET_PRIORITY_LOW
STALE: dict[str, Any] = {"code": grpc.StatusCode.ABORTED, "reason": "ETAG_MISMATCH"}
MINUTE = 60 * 10**9
DENIED: dict[str, Any] = {"code": grpc.StatusCode.PERMISSION_DENIED, "reason": "ACTION_NOT_ALLOWED"}


@pytest.fixture(scope="module")
def world(postgres: TestServer) -> Iterator[World]:
    """A database of its own: other tests count on the seeded policies."""
    with postgres.new_database() as database, running(database) as served:
        yield World(served)


@pytest.fixture
def service(world: World) -> Any:
    return world.admin.sla_policies


def listed(service: Any) -> dict[int, sla_pb2.SlaPolicy]:
    policies = service.ListSlaPolicies(pb.ListSlaPoliciesRequest()).sla_policies
    return {policy.priority: policy for policy in policies}


def change(*paths: str, priority: int = LOW, **fields: Any) -> pb.UpdateSlaPolicyRequest:
    policy = sla_pb2.SlaPolicy(priority=priority, **fields)  # type: ignore[arg-type] # a number of the enum
    return pb.UpdateSlaPolicyRequest(sla_policy=policy, update_mask=FieldMask(paths=paths))


def update(service: Any, *paths: str, **fields: Any) -> sla_pb2.SlaPolicy:
    policy: sla_pb2.SlaPolicy = service.UpdateSlaPolicy(change(*paths, **fields)).sla_policy
    return policy


def window(day: int, opens: int = 9, closes: int = 18) -> sla_pb2.BusinessWindow:
    return sla_pb2.BusinessWindow(
        day=day,  # type: ignore[arg-type] # a number of the enum
        opens_at=TimeOfDay(hours=opens),
        closes_at=TimeOfDay(hours=closes),
    )


def calendar(service: Any, **fields: Any) -> sla_pb2.Calendar:
    values = {
        "id": f"calendar-{uuid4().hex[:8]}",
        "display_name": "Office",
        "time_zone": "Asia/Kolkata",
        "windows": [window(day) for day in range(1, 6)],
        **fields,
    }
    made: sla_pb2.Calendar = service.UpsertCalendar(
        pb.UpsertCalendarRequest(calendar=sla_pb2.Calendar(**values))
    ).calendar
    return made


def test_the_seeded_policies(fresh_server: Any) -> None:
    """As the specification has them."""
    policies = fresh_server.client(Role.FRANCHISE_AGENT).sla_policies.ListSlaPolicies(pb.ListSlaPoliciesRequest())
    assert [policy.priority for policy in policies.sla_policies] == [1, 2, 3, 4]
    low, *_, critical = policies.sla_policies
    assert (low.response_time_minutes, low.resolution_time_minutes) == (24 * 60, 72 * 60)
    assert (critical.response_time_minutes, critical.resolution_time_minutes) == (30, 4 * 60)
    assert list(critical.escalation_chain) == [t.ROLE_HQ_SUPPORT, t.ROLE_REGIONAL_MANAGER, t.ROLE_CEO_ONCALL]
    for policy in policies.sla_policies:
        assert list(policy.pausing_statuses) == [t.TICKET_STATUS_AWAITING_SHIPPER, t.TICKET_STATUS_AWAITING_OPERATOR]
        assert (policy.escalation_interval_minutes, policy.calendar_id) == (0, "")
        assert (policy.version, policy.updated_by_id) == (1, "SYSTEM")
        assert policy.etag
        assert policy.HasField("updated_at")


def test_only_what_the_mask_names_changes_and_it_is_a_new_version(world: World, service: Any) -> None:
    before = listed(service)
    after = update(service, "response_time_minutes", response_time_minutes=17, resolution_time_minutes=99)
    assert (after.response_time_minutes, after.version) == (17, before[LOW].version + 1)
    assert after.updated_by_id == "contract-admin"
    assert after.etag != before[LOW].etag
    assert after.updated_at.ToNanoseconds() > before[LOW].updated_at.ToNanoseconds()
    for field in ("resolution_time_minutes", "escalation_chain", "pausing_statuses", "calendar_id"):
        assert getattr(after, field) == getattr(before[LOW], field)
    assert listed(service) == before | {LOW: after}
    with world.running.database.connect() as connection:
        kept = connection.execute(
            "SELECT version, response_time_minutes FROM sla_policy_versions WHERE priority = 'LOW' ORDER BY version"
        ).fetchall()
    assert kept[-2:] == [
        (before[LOW].version, before[LOW].response_time_minutes),
        (after.version, 17),
    ]


def test_every_field_comes_back(service: Any) -> None:
    made = calendar(service)
    fields: dict[str, Any] = {
        "response_time_minutes": 11,
        "resolution_time_minutes": 222,
        "escalation_chain": [t.ROLE_FINANCE, t.ROLE_OPS_AGENT, t.ROLE_ADMIN],
        "escalation_interval_minutes": 33,
        "pausing_statuses": [t.TICKET_STATUS_AWAITING_FINANCE, t.TICKET_STATUS_AWAITING_SHIPPER],
        "calendar_id": made.id,
    }
    after = update(service, *fields, priority=t.TICKET_PRIORITY_MEDIUM, **fields)
    for name, value in fields.items():
        if name == "pausing_statuses":
            assert set(after.pausing_statuses) == set(value)
        else:
            assert getattr(after, name) == value, name
    assert listed(service)[t.TICKET_PRIORITY_MEDIUM] == after
    cleared = update(
        service,
        "calendar_id",
        "pausing_statuses",
        "escalation_interval_minutes",
        priority=t.TICKET_PRIORITY_MEDIUM,
    )
    assert (cleared.calendar_id, list(cleared.pausing_statuses), cleared.escalation_interval_minutes) == ("", [], 0)


def test_what_is_so_already_is_no_new_version(service: Any) -> None:
    before = listed(service)[LOW]
    fields = ("response_time_minutes", "escalation_chain", "pausing_statuses", "calendar_id")
    values: dict[str, Any] = {name: getattr(before, name) for name in fields}
    assert update(service, *fields, **values) == before
    assert listed(service)[LOW] == before


def test_a_stale_etag_is_aborted(service: Any) -> None:
    before = listed(service)[LOW]
    after = update(service, "escalation_interval_minutes", escalation_interval_minutes=41, etag=before.etag)
    stale = change("escalation_interval_minutes", escalation_interval_minutes=42, etag=before.etag)
    refused(service.UpdateSlaPolicy, stale, **STALE)
    again = update(service, "escalation_interval_minutes", escalation_interval_minutes=43, etag=after.etag)
    assert again.version == after.version + 1


@pytest.mark.parametrize("paths", [[], ["*"], ["priority"], ["version"], ["etag"], ["escalation_chian"], ["id"]])
def test_a_mask_that_names_nothing_or_what_cannot_change_is_refused(service: Any, paths: list[str]) -> None:
    field = "update_mask.paths[0]" if paths else "update_mask"
    refused(service.UpdateSlaPolicy, change(*paths), reason="UPDATE_MASK_INVALID", field=field)


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("response_time_minutes", 0),
        ("response_time_minutes", -1),
        ("response_time_minutes", 525_601),
        ("resolution_time_minutes", 0),
        ("resolution_time_minutes", 525_601),
        ("escalation_interval_minutes", -1),
        ("escalation_interval_minutes", 525_601),
        ("escalation_chain", []),
        ("pausing_statuses", [t.TICKET_STATUS_OPEN]),
        ("pausing_statuses", [t.TICKET_STATUS_RESOLVED]),
        ("calendar_id", "No Such Id"),
        ("calendar_id", "x" * 51),
    ],
)
def test_limits(world: World, service: Any, field: str, wrong: Any) -> None:
    before = rows(world.running.database)
    path = f"sla_policy.{field}[0]" if field == "pausing_statuses" else f"sla_policy.{field}"
    refused(service.UpdateSlaPolicy, change(field, **{field: wrong}), field=path)
    assert rows(world.running.database) == before


def test_every_pausing_state_is_looked_at(service: Any) -> None:
    states = [t.TICKET_STATUS_AWAITING_FINANCE] * 99
    after = update(service, "pausing_statuses", pausing_statuses=states)
    assert list(after.pausing_statuses) == states[:1]
    for wrong in (t.TICKET_STATUS_OPEN, t.TICKET_STATUS_UNSPECIFIED, 99):
        request = change("pausing_statuses", pausing_statuses=[*states, wrong])
        refused(service.UpdateSlaPolicy, request, field="sla_policy.pausing_statuses[99]")
    request = change("pausing_statuses", pausing_statuses=[*states, *states])
    refused(service.UpdateSlaPolicy, request, field="sla_policy.pausing_statuses")


def test_the_largest_values(service: Any) -> None:
    fields = dict.fromkeys(("response_time_minutes", "resolution_time_minutes"), 525600)
    after = update(service, *fields, "escalation_interval_minutes", escalation_interval_minutes=525_600, **fields)
    assert after.resolution_time_minutes == 525_600


def test_a_chain_is_of_staff_and_names_nobody_twice(service: Any) -> None:
    field = "escalation_chain"
    staff = [t.Role.Value(f"ROLE_{role.name}") for role in Role if role in STAFF]
    assert list(update(service, field, escalation_chain=staff).escalation_chain) == staff
    for wrong in (t.ROLE_SHIPPER, t.ROLE_SYSTEM, t.ROLE_OPS_AGENT, t.ROLE_UNSPECIFIED, 99):
        request = change(field, escalation_chain=[t.ROLE_OPS_AGENT, wrong])
        refused(service.UpdateSlaPolicy, request, field="sla_policy.escalation_chain[1]")
    eleven = change(field, escalation_chain=[*staff, t.ROLE_SHIPPER, t.ROLE_DRIVER])
    refused(service.UpdateSlaPolicy, eleven, field="sla_policy.escalation_chain")


def test_the_response_is_never_due_after_the_resolution(service: Any) -> None:
    names = ("response_time_minutes", "resolution_time_minutes")
    update(service, *names, response_time_minutes=100, resolution_time_minutes=200)
    for response, resolution in ((201, 0), (0, 99), (300, 299)):
        given = {name: value for name, value in zip(names, (response, resolution), strict=True) if value}
        first = next(iter(given))
        refused(service.UpdateSlaPolicy, change(*given, **given), field=f"sla_policy.{first}")
    assert update(service, "response_time_minutes", response_time_minutes=200).response_time_minutes == 200


def test_a_calendar_that_is_not_there(service: Any) -> None:
    missing = change("calendar_id", calendar_id="nowhere")
    refused(service.UpdateSlaPolicy, missing, code=grpc.StatusCode.NOT_FOUND, reason="CALENDAR_NOT_FOUND")


def test_a_policy_that_somebody_removed_in_psql(fresh_server: Any) -> None:
    with fresh_server.database.connect() as connection:
        connection.execute("DELETE FROM sla_config WHERE priority = 'LOW'")
    service = fresh_server.client(Role.ADMIN).sla_policies
    request = change("response_time_minutes", response_time_minutes=5)
    refused(service.UpdateSlaPolicy, request, code=grpc.StatusCode.NOT_FOUND, reason="SLA_POLICY_NOT_FOUND")
    assert len(service.ListSlaPolicies(pb.ListSlaPoliciesRequest()).sla_policies) == 3


def test_a_calendar_in_which_the_targets_could_hardly_be_reached(service: Any) -> None:
    rare = calendar(service, windows=[window(7, 0, 1)])
    update(service, "resolution_time_minutes", priority=CRITICAL, resolution_time_minutes=525_600)
    refused(
        service.UpdateSlaPolicy,
        change("calendar_id", priority=CRITICAL, calendar_id=rare.id),
        field="sla_policy.calendar_id",
    )
    update(
        service,
        "resolution_time_minutes",
        "calendar_id",
        priority=CRITICAL,
        resolution_time_minutes=60,
        calendar_id=rare.id,
    )
    for field in ("resolution_time_minutes", "escalation_interval_minutes"):
        wrong = change(field, priority=CRITICAL, **{field: 525_600})
        refused(service.UpdateSlaPolicy, wrong, field=f"sla_policy.{field}")
    update(service, "calendar_id", priority=CRITICAL)


def test_an_edit_in_psql_is_a_version_by_nobody_known(world: World, service: Any) -> None:
    before = listed(service)[t.TICKET_PRIORITY_HIGH]
    with world.running.database.connect() as connection:
        connection.execute("UPDATE sla_config SET response_time_minutes = 61 WHERE priority = 'HIGH'")
    after = listed(service)[t.TICKET_PRIORITY_HIGH]
    assert (after.response_time_minutes, after.version, after.updated_by_id) == (61, before.version + 1, "SYSTEM")


def test_new_tickets_get_the_new_version_in_a_while_and_old_ones_keep_theirs(world: World, service: Any) -> None:
    priority = t.TICKET_PRIORITY_HIGH
    old = world.new_ticket(priority=priority)
    after = update(service, "resolution_time_minutes", priority=priority, resolution_time_minutes=777)

    def applied() -> t.Ticket | None:
        made = world.new_ticket(priority=priority)
        return made if made.sla_due_at.ToNanoseconds() - made.created_at.ToNanoseconds() == 777 * MINUTE else None

    new = eventually(applied, within=10, what="the new policy")
    assert new is not None
    assert world.admin.tickets.GetTicket(reads.GetTicketRequest(id=old.id)).ticket.sla_due_at == old.sla_due_at
    with world.running.database.connect() as connection:
        pinned = connection.execute(
            "SELECT sla_policy_version FROM tickets WHERE id IN (%s, %s) ORDER BY created_at", [old.id, new.id]
        ).fetchall()
    assert pinned[0][0] < pinned[1][0] == after.version


def test_reapplying_and_changes_of_priority_use_an_edit_at_once_in_every_server(world: World) -> None:
    """Although both servers remember the policies for new tickets."""
    high = t.TICKET_PRIORITY_HIGH
    with running(world.running.database) as second:
        elsewhere = World(second)
        tickets = [(each, each.new_ticket(priority=high).id) for each in (world, elsewhere)]
        others = [(each, each.new_ticket(priority=LOW).id) for each in (world, elsewhere)]
        version = update(
            world.admin.sla_policies, "resolution_time_minutes", priority=high, resolution_time_minutes=888
        ).version
        for each, ticket_id in tickets:
            each.admin.tickets.BulkUpdateTickets(
                bulk.BulkUpdateTicketsRequest(ids=[ticket_id], reapply_sla=bulk.BulkReapplySla(), reason=REASON)
            )
        for each, ticket_id in others:
            each.admin.tickets.UpdateTicket(
                writes.UpdateTicketRequest(
                    ticket=t.Ticket(id=ticket_id, priority=high),
                    update_mask=FieldMask(paths=["priority"]),
                    reason=REASON,
                )
            )
        ids = [ticket_id for _, ticket_id in (*tickets, *others)]
        for ticket_id in ids:
            ticket = world.admin.tickets.GetTicket(reads.GetTicketRequest(id=ticket_id)).ticket
            assert ticket.sla_due_at.ToNanoseconds() - ticket.created_at.ToNanoseconds() == 888 * MINUTE
    with world.running.database.connect() as connection:
        pinned = connection.execute("SELECT sla_policy_version FROM tickets WHERE id = ANY (%s)", [ids]).fetchall()
    assert pinned == [(version,)] * 4


def test_two_servers_never_take_a_ticket_back_to_an_older_version(postgres: TestServer) -> None:
    with postgres.new_database() as database, running(database) as one, running(database) as other:
        worlds = [World(one), World(other)]
        ticket_id = worlds[0].new_ticket(priority=LOW).id
        for minutes in range(4000, 4006):
            editing, applying = worlds[minutes % 2], worlds[1 - minutes % 2]
            edited = update(editing.admin.sla_policies, "resolution_time_minutes", resolution_time_minutes=minutes)
            for world in (applying, editing):
                request = bulk.BulkUpdateTicketsRequest(
                    ids=[ticket_id], reapply_sla=bulk.BulkReapplySla(), reason=REASON
                )
                (result,) = world.admin.tickets.BulkUpdateTickets(request).results
                assert not result.HasField("error")
                with database.connect() as connection:
                    ((pinned, due),) = connection.execute(
                        "SELECT sla_policy_version, sla_due_at - created_at FROM tickets WHERE id = %s", [ticket_id]
                    ).fetchall()
                assert (pinned, due) == (edited.version, timedelta(minutes=minutes))


def test_the_same_request_is_one_change(service: Any) -> None:
    asked = change("escalation_interval_minutes", escalation_interval_minutes=71)
    asked.request_id = str(uuid4())
    first = service.UpdateSlaPolicy(asked)
    update(service, "escalation_interval_minutes", escalation_interval_minutes=72)
    assert service.UpdateSlaPolicy(asked) == first
    assert listed(service)[LOW].escalation_interval_minutes == 72
    asked.sla_policy.escalation_interval_minutes = 73
    refused(service.UpdateSlaPolicy, asked, code=grpc.StatusCode.ALREADY_EXISTS, reason="REQUEST_ID_REUSED")


def test_staff_read_and_admin_changes(world: World) -> None:
    for role in (Role.OPS_AGENT, Role.CEO_ONCALL, Role.SYSTEM):
        service = world.running.client(role, "policies-other").sla_policies
        assert len(service.ListSlaPolicies(pb.ListSlaPoliciesRequest()).sla_policies) == 4
        refused(service.UpdateSlaPolicy, change("calendar_id"), **DENIED)
    outside = world.running.client(Role.SHIPPER, "policies-shipper").sla_policies
    refusal = refused(outside.ListSlaPolicies, pb.ListSlaPoliciesRequest(), **DENIED)
    assert refusal.message == "SLA policies are for staff only."


def test_a_request_without_a_policy_says_so(service: Any) -> None:
    refused(service.UpdateSlaPolicy, pb.UpdateSlaPolicyRequest(), field="sla_policy")
    request = pb.UpdateSlaPolicyRequest(sla_policy=sla_pb2.SlaPolicy(), update_mask=FieldMask(paths=["calendar_id"]))
    refused(service.UpdateSlaPolicy, request, field="sla_policy.priority")
