"""Live streams: how late their events are, and what they leave to other calls; what idle ones cost.

Written is on a server of its own, so events reach the measured process by way of PostgreSQL and Redis.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from itertools import cycle, islice

import psycopg

from bench.followers import Arrival, Followed, Followers
from bench.live_scene import (
    ENDS,
    READERS,
    Key,
    LiveScene,
    Ticket,
    live_rows,
    message,
    plain_row,
    reader_tokens,
    tagged,
    timeline_readers,
    watched_database,
)
from bench.plan import Plan
from bench.rounds import Row
from bench.stack import token_for
from rodistaa.tickets.v1 import ticket_pb2 as pb
from rodistaa.tickets.v1.filter_pb2 import TicketFilter
from rodistaa.tickets.v1.ticket_watch_pb2 import WatchTicketsRequest, WatchTicketsResponse
from rodistaa.tickets.v1.timeline_reads_pb2 import WatchTimelineRequest, WatchTimelineResponse
from server.domain.roles import Role

_AT_MOST_MS = 250.0
_AT_LEAST = 0.5
_IDLE_SECONDS = 20.0
"""Less in rounds of less than a second."""
_FRANCHISE = "FR-001"


def streams(plan: Plan) -> list[Row]:
    """Timelines, each with four readers of different rights; one message a second on each of them."""
    scene = LiveScene(plan, tickets=plan.streams // READERS)
    messages = [message(ticket) for ticket in scene.tickets]
    with scene:
        rounds = scene.rounds(lambda: _timelines(scene), messages, _timeline_key(scene.tickets), everything=True)
    return list(live_rows(f"{plan.streams:,} timelines", plan, rounds, latency=_AT_MOST_MS, unary=_AT_LEAST))


def list_streams(plan: Plan) -> list[Row]:
    """Lists of twenty kinds; of what is written, half are messages and half change tags."""
    scene = LiveScene(plan, tickets=plan.streams // READERS)
    lists = _lists(plan.streams // 10)
    calls = [
        call
        for with_tag in (True, False)
        for number, ticket in enumerate(scene.tickets)
        for tag in ["bench-often" if number % 10 else "bench-rare"]
        for call in (message(ticket), ("UpdateTicket", tagged(ticket, [tag] if with_tag else [])))
    ]
    with scene:
        rounds = scene.rounds(lambda: lists, calls, _list_key, everything=False)
    return list(live_rows(f"{len(lists):,} lists", plan, rounds))


def idle_streams(plan: Plan) -> list[Row]:
    """As many timelines of as many tickets, on which nothing happens."""
    number = plan.streams * 5 // 2
    seconds = _IDLE_SECONDS * min(1.0, plan.seconds)
    dsn = watched_database(plan)
    with psycopg.connect(dsn) as connection:
        ids = [ticket_id for (ticket_id,) in connection.execute("SELECT id FROM public.tickets ORDER BY 1")]
        ends: Mapping[str, int] = dict(connection.execute(ENDS).fetchall())
    followed = [
        _timeline(ticket_id, ends.get(ticket_id, 0), token)
        for ticket_id, token in zip(islice(cycle(ids), number), reader_tokens("idle", number), strict=False)
    ]
    served = plan.stack.server(dsn, redis_url=plan.stack.redis())
    with Followers() as followers:
        # The first ones start what all share.
        followers.open(served.target, followed[:READERS])
        memory = served.resident_bytes()
        followers.open(served.target, followed[READERS : number // 10])
        threads = served.threads()
        followers.open(served.target, followed[number // 10 :])
        followers.collect()
        before, begun = served.cpu_seconds(), time.perf_counter()
        time.sleep(seconds)
        cpu = (served.cpu_seconds() - before) / (time.perf_counter() - begun)
        marked = {arrival.stream for arrival in followers.collect() if _is_mark(arrival)}
        all_threads, all_memory = served.threads(), served.resident_bytes()
        followers.close()
    return [
        plain_row(
            f"{number:,} idle timelines: memory of one",
            (all_memory - memory) / number / 1024,
            "KiB",
            f"{memory / 2**20:.0f} MiB before, {all_memory / 2**20:.0f} MiB after",
        ),
        plain_row(
            f"{number:,} idle timelines: threads of the process",
            all_threads,
            "threads",
            f"{threads} with {number // 10:,} of them",
        ),
        plain_row(
            f"{number:,} idle timelines: processor",
            100 * cpu,
            "% of a core",
            f"marks within {seconds:g} s reached {len(marked):,} of {number:,}",
        ),
    ]


# --- what is followed


def _timelines(scene: LiveScene) -> list[Followed]:
    return [_timeline(*reader) for reader in timeline_readers(scene)]


def _timeline(ticket_id: str, after: int, token: str) -> Followed:
    request = WatchTimelineRequest(ticket_id=ticket_id, after_seq=after)
    return Followed("WatchTimeline", token, request.SerializeToString())


def _lists(number: int) -> list[Followed]:
    """Five filters of four callers, each as narrow as lists are that people work on."""
    callers = (
        token_for(Role.OPS_MANAGER, "bench-lists"),
        token_for(Role.OPS_AGENT, "bench-agent"),
        token_for(Role.FRANCHISE_AGENT, "bench-franchise", _FRANCHISE),
        token_for(Role.FINANCE, "bench-finance"),
    )
    filters = (
        TicketFilter(owner_roles=[pb.ROLE_OPS_AGENT]),
        TicketFilter(statuses=[pb.TICKET_STATUS_IN_PROGRESS]),
        TicketFilter(tags_any=["bench-rare"]),
        TicketFilter(priorities=[pb.TICKET_PRIORITY_CRITICAL]),
        TicketFilter(text="payment"),
    )
    kinds = [
        Followed("WatchTickets", token, WatchTicketsRequest(filter=where, snapshot_size=10).SerializeToString())
        for where in filters
        for token in callers
    ]
    return list(islice(cycle(kinds), max(number, len(kinds))))


# --- what arrives


def _timeline_key(tickets: Sequence[Ticket]) -> Callable[[Arrival], Key | None]:
    def key(arrival: Arrival) -> Key | None:
        event = WatchTimelineResponse.FromString(arrival.message)
        return (tickets[arrival.stream // READERS].id, event.entry.seq) if event.HasField("entry") else None

    return key


def _list_key(arrival: Arrival) -> Key | None:
    """Of what has no number only that it came."""
    event = WatchTicketsResponse.FromString(arrival.message)
    return (event.changed.ticket.id, event.changed.seq) if event.HasField("changed") else None


def _is_mark(arrival: Arrival) -> bool:
    return WatchTimelineResponse.FromString(arrival.message).HasField("progress")
