"""Requests nobody would write, over real gRPC, as somebody who may do everything.

They may be refused, but never by accident: no INTERNAL, UNKNOWN or DATA_LOSS, every refusal in the promised form, and
afterwards no ticket is half-written. TICKETS_FUZZ_EXAMPLES sets how many requests each test makes; with it, every run
makes other ones.
"""

import os
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from google.protobuf import descriptor_pool
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rodistaa.tickets.client import TicketsError
from rodistaa.tickets.v1 import directory_service_pb2 as directory
from rodistaa.tickets.v1 import saved_view_service_pb2 as views
from rodistaa.tickets.v1 import sla_pb2
from rodistaa.tickets.v1 import sla_policy_service_pb2 as policies
from rodistaa.tickets.v1 import ticket_bulk_pb2 as bulk
from rodistaa.tickets.v1 import ticket_pb2 as t
from rodistaa.tickets.v1 import ticket_writes_pb2 as writes
from tests.contract.expectations import check_form
from tests.contract.integrity import check_integrity
from tests.contract.messages import draw_message
from tests.contract.requests import OFFERED, REASON, World, full_member, path_of, raw_rpc
from tests.contract.sla_and_notification_requests import full_calendar
from tests.running import Running

EXAMPLES = int(os.environ.get("TICKETS_FUZZ_EXAMPLES", "0"))
PLACES = st.tuples(st.integers(0, 5_000), st.integers(0, 255), st.integers(0, 3))
"""Where a byte is exchanged, for which, and how many are cut off at the end."""
ACCIDENTS = {grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN, grpc.StatusCode.DATA_LOSS}


def profile(examples: int) -> Callable[[Any], Any]:
    """The same requests in every run, unless more are asked for."""
    return settings(
        max_examples=EXAMPLES or examples,
        derandomize=not EXAMPLES,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )


def descriptor_of(name: str) -> Any:
    """The request type of ``Service/Method``."""
    path = "rodistaa.tickets.v1." + name.replace("/", ".")
    return descriptor_pool.Default().FindMethodByName(path).input_type


def attempt(rpc: Callable[[Any], object], request: Message | bytes) -> bool:
    """Make the call; whether it was served."""
    try:
        rpc(request)
    except TicketsError as error:
        refusal = error
    else:
        return True
    assert refusal.code not in ACCIDENTS, (request, refusal)
    check_form(refusal, None if isinstance(request, bytes) else request)
    return False


@pytest.fixture
def world(fresh_server: Running) -> World:
    return World(fresh_server)


def existing(world: World) -> list[str]:
    """Ids of tickets in different states."""
    ids = [world.new_ticket().id for _ in range(4)] + [world.open_ticket().id for _ in range(4)]
    return [*ids, world.new_ticket(is_sensitive=True).id]


@pytest.mark.slow
@pytest.mark.timeout(0 if EXAMPLES else 120)
def test_requests_made_from_the_descriptors(world: World) -> None:
    ids = existing(world)

    @profile(400)
    @given(st.data())
    def attack(data: st.DataObject) -> None:
        name, density = data.draw(st.sampled_from(OFFERED)), data.draw(st.sampled_from([0.15, 0.6, 0.95]))
        attempt(world.rpc(name), draw_message(data.draw, descriptor_of(name), ids, density=density))

    attack()
    assert check_integrity(world.running) >= len(ids)


@pytest.mark.slow
@pytest.mark.timeout(0 if EXAMPLES else 120)
def test_valid_requests_with_parts_exchanged(world: World) -> None:
    """They get further in: all is right, save a field or two."""
    ids = existing(world)
    valid = world.valid_requests()
    served: set[str] = set()

    @profile(300)
    @given(st.data())
    def attack(data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(OFFERED))
        request = type(valid[name])()
        request.CopyFrom(valid[name])
        strange = draw_message(data.draw, request.DESCRIPTOR, ids, density=0.9)
        names = [field.name for field in request.DESCRIPTOR.fields]
        for part in data.draw(st.lists(st.sampled_from(names), min_size=1, max_size=2)) if names else ():
            exchange(request, strange, part)
        if "request_id" in names:
            request.ClearField("request_id")
        for part in ("id", "ticket_id"):
            if part in names and getattr(valid[name], part).startswith("TKT-"):
                setattr(request, part, data.draw(st.sampled_from(ids)))
        if attempt(world.rpc(name), request):
            served.add(name)

    attack()
    assert len(served) > len(OFFERED) // 2, "the requests hardly get past the checks"
    assert check_integrity(world.running) >= len(ids)


def exchange(request: Message, other: Message, name: str) -> None:
    """Take the field over from the other message: half of a sub-message, the whole of anything else."""
    field = request.DESCRIPTOR.fields_by_name[name]
    if field.message_type is not None and not field.is_repeated and request.HasField(name) and other.HasField(name):
        mine, strange = getattr(request, name), getattr(other, name)
        for number, inner in enumerate(strange.DESCRIPTOR.fields):
            if number % 3 == len(strange.ListFields()) % 3 and inner.name != "id":
                exchange(mine, strange, inner.name)
        return
    request.ClearField(name)
    part = type(other)()
    part.CopyFrom(other)
    for set_field, _ in other.ListFields():
        if set_field.name != name:
            part.ClearField(set_field.name)
    request.MergeFrom(part)


@pytest.mark.slow
@pytest.mark.timeout(0 if EXAMPLES else 120)
def test_bytes_that_are_no_messages(world: World) -> None:
    ids = existing(world)
    valid = {name: request.SerializeToString() for name, request in world.valid_requests().items()}

    def spoil(payload: bytes, position: int, byte: int, cut: int) -> bytes:
        place = position % max(1, len(payload))
        return payload[:place] + bytes([byte]) + payload[place + 1 : len(payload) - cut]

    @profile(300)
    @given(name=st.sampled_from(OFFERED), noise=st.binary(max_size=200), place=PLACES)
    def attack(name: str, noise: bytes, place: tuple[int, int, int]) -> None:
        for payload in (noise, spoil(valid[name], *place), valid[name] + noise):
            attempt(raw_rpc(world.admin, path_of(name)), payload)

    attack()
    assert check_integrity(world.running) >= len(ids)


@pytest.mark.slow
@pytest.mark.timeout(0 if EXAMPLES else 120)
def test_many_callers_change_the_same_few_things_at_once(world: World) -> None:
    """They may lose against each other, by a refusal in the promised form; what is written stays whole."""
    ids = [world.new_ticket().id for _ in range(3)]
    callers, calls = 8, EXAMPLES or 60

    def send(seed: int) -> list[str]:
        choice = random.Random(seed)
        accepted = []
        for _ in range(calls):
            name, request = any_change(choice, ids)
            if attempt(world.rpc(name), request):
                accepted.append(name)
        return accepted

    with ThreadPoolExecutor(callers) as pool:
        accepted = {name for names in pool.map(send, range(callers)) for name in names}
    assert len(accepted) > 8, accepted
    assert check_integrity(world.running) == len(ids)


def any_change(choice: random.Random, ids: list[str]) -> tuple[str, Message]:
    """A change of one of the tickets, a view, a member, a calendar or a policy, with few values, so that they meet."""
    ticket_id, tag = choice.choice(ids), choice.choice("abcdefgh")
    status = choice.choice([number for number in t.TicketStatus.values() if number])
    changes: dict[str, Message] = {
        "TicketService/AddMessage": writes.AddMessageRequest(ticket_id=ticket_id, message=tag),
        "TicketService/UpdateTicket": writes.UpdateTicketRequest(
            ticket=t.Ticket(id=ticket_id, tags=[tag], etag=choice.choice(["", '"5"'])),
            update_mask=FieldMask(paths=["tags"]),
        ),
        "TicketService/TransitionTicket": writes.TransitionTicketRequest(
            id=ticket_id,
            status=status,
            reason=REASON,
            resolution_summary="Done." if status == t.TICKET_STATUS_RESOLVED else "",
        ),
        "TicketService/AssignTicket": writes.AssignTicketRequest(
            id=ticket_id, owner_id=tag, owner_role=t.ROLE_FRANCHISE_AGENT, reason=REASON
        ),
        "TicketService/EscalateTicket": writes.EscalateTicketRequest(id=ticket_id, reason=REASON),
        "TicketService/ArchiveTicket": writes.ArchiveTicketRequest(id=ticket_id, archived=choice.random() < 0.3),
        "TicketService/SetWatch": writes.SetWatchRequest(
            ticket_id=ticket_id, user_id=tag, watching=choice.random() < 0.7
        ),
        "TicketService/BulkUpdateTickets": bulk.BulkUpdateTicketsRequest(
            ids=choice.sample(ids, len(ids)), tags=bulk.BulkTags(add=[tag]), reason=REASON
        ),
        "SavedViewService/CreateSavedView": views.CreateSavedViewRequest(saved_view=views.SavedView(name=tag)),
        "DirectoryService/UpsertMember": directory.UpsertMemberRequest(member=full_member(user_id=tag)),
        "SlaPolicyService/UpsertCalendar": policies.UpsertCalendarRequest(
            calendar=full_calendar(id=choice.choice("ab"), display_name=tag)
        ),
        "SlaPolicyService/UpdateSlaPolicy": policies.UpdateSlaPolicyRequest(
            sla_policy=sla_pb2.SlaPolicy(
                priority=choice.choice(t.TicketPriority.values()[1:]), calendar_id=choice.choice(["", "a", "b"])
            ),
            update_mask=FieldMask(paths=["calendar_id"]),
        ),
    }
    name = choice.choice(list(changes))
    return name, changes[name]
