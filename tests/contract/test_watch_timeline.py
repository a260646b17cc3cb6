"""WatchTimeline: everything after a number, each once and in order, then what comes; as ListTimeline would show it."""

from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any
from uuid import uuid4

import grpc
import pytest

from rodistaa.tickets.client import TicketsError
from rodistaa.tickets.v1 import ticket_bulk_pb2 as bulk
from rodistaa.tickets.v1 import ticket_pb2 as t
from rodistaa.tickets.v1 import ticket_reads_pb2 as reads
from rodistaa.tickets.v1 import ticket_writes_pb2 as writes
from rodistaa.tickets.v1 import timeline_reads_pb2 as timeline
from rodistaa.tickets.v1.timeline_pb2 import TimelineEntry
from server.domain.roles import Role
from tests.contract.expectations import check_form, refused
from tests.contract.requests import REASON, World, ticket
from tests.contract.streams import first_of, pages_of_timeline, timeline_of
from tests.database import Database
from tests.running import Running, running
from tests.waiting import eventually

LONG = "😀" * 20_000
"""As many bytes as a message may have."""


@pytest.fixture
def world(server: Running) -> World:
    return World(server)


def say(world: World, ticket_id: str, text: str, **fields: Any) -> None:
    world.admin.tickets.AddMessage(writes.AddMessageRequest(ticket_id=ticket_id, message=text, **fields))


def with_messages(world: World, count: int) -> str:
    """A ticket with so many messages after the row of its creation."""
    made = world.new_ticket()
    for number in range(count):
        say(world, made.id, f"Message {number + 2}.")
    return made.id


def numbers(entries: list[TimelineEntry]) -> list[int]:
    return [entry.seq for entry in entries]


def exact(entries: list[TimelineEntry]) -> list[bytes]:
    return [entry.SerializeToString(deterministic=True) for entry in entries]


@pytest.mark.parametrize("after_seq", [0, 1, 3, 5])
def test_everything_after_the_number_then_a_mark_then_what_comes(world: World, after_seq: int) -> None:
    ticket_id = with_messages(world, 4)
    with timeline_of(world.admin.tickets, ticket_id, after_seq=after_seq) as stream:
        entries, mark = stream.replayed()
        assert (numbers(entries), mark) == ([*range(after_seq + 1, 6)], 5)
        for number in (6, 7):
            say(world, ticket_id, "And now?")
            assert stream.entry().seq == number


@pytest.mark.parametrize("after_seq", [6, 1_000, 2**63 - 1, -1, -(2**63)])
def test_a_number_that_no_entry_has_is_refused(world: World, after_seq: int) -> None:
    request = timeline.WatchTimelineRequest(ticket_id=with_messages(world, 4), after_seq=after_seq)
    refused(first_of(world.admin.tickets.WatchTimeline), request, field="after_seq")


@pytest.mark.parametrize("ticket_id", ["", "TKT-", "tkt-1001", "1001"])
def test_what_is_no_ticket_id_is_refused(world: World, ticket_id: str) -> None:
    request = timeline.WatchTimelineRequest(ticket_id=ticket_id)
    refused(first_of(world.admin.tickets.WatchTimeline), request, field="ticket_id")


def change_in_every_way(world: World, ticket_id: str) -> None:
    """One row of each kind that the timeline knows."""
    stub = world.admin.tickets
    say(world, ticket_id, "पहली पंक्ति\n\n\tdone 👨‍👩‍👧")
    say(world, ticket_id, "Between ourselves.", is_internal_note=True)
    update = writes.UpdateTicketRequest(ticket=ticket(id=ticket_id, tags=["a", "b"]), reason=REASON)
    update.ticket.metadata.update({"a": [1, None, {"b": "c"}], "d": 0.5, "e": {"f": {"g": True}}})
    update.ticket.priority = t.TICKET_PRIORITY_CRITICAL
    update.update_mask.paths.extend(["title", "description", "tags", "metadata", "priority"])
    stub.UpdateTicket(update)
    stub.AssignTicket(
        writes.AssignTicketRequest(id=ticket_id, owner_id="asha", owner_role=t.ROLE_OPS_AGENT, reason=REASON)
    )
    stub.EscalateTicket(writes.EscalateTicketRequest(id=ticket_id, reason=REASON))
    stub.BulkUpdateTickets(bulk.BulkUpdateTicketsRequest(ids=[ticket_id], tags=bulk.BulkTags(add=["c"]), reason=REASON))
    stub.SetWatch(writes.SetWatchRequest(ticket_id=ticket_id, user_id="asha"))
    for status, summary in ((t.TICKET_STATUS_RESOLVED, "Paid."), (t.TICKET_STATUS_REOPENED, "")):
        stub.TransitionTicket(
            writes.TransitionTicketRequest(id=ticket_id, status=status, resolution_summary=summary, reason=REASON)
        )
    for archived in (True, False):
        stub.ArchiveTicket(writes.ArchiveTicketRequest(id=ticket_id, archived=archived))
    say(world, ticket_id, "That was all.")


@pytest.mark.parametrize("access_reason", ["", REASON])
@pytest.mark.parametrize("is_sensitive", [False, True])
@pytest.mark.parametrize("role", [Role.ADMIN, Role.SHIPPER])
def test_entries_are_those_of_list_timeline_byte_for_byte(
    world: World, role: Role, is_sensitive: bool, access_reason: str
) -> None:
    """Both as they come live and as they are replayed afterwards."""
    client = world.running.client(role, f"timeline-{role}").tickets
    made = client.CreateTicket(writes.CreateTicketRequest(ticket=ticket(is_sensitive=is_sensitive))).ticket
    with timeline_of(client, made.id, access_reason=access_reason) as stream:
        live, _ = stream.replayed()
        change_in_every_way(world, made.id)
        while not live or not live[-1].HasField("message") or live[-1].seq < 12:
            live.append(stream.entry())
    listed = pages_of_timeline(client, made.id, access_reason)
    with timeline_of(client, made.id, access_reason=access_reason) as stream:
        replayed, mark = stream.replayed()
    assert exact(replayed) == exact(listed) == exact(live)
    assert mark == listed[-1].seq
    assert len(listed) == (2 if role is Role.SHIPPER else 12)


def test_messages_refer_to_their_attachments(world: World) -> None:
    made = world.new_ticket()
    ids = [str(uuid4()) for _ in range(2)]
    with world.running.database.connect() as connection:
        for number, attachment_id in enumerate(ids):
            connection.execute(
                "INSERT INTO ticket_attachments"
                " (id, ticket_id, uploaded_by_id, file_name, object_key, file_type, file_size_bytes, status)"
                " VALUES (%s, %s, 'asha', %s, %s, 'application/pdf', 12, 'completed')",
                [attachment_id, made.id, f"scan {number}.pdf", attachment_id],
            )
    with timeline_of(world.admin.tickets, made.id) as stream:
        stream.replayed()
        say(world, made.id, "See these.", attachment_ids=ids[::-1])
        live = stream.entry()
    assert [each.file_name for each in live.message.attachments] == ["scan 1.pdf", "scan 0.pdf"]
    assert [live] == pages_of_timeline(world.admin.tickets, made.id)[-1:]
    with timeline_of(world.admin.tickets, made.id, after_seq=live.seq - 1) as stream:
        assert stream.replayed()[0] == [live]


@pytest.mark.slow
def test_marks_carry_the_number_past_what_is_hidden(world: World) -> None:
    """Otherwise one who sees little would replay all the rest each time; one who sees all gets the same marks."""
    shipper = world.running.client(Role.SHIPPER, "marks-shipper").tickets
    made = shipper.CreateTicket(writes.CreateTicketRequest(ticket=ticket())).ticket
    say(world, made.id, "Between ourselves.", is_internal_note=True)
    with timeline_of(shipper, made.id) as outside, timeline_of(world.admin.tickets, made.id) as staff:
        assert outside.replayed() == ([], 2)
        assert staff.replayed()[1] == 2
        say(world, made.id, "Between ourselves, too.", is_internal_note=True)
        assert outside.until_mark(3) == []
        assert numbers(staff.until_mark(3)) == [3]
        say(world, made.id, "Solved.")
        assert outside.entry().message.message == "Solved."
    with timeline_of(shipper, made.id, after_seq=3) as stream:
        entries, mark = stream.replayed()
        assert (numbers(entries), mark) == ([4], 4)


def test_one_who_resumes_misses_nothing_and_sees_nothing_twice(world: World) -> None:
    ticket_id = with_messages(world, 6)
    seen: list[TimelineEntry] = []
    for count in (1, 2, 3, 4):
        with timeline_of(world.admin.tickets, ticket_id, after_seq=seen[-1].seq if seen else 0) as stream:
            seen += [stream.entry() for _ in range(count)]
            say(world, ticket_id, "While somebody reads.")
        say(world, ticket_id, "While nobody reads.")
    with timeline_of(world.admin.tickets, ticket_id, after_seq=seen[-1].seq) as stream:
        rest, mark = stream.replayed()
    assert (numbers(seen + rest), mark) == ([*range(1, 16)], 15)


def test_many_writers_are_one_order(world: World) -> None:
    ticket_id = with_messages(world, 0)
    writers, each = 6, 10
    with timeline_of(world.admin.tickets, ticket_id) as early, ThreadPoolExecutor(writers) as pool:
        written = [pool.submit(say, world, ticket_id, f"Writer {number}.") for number in range(writers * each)]
        with timeline_of(world.admin.tickets, ticket_id) as late:
            told = [[stream.entry() for _ in range(writers * each + 1)] for stream in (early, late)]
        for done in written:
            done.result()
    listed = exact(pages_of_timeline(world.admin.tickets, ticket_id))
    assert [exact(entries) for entries in told] == [listed, listed]


def test_a_thousand_entries_reach_a_slow_reader_whole_and_in_order(world: World) -> None:
    """Eight megabytes of them: many times what may wait for a reader."""
    ticket_id = with_messages(world, 0)
    with world.running.database.connect() as connection:
        connection.execute(
            "INSERT INTO ticket_messages (ticket_id, actor_id, actor_role, message)"
            " SELECT %s, 'asha', 'ops_agent', CASE WHEN n %% 10 = 0 THEN %s ELSE 'Message ' || n END"
            " FROM generate_series(1, 999) AS n",
            [ticket_id, LONG],
        )
    listed = pages_of_timeline(world.admin.tickets, ticket_id)
    assert (numbers(listed), sum(entry.message.message == LONG for entry in listed)) == ([*range(1, 1001)], 99)
    with timeline_of(world.admin.tickets, ticket_id) as stream:
        entries = []
        for _ in range(1000):
            entries.append(stream.entry())
            world.admin.tickets.GetTicket(reads.GetTicketRequest(id=ticket_id))
        assert stream.replayed() == ([], 1000)
        say(world, ticket_id, LONG)
        entries.append(stream.entry())
    listed += [entries[-1]]
    assert exact(entries) == exact(listed)


def test_long_texts_come_live_while_the_reader_looks_elsewhere(world: World) -> None:
    ticket_id = with_messages(world, 0)
    with timeline_of(world.admin.tickets, ticket_id) as stream:
        stream.replayed()
        for _ in range(60):
            say(world, ticket_id, LONG)
        assert numbers([stream.entry() for _ in range(60)]) == [*range(2, 62)]


def test_a_deadline_of_the_caller_ends_the_stream(world: World) -> None:
    request = timeline.WatchTimelineRequest(ticket_id=world.new_ticket().id)
    call = world.admin.tickets.WatchTimeline(request, timeout=1.0)
    with pytest.raises(TicketsError) as caught:
        list(islice(call, 100))
    assert caught.value.code is grpc.StatusCode.DEADLINE_EXCEEDED


def test_streams_are_counted_by_caller_and_in_all(database: Database) -> None:
    with running(database, max_watches_per_principal=2, max_watches=3) as served:
        world = World(served)
        ticket_id = world.new_ticket().id
        request = timeline.WatchTimelineRequest(ticket_id=ticket_id)
        absent = timeline.WatchTimelineRequest(ticket_id="TKT-999999999")
        another = served.client(Role.OPS_MANAGER, "another").tickets

        def too_many(open_stream: Any) -> None:
            code = grpc.StatusCode.RESOURCE_EXHAUSTED
            error = refused(first_of(open_stream), request, code=code, reason="TOO_MANY_STREAMS")
            check_form(error)
            assert error.retry_after is not None

        for _ in range(5):  # what is refused does not count
            refused(first_of(world.admin.tickets.WatchTimeline), absent, code=grpc.StatusCode.NOT_FOUND)
        with timeline_of(world.admin.tickets, ticket_id) as one, timeline_of(world.admin.tickets, ticket_id) as two:
            one.replayed(), two.replayed()
            too_many(world.admin.tickets.WatchTimeline)
            with timeline_of(another, ticket_id) as three:
                three.replayed()
                too_many(another.WatchTimeline)
                two.call.cancel()
                eventually(lambda: is_admitted(another, request), what="room for one more")


def is_admitted(stub: Any, request: timeline.WatchTimelineRequest) -> bool:
    try:
        first_of(stub.WatchTimeline)(request)
    except TicketsError as error:
        if error.reason != "TOO_MANY_STREAMS":
            raise
        return False
    return True
