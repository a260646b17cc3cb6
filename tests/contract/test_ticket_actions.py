"""GetTicketActions: what is offered is what the calls then do, for every role, state and kind of ticket."""

import itertools
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import grpc
import psycopg
import pytest

from rodistaa.tickets.client import TicketsClient, TicketsError
from rodistaa.tickets.v1 import attachment_pb2, attachment_service_pb2
from rodistaa.tickets.v1 import ticket_pb2 as t
from rodistaa.tickets.v1 import ticket_reads_pb2 as reads
from rodistaa.tickets.v1 import ticket_writes_pb2 as writes
from rodistaa.tickets.v1 import timeline_reads_pb2 as timeline
from server.domain.fsm import TicketStatus
from server.domain.roles import Role
from tests.contract.expectations import refused
from tests.contract.matrix import ROLES
from tests.contract.requests import REASON, World
from tests.running import Running

SHARE = 6
"""One call in so many is made of each kind of ticket, another one for each role: all of them take minutes."""

REFUSALS = {
    "ACTION_NOT_ALLOWED",
    "FINANCE_ONLY",
    "TRANSITION_NOT_ALLOWED",
    "TICKET_ARCHIVED",
    "TICKET_CLOSED",
    "ESCALATION_CHAIN_EXHAUSTED",
}
RELATIONS = ("creator", "owner", "watcher", "other")
INSERT = """
    INSERT INTO tickets (title, description, created_by_id, created_by_role, owner_id, owner_role, priority, status,
        linked_type, linked_id, is_sensitive, archived)
    VALUES ('A ticket of actions', 'What may be done to it is asked, and then done.', %(creator)s, 'shipper', %(owner)s,
        %(queue)s, 'HIGH', %(status)s, %(linked)s, 'LINK-1', %(sensitive)s, %(archived)s)
    RETURNING id
"""


@dataclass(frozen=True)
class Kind:
    """A ticket, and what ties the caller to it."""

    status: str
    payment: bool
    archived: bool
    sensitive: bool
    relation: str


KINDS = [
    Kind(status.value, payment, archived, sensitive, relation)
    for status, payment, archived, sensitive, relation in itertools.product(
        TicketStatus, (False, True), (False, True), (False, True), RELATIONS
    )
]

Try = Callable[[TicketsClient, str, Kind], object]


def _update(**fields: object) -> Try:
    def call(client: TicketsClient, ticket_id: str, _: Kind) -> object:
        request = writes.UpdateTicketRequest(ticket=t.Ticket(id=ticket_id, **fields), reason=REASON)  # type: ignore[arg-type] # fields of the message
        request.update_mask.paths.extend(fields)
        return client.tickets.UpdateTicket(request)

    return call


def _sensitivity(client: TicketsClient, ticket_id: str, kind: Kind) -> object:
    return _update(is_sensitive=not kind.sensitive)(client, ticket_id, kind)


def _transition(status: str) -> Try:
    def call(client: TicketsClient, ticket_id: str, _: Kind) -> object:
        request = writes.TransitionTicketRequest(
            id=ticket_id,
            status=t.TicketStatus.Value(f"TICKET_STATUS_{status}"),
            resolution_summary="It was settled." if status == "RESOLVED" else "",
            reason=REASON,
        )
        return client.tickets.TransitionTicket(request)

    return call


def _assign(client: TicketsClient, ticket_id: str, _: Kind) -> object:
    request = writes.AssignTicketRequest(id=ticket_id, owner_role=t.ROLE_REGIONAL_MANAGER, reason=REASON)
    return client.tickets.AssignTicket(request)


def _escalate(client: TicketsClient, ticket_id: str, _: Kind) -> object:
    return client.tickets.EscalateTicket(writes.EscalateTicketRequest(id=ticket_id, reason=REASON))


def _archive(client: TicketsClient, ticket_id: str, kind: Kind) -> object:
    return client.tickets.ArchiveTicket(writes.ArchiveTicketRequest(id=ticket_id, archived=not kind.archived))


def _message(*, internal: bool) -> Try:
    def call(client: TicketsClient, ticket_id: str, _: Kind) -> object:
        request = writes.AddMessageRequest(ticket_id=ticket_id, message="A word.", is_internal_note=internal)
        return client.tickets.AddMessage(request)

    return call


def _attach(client: TicketsClient, ticket_id: str, _: Kind) -> object:
    attachment = attachment_pb2.Attachment(
        file_name="pod.pdf", file_type="application/pdf", file_size_bytes=9, sha256="0123456789abcdef" * 4
    )
    request = attachment_service_pb2.CreateAttachmentRequest(ticket_id=ticket_id, attachment=attachment)
    return client.attachments.CreateAttachment(request)


def _watch(user_id: str) -> Try:
    def call(client: TicketsClient, ticket_id: str, _: Kind) -> object:
        return client.tickets.SetWatch(writes.SetWatchRequest(ticket_id=ticket_id, user_id=user_id, watching=True))

    return call


def _audit(client: TicketsClient, ticket_id: str, _: Kind) -> object:
    return client.tickets.ListAuditEntries(timeline.ListAuditEntriesRequest(ticket_id=ticket_id))


def _verify(client: TicketsClient, ticket_id: str, _: Kind) -> object:
    return client.tickets.VerifyAudit(timeline.VerifyAuditRequest(ticket_id=ticket_id))


def _explain(client: TicketsClient, ticket_id: str, _: Kind) -> object:
    return client.tickets.ExplainSla(reads.ExplainSlaRequest(ticket_id=ticket_id))


TRIES: Mapping[str, tuple[tuple[str, Try], ...]] = {
    "TICKET_ACTION_EDIT": (
        ("title", _update(title="Another title for it")),
        ("description and tags", _update(description="Another text that is long enough.", tags=["x"])),
    ),
    "TICKET_ACTION_CHANGE_LINK": (("link", _update(linked_type=t.LINKED_TYPE_TRUCK, linked_id="TRK-1")),),
    "TICKET_ACTION_CHANGE_PRIORITY": (("priority", _update(priority=t.TICKET_PRIORITY_LOW)),),
    "TICKET_ACTION_CHANGE_SENSITIVITY": (("sensitivity", _sensitivity),),
    "TICKET_ACTION_ASSIGN": (("assign", _assign),),
    "TICKET_ACTION_ESCALATE": (("escalate", _escalate),),
    "TICKET_ACTION_ARCHIVE": (("archive", _archive),),
    "TICKET_ACTION_ADD_MESSAGE": (("message", _message(internal=False)), ("attach", _attach)),
    "TICKET_ACTION_ADD_INTERNAL_NOTE": (("note", _message(internal=True)),),
    "TICKET_ACTION_WATCH": (("watch", _watch("")),),
    "TICKET_ACTION_SET_WATCHERS": (("watch for another", _watch("actions-new")),),
    "TICKET_ACTION_VIEW_AUDIT": (("audit", _audit), ("verify", _verify)),
    "TICKET_ACTION_EXPLAIN_SLA": (("explain", _explain),),
    **{f"TICKET_STATUS_{status}": ((f"to {status}", _transition(status)),) for status in TicketStatus},
}
"""The calls that each action and each state stands for, as they are made if all but the right to them is given."""

CALLS = [(offer, name, call) for offer, calls in TRIES.items() for name, call in calls]


@pytest.fixture(scope="module")
def connection(server: Running) -> Iterator[psycopg.Connection]:
    with server.database.connect() as opened:
        yield opened


def new_ticket(connection: psycopg.Connection, kind: Kind, caller: str, queue: str | None) -> str:
    row = connection.execute(
        INSERT,
        {
            "creator": caller if kind.relation == "creator" else "actions-somebody",
            "owner": caller if kind.relation == "owner" else "actions-somebody",
            "queue": queue,
            "status": kind.status,
            "linked": "payment" if kind.payment else "booking",
            "sensitive": kind.sensitive,
            "archived": kind.archived,
        },
    ).fetchone()
    assert row is not None
    if kind.relation == "watcher":
        connection.execute("INSERT INTO ticket_watchers (ticket_id, user_id) VALUES (%s, %s)", [row[0], caller])
    return str(row[0])


def offered(client: TicketsClient, ticket_id: str) -> set[str] | None:
    """Names of actions and of states, each in the order of the enum and once; None for a ticket that is not found."""
    try:
        answer = client.tickets.GetTicketActions(reads.GetTicketActionsRequest(ticket_id=ticket_id))
    except TicketsError as error:
        if error.reason != "TICKET_NOT_FOUND":
            raise
        return None
    assert answer.ticket_id == ticket_id
    assert list(answer.actions) == sorted(set(answer.actions))
    assert list(answer.transitions) == sorted(set(answer.transitions))
    return {reads.TicketAction.Name(action) for action in answer.actions} | {
        t.TicketStatus.Name(status) for status in answer.transitions
    }


def outcome(call: Try, client: TicketsClient, ticket_id: str, kind: Kind) -> str:
    try:
        call(client, ticket_id, kind)
    except TicketsError as error:
        return error.reason
    return "OK"


@pytest.mark.timeout(300)
@pytest.mark.parametrize("role", ROLES)
def test_what_is_offered_is_done_and_what_is_not_is_refused(
    server: Running, connection: psycopg.Connection, role: str
) -> None:
    dice = random.Random(role)  # another share of the calls for each role, the same ones each time
    made: list[tuple[str, str, Kind, TicketsClient, str, Try]] = []
    with connection.transaction():
        for kind in KINDS:
            for offer, name, call in dice.sample(CALLS, len(CALLS) // SHARE):
                # Callers of their own, or their uploads would be too many.
                caller = f"actions-{role}-{dice.randrange(20)}"
                queue = dice.choice((None, role, "ops_agent", "hq_support", "ceo_oncall", "finance"))
                ticket_id = new_ticket(connection, kind, caller, queue)
                made.append((ticket_id, f"{name} from {queue}", kind, server.client(role, caller), offer, call))
    wrong: list[str] = []
    told = {True: 0, False: 0}
    for ticket_id, name, kind, client, offer, call in made:
        offers = offered(client, ticket_id)
        found = outcome(call, client, ticket_id, kind)
        if offers is None:
            assert found == "TICKET_NOT_FOUND"
            continue
        is_offered = offer in offers
        told[is_offered] += 1
        if (found != "OK") if is_offered else (found not in REFUSALS):
            wrong.append(f"{name} of {kind}: offered {is_offered}, and then {found}")
    assert not wrong, "\n".join(wrong)
    assert min(told.values()) > 100


def test_every_action_and_every_state_is_tried() -> None:
    names = set(reads.TicketAction.keys()) | set(t.TicketStatus.keys())
    assert TRIES.keys() == names - {"TICKET_ACTION_UNSPECIFIED", "TICKET_STATUS_UNSPECIFIED"}


def test_the_answer_is_about_the_state_that_its_etag_names(server: Running) -> None:
    world = World(server)
    made = world.new_ticket()
    request = reads.GetTicketActionsRequest(ticket_id=made.id)
    before = world.admin.tickets.GetTicketActions(request)
    assert before.etag == made.etag
    assert list(before.transitions) == [t.TICKET_STATUS_OPEN, t.TICKET_STATUS_ESCALATED]
    opened = world.admin.tickets.TransitionTicket(
        writes.TransitionTicketRequest(id=made.id, status=t.TICKET_STATUS_OPEN)
    ).ticket
    after = world.admin.tickets.GetTicketActions(request)
    assert after.etag == opened.etag
    assert t.TICKET_STATUS_RESOLVED in after.transitions


def test_a_ticket_that_was_never_made_and_one_that_is_hidden_are_the_same(server: Running) -> None:
    outsider = server.client(Role.DRIVER, "actions-outsider").tickets
    said = {
        refused(
            outsider.GetTicketActions,
            reads.GetTicketActionsRequest(ticket_id=ticket_id),
            code=grpc.StatusCode.NOT_FOUND,
            reason="TICKET_NOT_FOUND",
        ).message.replace(ticket_id, "…")
        for ticket_id in (World(server).new_ticket().id, "TKT-999999999")
    }
    assert len(said) == 1


def test_an_id_that_no_ticket_can_have_is_a_bad_argument(server: Running) -> None:
    for ticket_id in ("", "1001", "tkt-1001"):
        refused(
            World(server).admin.tickets.GetTicketActions,
            reads.GetTicketActionsRequest(ticket_id=ticket_id),
            field="ticket_id",
        )
