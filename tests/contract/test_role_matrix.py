"""Every role, every RPC, every relation to the ticket: who may do what, and what a refusal looks like.

``matrix.py`` is the oracle, the modules beside it say how each RPC is called. A failing test names the
operation and the role; its assertion shows the relations that differ.
"""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import grpc
import psycopg
import pytest

from rodistaa.tickets.client import TicketsClient
from rodistaa.tickets.client.errors import TicketsError
from rodistaa.tickets.v1 import (
    attachment_service_pb2,
    directory_service_pb2,
    export_service_pb2,
    filter_pb2,
    notification_service_pb2,
    sla_policy_service_pb2,
    ticket_service_pb2,
)
from rodistaa.tickets.v1 import saved_view_service_pb2 as saved_views
from rodistaa.tickets.v1 import ticket_pb2 as t
from rodistaa.tickets.v1 import ticket_watch_pb2 as watch
from rodistaa.tickets.v1 import ticket_writes_pb2 as writes
from server.domain.roles import Role
from tests.contract.matrix import INSIDE, OK, RELATIONS, ROLES, RULES, expected, sees, table
from tests.contract.matrix_attachments import ATTACHMENT_OPERATIONS
from tests.contract.matrix_calls import FRANCHISE, TICKET_OPERATIONS, Case, Operation
from tests.contract.matrix_exports import EXPORT_OPERATIONS
from tests.contract.matrix_sla_and_notifications import SLA_AND_NOTIFICATION_OPERATIONS
from tests.contract.streams import list_of, settle, timeline_of
from tests.running import Running

OPERATIONS = (*TICKET_OPERATIONS, *ATTACHMENT_OPERATIONS, *SLA_AND_NOTIFICATION_OPERATIONS, *EXPORT_OPERATIONS)
DOCUMENT = Path(__file__).parents[2] / "docs" / "permissions.md"

# All tickets of the matrix are CRITICAL, whose chain ends with ceo_oncall; nobody in it stands above admin.
ENDS_OF_THE_CHAIN = frozenset({"ceo_oncall", "admin"})
EXHAUSTED = "FAILED_PRECONDITION ESCALATION_CHAIN_EXHAUSTED"

_words = count(1)

INSERT = """
    INSERT INTO tickets (title, description, created_by_id, created_by_role, owner_id, owner_role,
        assigned_franchise_id, priority, status, linked_type, linked_id, tags, is_sensitive, archived)
    VALUES ('Matrix ticket ' || %(word)s, 'A ticket that the role matrix tries things on.', %(creator)s, 'shipper',
        %(owner)s, %(queue)s, %(franchise)s, 'CRITICAL', %(status)s, %(linked)s, 'LINK-1', ARRAY[%(word)s],
        %(sensitive)s, %(archived)s)
    RETURNING id
"""


@pytest.fixture(scope="module")
def connection(server: Running) -> Iterator[psycopg.Connection]:
    with server.database.connect() as opened:
        yield opened


def caller_of(role: str) -> str:
    return f"matrix-{role}"


def make_case(
    connection: psycopg.Connection, client: TicketsClient, role: str, relation: str, operation: Operation
) -> Case:
    """A ticket to which the caller has this relation and no other."""
    caller = caller_of(role)
    word = f"mx{next(_words)}w{connection.info.backend_pid}"
    row = connection.execute(
        INSERT,
        {
            "word": word,
            "creator": caller if relation == "creator" else "matrix-somebody",
            "owner": {"owner": caller, "queue": None}.get(relation, "matrix-somebody"),
            "queue": role if relation == "queue" else operation.queue,
            "franchise": FRANCHISE if relation == "franchise" else "FR-ELSEWHERE",
            "status": operation.status,
            "linked": "payment" if operation.payment else "booking",
            "sensitive": operation.sensitive,
            "archived": operation.archived,
        },
    ).fetchone()
    assert row is not None
    watchers = [caller if relation == "watcher" else "matrix-other", "matrix-watcher"]
    connection.execute(
        "INSERT INTO ticket_watchers (ticket_id, user_id) SELECT %s, unnest(%s::text[])", [row[0], watchers]
    )
    return Case(client, caller, row[0], word, connection)


def outcome(operation: Operation, case: Case) -> str:
    try:
        return operation.call(case) or OK
    except TicketsError as error:
        return f"{error.code.name} {error.reason}"


def trace(case: Case) -> tuple[int, int, int]:
    """What a refused call must leave as it was."""
    row = case.connection.execute(
        """
        SELECT version, (SELECT count(*) FROM ticket_audit WHERE ticket_id = tickets.id),
            (SELECT count(*) FROM ticket_watchers WHERE ticket_id = tickets.id)
        FROM tickets WHERE id = %s
        """,
        [case.ticket_id],
    ).fetchone()
    assert row is not None
    return row[0], row[1], row[2]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_role_matrix(server: Running, connection: psycopg.Connection, operation: Operation, role: str) -> None:
    client = server.client(role, caller_of(role), (FRANCHISE,))
    observed: dict[str, str] = {}
    wanted: dict[str, str] = {}
    for relation in RELATIONS if operation.unseen is not None else ("none",):
        case = make_case(connection, client, role, relation, operation)
        before = trace(case)
        observed[relation] = outcome(operation, case)
        wanted[relation] = expected(
            role,
            relation,
            operation.rules,
            queue=operation.queue,
            unseen=operation.unseen,
            by_role_alone=operation.by_role_alone,
        )
        escalates = any(rule.startswith("escalate") for rule in operation.rules)
        if escalates and wanted[relation] == OK and relation == "queue" and role in ENDS_OF_THE_CHAIN:
            wanted[relation] = EXHAUSTED
        if observed[relation] != OK:
            assert trace(case) == before, f"{relation}: refused, and yet it left a trace"
    assert observed == wanted


def test_the_matrix_knows_every_role_and_uses_every_rule() -> None:
    assert set(ROLES) == {role.value for role in Role}
    assert {rule for operation in OPERATIONS for rule in operation.rules} == RULES.keys()
    assert len({operation.name for operation in OPERATIONS}) == len(OPERATIONS)


def test_the_matrix_covers_every_rpc_that_is_offered() -> None:
    services = [
        ticket_service_pb2.DESCRIPTOR.services_by_name["TicketService"],
        directory_service_pb2.DESCRIPTOR.services_by_name["DirectoryService"],
        saved_views.DESCRIPTOR.services_by_name["SavedViewService"],
        sla_policy_service_pb2.DESCRIPTOR.services_by_name["SlaPolicyService"],
        notification_service_pb2.DESCRIPTOR.services_by_name["NotificationService"],
        attachment_service_pb2.DESCRIPTOR.services_by_name["AttachmentService"],
        export_service_pb2.DESCRIPTOR.services_by_name["ExportService"],
    ]
    methods = {method.name for service in services for method in service.methods}
    assert {operation.rpc for operation in OPERATIONS} == methods


ANYTHING = Operation("WatchTickets", ("read",), lambda _: None)


@pytest.mark.parametrize("role", ROLES)
def test_a_followed_timeline_shows_notes_and_audit_to_staff_alone(
    server: Running, connection: psycopg.Connection, role: str
) -> None:
    """As far as sent before the stream was opened, and as sent while it is open."""
    client = server.client(role, caller_of(role), (FRANCHISE,))
    manager = server.client(Role.ADMIN, "matrix-admin").tickets
    for relation in RELATIONS:
        if not sees(role, relation):
            continue
        case = make_case(connection, client, role, relation, ANYTHING)

        def say(text: str, *, internal: bool, about: str = case.ticket_id) -> None:
            manager.AddMessage(writes.AddMessageRequest(ticket_id=about, message=text, is_internal_note=internal))

        say("One.", internal=False)
        say("Hush.", internal=True)
        with timeline_of(client.tickets, case.ticket_id) as stream:
            entries, end = stream.replayed()
            say("Hush again.", internal=True)
            manager.ArchiveTicket(writes.ArchiveTicketRequest(id=case.ticket_id, archived=True))
            manager.ArchiveTicket(writes.ArchiveTicketRequest(id=case.ticket_id, archived=False))
            say("Two.", internal=False)
            while not entries or entries[-1].message.message != "Two.":
                entries.append(stream.entry())
        told = [entry.message.message or entry.audit_entry.action for entry in entries]
        everything = ["TICKET_CREATED", "One.", "Hush.", "Hush again.", "TICKET_ARCHIVED", "TICKET_UNARCHIVED", "Two."]
        assert told == (everything if role in INSIDE else ["One.", "Two."]), relation
        assert end == 3, "the mark goes past what is hidden"


@pytest.mark.parametrize("role", ROLES)
def test_a_followed_list_has_the_tickets_that_are_seen_and_drops_them_with_the_right(
    server: Running, connection: psycopg.Connection, role: str
) -> None:
    client = server.client(role, caller_of(role), (FRANCHISE,))
    admin = server.client(Role.ADMIN, "matrix-admin").tickets
    cases = {relation: make_case(connection, client, role, relation, ANYTHING) for relation in RELATIONS}
    seen = {relation for relation in RELATIONS if sees(role, relation)}
    own = t.Ticket(title="A ticket of my own", description="The end of what is looked at.", tags=[cases["none"].word])
    where = filter_pb2.TicketFilter(tags_any=[case.word for case in cases.values()])
    settle(server.database)
    with list_of(client.tickets, watch.WatchTicketsRequest(filter=where, snapshot_size=10)) as stream:
        assert {ticket.id for ticket in stream.snapshot()} == {cases[relation].ticket_id for relation in seen}

        for case in cases.values():
            case.connection.execute("UPDATE tickets SET title = title || '.' WHERE id = %s", [case.ticket_id])
        last = client.tickets.CreateTicket(writes.CreateTicketRequest(ticket=own)).ticket.id
        changed = [("changed", cases[relation].ticket_id) for relation in RELATIONS if relation in seen]
        assert stream.until(last) == [*changed, ("changed", last)]

        for case in cases.values():
            case.connection.execute(
                "UPDATE tickets SET owner_id = 'matrix-somebody', owner_role = NULL, assigned_franchise_id = NULL"
                " WHERE id = %s",
                [case.ticket_id],
            )
        admin.SetWatch(
            writes.SetWatchRequest(ticket_id=cases["watcher"].ticket_id, user_id=caller_of(role), watching=False)
        )
        last = client.tickets.CreateTicket(writes.CreateTicketRequest(ticket=own)).ticket.id
        news = stream.until(last)[:-1]
    kept = seen if sees(role, "none") else seen & {"creator"}
    last_news = {ticket_id: kind for kind, ticket_id in news}
    # Nothing of what is asked for was changed in the ticket without a tie, nor anything that decides who sees it.
    assert {cases[relation].ticket_id for relation in seen} >= last_news.keys()
    for relation in seen:
        assert last_news[cases[relation].ticket_id] == ("changed" if relation in kept else "left"), relation


def test_another_persons_private_view_is_not_found(server: Running, connection: psycopg.Connection) -> None:
    row = connection.execute(
        "INSERT INTO saved_views (owner_id, name) VALUES ('matrix-somebody', 'private') RETURNING id"
    ).fetchone()
    assert row is not None
    views = server.client(Role.ADMIN).saved_views
    update = saved_views.UpdateSavedViewRequest(saved_view=saved_views.SavedView(id=str(row[0]), name="mine now"))
    update.update_mask.paths.append("name")
    for call in (
        lambda: views.DeleteSavedView(saved_views.DeleteSavedViewRequest(id=str(row[0]))),
        lambda: views.UpdateSavedView(update),
    ):
        with pytest.raises(TicketsError) as caught:
            call()
        assert (caught.value.code, caught.value.reason) == (grpc.StatusCode.NOT_FOUND, "SAVED_VIEW_NOT_FOUND")
    listed = views.ListSavedViews(saved_views.ListSavedViewsRequest(page_size=200)).saved_views
    assert "private" not in [view.name for view in listed]


def test_the_document_has_the_matrix_as_its_table() -> None:
    """After a change of ``matrix.py``: ``python -m tests.contract.matrix``, and put its output there."""
    assert table() in DOCUMENT.read_text()
