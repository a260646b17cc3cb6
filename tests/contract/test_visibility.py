"""What one may not see is not there: not by its id, not in a list, a total or a search, not for whoever guesses."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from uuid import uuid4

import grpc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rodistaa.tickets.client.errors import TicketsError
from rodistaa.tickets.v1 import filter_pb2, ticket_bulk_pb2, ticket_pb2, ticket_reads_pb2, timeline_reads_pb2
from rodistaa.tickets.v1 import ticket_watch_pb2 as watch
from rodistaa.tickets.v1 import ticket_writes_pb2 as writes
from rodistaa.tickets.v1.errors_pb2 import ErrorReason
from rodistaa.tickets.v1.ticket_service_pb2_grpc import TicketServiceStub
from server.adapters.postgres.rows import TICKET_COLUMNS, to_ticket
from server.domain.ids import FranchiseId, UserId
from server.domain.principal import Principal
from server.domain.roles import Role
from server.domain.tickets import Ticket
from server.domain.visibility import visibility_of
from tests.contract import world as w
from tests.contract.expectations import check_form
from tests.contract.matrix import ROLES
from tests.contract.streams import first_of, list_of, settle, timeline_of
from tests.contract.world import World, make_world, read_all
from tests.database import TestServer
from tests.running import Running
from tests.ticket_requests import REASON, new_ticket, retitle

ABSENT_ID = "TKT-999999999"
_numbers = count(1)


@pytest.fixture(scope="module")
def world(postgres: TestServer) -> Iterator[World]:
    with make_world(postgres) as made:
        yield made


@pytest.fixture(scope="module")
def tickets(world: World) -> dict[str, Ticket]:
    """The world's tickets as the domain has them."""
    columns = ", ".join(column.name for column in TICKET_COLUMNS)
    with world.database.connect() as connection:
        return {row[0]: to_ticket(row) for row in connection.execute(f"SELECT {columns} FROM tickets")}


def found_by_id(stub: TicketServiceStub, ticket_id: str) -> bool:
    try:
        stub.GetTicket(ticket_reads_pb2.GetTicketRequest(id=ticket_id))
    except TicketsError as error:
        if error.code is not grpc.StatusCode.NOT_FOUND:
            raise
        return False
    return True


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_the_rule_in_the_domain_in_sql_and_in_every_read_is_one(
    world: World, tickets: dict[str, Ticket], data: st.DataObject
) -> None:
    role = data.draw(st.sampled_from(ROLES))
    user = data.draw(st.sampled_from((*w.USERS, "stranger")))
    franchises = tuple(data.draw(st.lists(st.sampled_from((*w.FRANCHISES, "FR-404")), max_size=3, unique=True)))
    client = world.act_as(role, user, franchises)

    rule = visibility_of(Principal(UserId(user), Role(role), frozenset(map(FranchiseId, franchises))))
    seen = {each for each in tickets if rule.sees(tickets[each], is_watching=user in world.watchers[each])}
    assert seen == {each for each in tickets if world.visible(each, role, user, franchises)}

    listed: list[str] = []
    for archived in (False, True):
        ids, total = read_all(client, filter_pb2.TicketFilter(archived=archived), order_by="", page_size=200)
        assert total == len(ids)
        listed += ids
    assert sorted(listed) == sorted(seen)
    for ticket_id in data.draw(st.lists(st.sampled_from(sorted(tickets)), min_size=8, max_size=8, unique=True)):
        assert found_by_id(client.tickets, ticket_id) is (ticket_id in seen)


class Hidden:
    """A ticket with a word of its own, and people who do not see it."""

    def __init__(self, server: Running) -> None:
        number = next(_numbers)
        self.word = f"hiddenword{number}q"
        self.server = server
        self.manager = server.client(Role.OPS_MANAGER, "hidden-manager").tickets
        self.creator = server.client(Role.SHIPPER, f"hidden-shipper-{number}").tickets
        self.id = self.creator.CreateTicket(
            new_ticket(
                title=f"Load lost near {self.word}",
                tags=[self.word],
                linked_type=ticket_pb2.LINKED_TYPE_BOOKING,
                linked_id=self.word,
                assigned_franchise_id=self.word,
            )
        ).ticket.id

    def strangers(self) -> list[TicketServiceStub]:
        """An agent and a service account besides those from outside: the powers of staff open no ticket."""
        roles = (Role.SHIPPER, Role.OPS_AGENT, Role.FRANCHISE_AGENT, Role.FINANCE, Role.SYSTEM)
        return [self.server.client(role, f"hidden-stranger-{role}").tickets for role in roles]


@pytest.fixture
def hidden(server: Running) -> Hidden:
    return Hidden(server)


def calls_on(stub: TicketServiceStub, ticket_id: str) -> dict[str, Callable[[], object]]:
    """Every call that names a ticket, as valid as can be."""
    status = ticket_pb2.TICKET_STATUS_OPEN
    owner = ticket_pb2.ROLE_OPS_AGENT
    return {
        "GetTicket": lambda: stub.GetTicket(ticket_reads_pb2.GetTicketRequest(id=ticket_id)),
        "GetTicket disclosed": lambda: stub.GetTicket(
            ticket_reads_pb2.GetTicketRequest(id=ticket_id, access_reason=REASON)
        ),
        "UpdateTicket": lambda: stub.UpdateTicket(retitle(ticket_id, "Another title")),
        "UpdateTicket stale": lambda: stub.UpdateTicket(retitle(ticket_id, "Another title", etag='"77"')),
        "TransitionTicket": lambda: stub.TransitionTicket(writes.TransitionTicketRequest(id=ticket_id, status=status)),
        "AssignTicket": lambda: stub.AssignTicket(
            writes.AssignTicketRequest(id=ticket_id, owner_role=owner, reason=REASON)
        ),
        "EscalateTicket": lambda: stub.EscalateTicket(writes.EscalateTicketRequest(id=ticket_id, reason=REASON)),
        "ArchiveTicket": lambda: stub.ArchiveTicket(writes.ArchiveTicketRequest(id=ticket_id)),
        "AddMessage": lambda: stub.AddMessage(writes.AddMessageRequest(ticket_id=ticket_id, message="Hello.")),
        "AddMessage with an attachment": lambda: stub.AddMessage(
            writes.AddMessageRequest(ticket_id=ticket_id, message="Hello.", attachment_ids=[str(uuid4())])
        ),
        "SetWatch": lambda: stub.SetWatch(writes.SetWatchRequest(ticket_id=ticket_id)),
        "SetWatch to stop": lambda: stub.SetWatch(writes.SetWatchRequest(ticket_id=ticket_id, watching=False)),
        "ListWatchers": lambda: stub.ListWatchers(ticket_reads_pb2.ListWatchersRequest(ticket_id=ticket_id)),
        "ListTimeline": lambda: stub.ListTimeline(timeline_reads_pb2.ListTimelineRequest(ticket_id=ticket_id)),
        "WatchTimeline": lambda: first_of(stub.WatchTimeline)(
            timeline_reads_pb2.WatchTimelineRequest(ticket_id=ticket_id)
        ),
        "WatchTimeline disclosed": lambda: first_of(stub.WatchTimeline)(
            timeline_reads_pb2.WatchTimelineRequest(ticket_id=ticket_id, access_reason=REASON)
        ),
        "WatchTimeline from beyond its end": lambda: first_of(stub.WatchTimeline)(
            timeline_reads_pb2.WatchTimelineRequest(ticket_id=ticket_id, after_seq=1_000)
        ),
        "ListAuditEntries": lambda: stub.ListAuditEntries(
            timeline_reads_pb2.ListAuditEntriesRequest(ticket_id=ticket_id)
        ),
        "VerifyAudit": lambda: stub.VerifyAudit(timeline_reads_pb2.VerifyAuditRequest(ticket_id=ticket_id)),
    }


def answer_to(call: Callable[[], object], ticket_id: str) -> tuple[object, ...]:
    """All that an error tells, with the id that was asked for taken out."""
    with pytest.raises(TicketsError) as caught:
        call()
    error = caught.value
    metadata = {key: value.replace(ticket_id, "ID") for key, value in error.metadata.items()}
    return error.code, error.reason, error.message.replace(ticket_id, "ID"), metadata, error.field_violations


def test_a_hidden_ticket_answers_as_one_that_never_was(hidden: Hidden) -> None:
    for stub in hidden.strangers():
        for name, call in calls_on(stub, hidden.id).items():
            answer = answer_to(call, hidden.id)
            assert answer == answer_to(calls_on(stub, ABSENT_ID)[name], ABSENT_ID), name
            assert answer[:2] == (grpc.StatusCode.NOT_FOUND, "TICKET_NOT_FOUND"), name


def guesses(hidden: Hidden) -> list[filter_pb2.TicketFilter]:
    return [
        filter_pb2.TicketFilter(),
        filter_pb2.TicketFilter(text=hidden.word),
        filter_pb2.TicketFilter(text="-nothingofthekind"),
        filter_pb2.TicketFilter(tags_any=[hidden.word]),
        filter_pb2.TicketFilter(franchise_ids=[hidden.word]),
        filter_pb2.TicketFilter(linked_type=ticket_pb2.LINKED_TYPE_BOOKING, linked_id=hidden.word),
        filter_pb2.TicketFilter(statuses=[ticket_pb2.TICKET_STATUS_NEW], unassigned=True),
    ]


def test_no_list_total_search_or_statistic_knows_of_it(fresh_server: Running) -> None:
    """There is no other ticket, so that anything above zero is this one."""
    hidden = Hidden(fresh_server)
    for stub in hidden.strangers():
        for where in guesses(hidden):
            page = stub.ListTickets(ticket_reads_pb2.ListTicketsRequest(filter=where, include_total=True))
            assert (len(page.tickets), page.total_size, page.next_page_token) == (0, 0, "")
            for query in (hidden.word, "-nothingofthekind", f'"near {hidden.word}"'):
                found = stub.SearchTickets(
                    ticket_reads_pb2.SearchTicketsRequest(query=query, filter=where, include_total=True)
                )
                assert (len(found.results), found.total_size, found.next_page_token) == (0, 0, "")
            with list_of(stub, watch.WatchTicketsRequest(filter=where, snapshot_size=200)) as stream:
                assert stream.snapshot() == []
    for stub in hidden.strangers()[1:]:
        for where in guesses(hidden):
            stats = stub.GetTicketStats(ticket_reads_pb2.GetTicketStatsRequest(filter=where, trend_days=3))
            assert (stats.total_count, stats.unassigned_count, len(stats.status_counts)) == (0, 0, 0)
            assert sum(day.created_count for day in stats.trend) == 0


def test_one_who_sees_it_finds_it_in_all_those_ways(hidden: Hidden) -> None:
    for where in guesses(hidden):
        page = hidden.creator.ListTickets(ticket_reads_pb2.ListTicketsRequest(filter=where, include_total=True))
        assert ([ticket.id for ticket in page.tickets], page.total_size) == ([hidden.id], 1)


def test_a_page_token_opens_nothing_for_somebody_else(hidden: Hidden) -> None:
    for _ in range(2):
        Hidden(hidden.server)
    request = ticket_reads_pb2.ListTicketsRequest(page_size=1)
    request.page_token = hidden.manager.ListTickets(request).next_page_token
    for stub in hidden.strangers():
        with pytest.raises(TicketsError) as caught:
            stub.ListTickets(request)
        assert (caught.value.code, caught.value.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "PAGE_TOKEN_INVALID")


def test_a_cursor_opens_nothing_for_somebody_else(hidden: Hidden) -> None:
    request = watch.WatchTicketsRequest()
    with list_of(hidden.manager, request) as stream:
        stream.snapshot()
        request.cursor = stream.cursor
    for stub in hidden.strangers():
        with pytest.raises(TicketsError) as caught:
            first_of(stub.WatchTickets)(request)
        assert (caught.value.code, caught.value.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "CURSOR_INVALID")


def test_whatever_happens_to_it_no_stream_of_a_stranger_tells(fresh_server: Running) -> None:
    """The next that they are told is of a ticket of their own, whatever they ask for."""
    hidden = Hidden(fresh_server)
    settle(fresh_server.database)
    filters = guesses(hidden)
    with ExitStack() as opened:
        streams = {
            (number, place): opened.enter_context(list_of(stub, watch.WatchTicketsRequest(filter=where)))
            for number, stub in enumerate(hidden.strangers())
            for place, where in enumerate(filters)
        }
        for stream in streams.values():
            stream.snapshot()
        say = writes.AddMessageRequest(ticket_id=hidden.id, message="Where is the load?")
        hidden.creator.AddMessage(say)
        hidden.manager.UpdateTicket(retitle(hidden.id, f"Load found near {hidden.word}"))
        hidden.manager.SetWatch(writes.SetWatchRequest(ticket_id=hidden.id, user_id="hidden-somebody"))
        hidden.manager.AssignTicket(
            writes.AssignTicketRequest(id=hidden.id, owner_role=ticket_pb2.ROLE_COMPLIANCE_OFFICER, reason=REASON)
        )
        for archived in (True, False):
            hidden.manager.ArchiveTicket(writes.ArchiveTicketRequest(id=hidden.id, archived=archived))
        for number, stub in enumerate(hidden.strangers()):
            own = stub.CreateTicket(new_ticket(title="A ticket of my own")).ticket.id
            for place, where in enumerate(filters):
                if where in (filter_pb2.TicketFilter(), filter_pb2.TicketFilter(text="-nothingofthekind")):
                    assert streams[number, place].changed().ticket.id == own


def test_a_request_id_gives_its_answer_to_its_own_caller_alone(hidden: Hidden) -> None:
    request = retitle(hidden.id, f"Load found near {hidden.word}", request_id=str(uuid4()))
    hidden.manager.UpdateTicket(request)
    for stub in hidden.strangers():
        with pytest.raises(TicketsError) as caught:
            stub.UpdateTicket(request)
        assert caught.value.code is grpc.StatusCode.NOT_FOUND


def test_a_bulk_change_says_of_an_absent_ticket_what_the_single_call_says(hidden: Hidden) -> None:
    admin = hidden.server.client(Role.ADMIN, "hidden-admin").tickets
    answer = admin.BulkUpdateTickets(
        ticket_bulk_pb2.BulkUpdateTicketsRequest(
            ids=[ABSENT_ID, hidden.id], tags=ticket_bulk_pb2.BulkTags(add=["bulk"]), reason=REASON
        )
    )
    absent, changed = answer.results
    assert (absent.error.code, absent.error.reason) == (5, ErrorReason.ERROR_REASON_TICKET_NOT_FOUND)
    assert (changed.ticket_id, changed.HasField("error")) == (hidden.id, False)
    assert (answer.succeeded_count, answer.failed_count) == (1, 1)


def test_sight_comes_and_goes_with_watching(hidden: Hidden) -> None:
    stub = hidden.server.client(Role.DRIVER, "hidden-driver").tickets
    watch = writes.SetWatchRequest(ticket_id=hidden.id, user_id="hidden-driver")
    assert not found_by_id(stub, hidden.id)
    hidden.manager.SetWatch(watch)
    assert found_by_id(stub, hidden.id)
    assert [ticket.id for ticket in stub.ListTickets(ticket_reads_pb2.ListTicketsRequest()).tickets] == [hidden.id]
    stub.SetWatch(writes.SetWatchRequest(ticket_id=hidden.id, watching=False))
    assert not found_by_id(stub, hidden.id)


def test_streams_follow_sight_as_it_comes_and_goes(hidden: Hidden) -> None:
    driver = hidden.server.client(Role.DRIVER, f"follower-of-{hidden.word}").tickets
    watching = writes.SetWatchRequest(ticket_id=hidden.id, user_id=f"follower-of-{hidden.word}")
    settle(hidden.server.database)
    with list_of(driver, watch.WatchTicketsRequest()) as stream:
        assert stream.snapshot() == []
        hidden.manager.SetWatch(watching)
        told = stream.changed()
        assert (told.ticket.id, told.action, told.seq) == (hidden.id, "", 0)
        with timeline_of(driver, hidden.id) as timeline:
            timeline.replayed()
            watching.watching = False
            hidden.manager.SetWatch(watching)
            assert stream.left() == hidden.id
            with pytest.raises(TicketsError) as caught:
                timeline.next()
    assert (caught.value.code, caught.value.reason) == (grpc.StatusCode.NOT_FOUND, "TICKET_NOT_FOUND")
    check_form(caught.value)


def test_a_list_tells_outside_roles_nothing_of_what_is_internal(hidden: Hidden) -> None:
    """No event for a note or for others who watch, and of changes no more than the ticket shows."""

    def say(*, internal: bool) -> None:
        hidden.manager.AddMessage(
            writes.AddMessageRequest(ticket_id=hidden.id, message="Hush.", is_internal_note=internal)
        )

    settle(hidden.server.database)
    where = filter_pb2.TicketFilter(tags_any=[hidden.word])
    with list_of(hidden.creator, watch.WatchTicketsRequest(filter=where)) as outside:
        outside.snapshot()
        cursor = outside.cursor
        say(internal=True)
        hidden.manager.SetWatch(writes.SetWatchRequest(ticket_id=hidden.id, user_id="hidden-somebody"))
        with list_of(hidden.manager, watch.WatchTicketsRequest(filter=where)) as staff:
            staff.snapshot()
            say(internal=True)
            assert staff.changed().ticket.id == hidden.id
        say(internal=False)
        told = outside.changed()
        assert (told.action, told.seq) == ("MESSAGE_ADDED", 4)
        hidden.manager.UpdateTicket(retitle(hidden.id, f"Load found near {hidden.word}"))
        told = outside.changed()
        assert (told.action, told.seq) == ("", 5)
    with list_of(hidden.creator, watch.WatchTicketsRequest(filter=where, cursor=cursor)) as again:
        told = again.changed()
        assert (told.action, told.seq) == ("", 5), "several are one to who comes later"


def test_sight_goes_with_the_queue_the_franchise_and_the_owner(hidden: Hidden) -> None:
    agent = hidden.server.client(Role.OPS_AGENT, "hidden-agent").tickets
    franchise_agent = hidden.server.client(Role.FRANCHISE_AGENT, "hidden-fa", (hidden.word,)).tickets
    owner = hidden.server.client(Role.FINANCE, "hidden-owner").tickets

    def assign(**fields: object) -> list[bool]:
        hidden.manager.AssignTicket(writes.AssignTicketRequest(id=hidden.id, reason=REASON, **fields))  # type: ignore[arg-type] # fields of the message
        return [found_by_id(stub, hidden.id) for stub in (agent, franchise_agent, owner)]

    assert assign(owner_role=ticket_pb2.ROLE_OPS_AGENT) == [True, True, False]
    assert assign(owner_role=ticket_pb2.ROLE_FINANCE, owner_id="hidden-owner") == [False, True, True]
    assert assign(owner_role=ticket_pb2.ROLE_FRANCHISE_AGENT, assigned_franchise_id="") == [False, True, False]
    assert assign(owner_role=ticket_pb2.ROLE_COMPLIANCE_OFFICER) == [False, False, False]
    assert found_by_id(hidden.creator, hidden.id)


def test_outside_roles_get_public_messages_and_their_own_watch_alone(hidden: Hidden) -> None:
    """Whole pages of them: what is left out does not thin the page."""
    for text, internal in (("One.", False), ("Hush.", True), ("Hush.", True), ("Two.", False), ("Three.", False)):
        hidden.manager.AddMessage(
            writes.AddMessageRequest(ticket_id=hidden.id, message=text, is_internal_note=internal)
        )
    hidden.manager.SetWatch(writes.SetWatchRequest(ticket_id=hidden.id))
    hidden.creator.SetWatch(writes.SetWatchRequest(ticket_id=hidden.id))

    texts: list[str] = []
    token = ""
    for _ in range(2):
        page = hidden.creator.ListTimeline(
            timeline_reads_pb2.ListTimelineRequest(ticket_id=hidden.id, page_size=2, page_token=token)
        )
        texts += [entry.message.message for entry in page.entries]
        token = page.next_page_token
    assert (texts, token) == (["One.", "Two.", "Three."], "")

    watchers = ticket_reads_pb2.ListWatchersRequest(ticket_id=hidden.id)
    assert [each.user_id.partition("-")[0] for each in hidden.manager.ListWatchers(watchers).watchers] == ["hidden"] * 2
    mine = hidden.creator.ListWatchers(watchers).watchers
    assert [each.user_id.startswith("hidden-shipper") for each in mine] == [True]
    staff = hidden.manager.ListTimeline(timeline_reads_pb2.ListTimelineRequest(ticket_id=hidden.id)).entries
    assert [entry.HasField("audit_entry") for entry in staff] == [True] + [False] * 5
