"""Live streams: how late their events are, and what they leave to other calls; what idle ones cost.

Written is on a server of its own, so events reach the measured process by way of PostgreSQL and Redis.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import cycle, islice
from statistics import median, quantiles
from typing import LiteralString

import psycopg
from google.protobuf.field_mask_pb2 import FieldMask

from bench.followers import Arrival, Followed, Followers, Writer, Writing
from bench.load import Sample, Work
from bench.plan import Plan
from bench.rounds import Row, ratio_row
from bench.stack import token_for
from rodistaa.tickets.v1 import ticket_pb2 as pb
from rodistaa.tickets.v1.filter_pb2 import TicketFilter
from rodistaa.tickets.v1.ticket_reads_pb2 import GetTicketRequest
from rodistaa.tickets.v1.ticket_watch_pb2 import WatchTicketsRequest, WatchTicketsResponse
from rodistaa.tickets.v1.ticket_writes_pb2 import AddMessageRequest, UpdateTicketRequest
from rodistaa.tickets.v1.timeline_reads_pb2 import WatchTimelineRequest, WatchTimelineResponse
from server.domain.roles import Role

READERS = 4
"""Of each ticket."""
_STREAMS_A_PRINCIPAL = 50
_AT_MOST_MS = 250.0
_AT_LEAST = 0.5
_SETTLING_SECONDS = 2.0
_PATIENCE_SECONDS = 30.0
_IDLE_SECONDS = 20.0
"""Less in rounds of less than a second."""
_WRITER = token_for(Role.OPS_MANAGER, "bench-writer")
_FRANCHISE = "FR-001"

Key = tuple[str, int]
"""Of an entry: its ticket and its number."""

_TICKETS: LiteralString = """
SELECT id, created_by_id, created_by_role FROM public.tickets
WHERE NOT is_sensitive AND NOT archived AND status NOT IN ('RESOLVED', 'CLOSED')
ORDER BY hashtext(id) LIMIT %s
"""
_ENDS: LiteralString = "SELECT ticket_id, last_seq FROM public.ticket_timeline_heads"
# The moment at which the transaction was marked as committed, just before it went to disk.
_COMMITS: LiteralString = """
SELECT ticket_id, seq, extract(epoch FROM pg_xact_commit_timestamp(xmin))::float8 FROM public.ticket_messages
WHERE created_at >= to_timestamp(%(since)s)
UNION ALL
SELECT ticket_id, seq, extract(epoch FROM pg_xact_commit_timestamp(xmin))::float8 FROM public.ticket_audit
WHERE created_at >= to_timestamp(%(since)s) AND seq IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class _Ticket:
    id: str
    created_by: str
    created_by_role: Role


@dataclass(frozen=True, slots=True)
class _Round:
    """With streams and with none, one after the other."""

    calm_ms: list[float]
    """From commit to client, while nobody else calls."""
    busy_ms: list[float]
    """The same while all callers ask as fast as they can."""
    events: float
    """Messages a second that reached clients."""
    cpu: float
    """Of the measured process with nothing but streams; 1 is a core."""
    with_streams: Sample
    without: Sample
    """Writing goes on."""
    alone: Sample
    """Nothing is written either."""
    written: float
    """Calls a second."""


def streams(plan: Plan) -> list[Row]:
    """Timelines, each with four readers of different rights; one message a second on each of them."""
    scene = _Scene(plan, tickets=plan.streams // READERS)
    messages = [_message(ticket) for ticket in scene.tickets]
    with scene:
        rounds = scene.rounds(lambda: _timelines(scene), messages, _timeline_key(scene.tickets), everything=True)
    return list(_rows(f"{plan.streams:,} timelines", plan, rounds, latency=_AT_MOST_MS, unary=_AT_LEAST))


def list_streams(plan: Plan) -> list[Row]:
    """Lists of twenty kinds; of what is written, half are messages and half change tags."""
    scene = _Scene(plan, tickets=plan.streams // READERS)
    lists = _lists(plan.streams // 10)
    calls = [
        call
        for tagged in (True, False)
        for number, ticket in enumerate(scene.tickets)
        for tag in ["bench-often" if number % 10 else "bench-rare"]
        for call in (_message(ticket), ("UpdateTicket", _tagged(ticket, [tag] if tagged else [])))
    ]
    with scene:
        rounds = scene.rounds(lambda: lists, calls, _list_key, everything=False)
    return list(_rows(f"{len(lists):,} lists", plan, rounds))


def idle_streams(plan: Plan) -> list[Row]:
    """As many timelines of as many tickets, on which nothing happens."""
    number = plan.streams * 5 // 2
    seconds = _IDLE_SECONDS * min(1.0, plan.seconds)
    dsn = _database(plan)
    with psycopg.connect(dsn) as connection:
        ids = [ticket_id for (ticket_id,) in connection.execute("SELECT id FROM public.tickets ORDER BY 1")]
        ends: Mapping[str, int] = dict(connection.execute(_ENDS).fetchall())
    followed = [
        _timeline(ticket_id, ends.get(ticket_id, 0), token)
        for ticket_id, token in zip(islice(cycle(ids), number), _readers("idle", number), strict=False)
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
        _plain_row(
            f"{number:,} idle timelines: memory of one",
            (all_memory - memory) / number / 1024,
            "KiB",
            f"{memory / 2**20:.0f} MiB before, {all_memory / 2**20:.0f} MiB after",
        ),
        _plain_row(
            f"{number:,} idle timelines: threads of the process",
            all_threads,
            "threads",
            f"{threads} with {number // 10:,} of them",
        ),
        _plain_row(
            f"{number:,} idle timelines: processor",
            100 * cpu,
            "% of a core",
            f"marks within {seconds:g} s reached {len(marked):,} of {number:,}",
        ),
    ]


class _Scene:
    """Servers, readers and a writer. A context manager: it ends readers and writer."""

    def __init__(self, plan: Plan, *, tickets: int) -> None:
        self._plan = plan
        self.dsn = _database(plan)
        with psycopg.connect(self.dsn) as connection:
            found = connection.execute(_TICKETS, [tickets]).fetchall()
        self.tickets = [_Ticket(ticket_id, by, Role(role)) for ticket_id, by, role in found]
        if len(found) < tickets:
            raise RuntimeError(f"{len(found)} of {tickets} tickets are fit to be followed")
        redis_url = plan.stack.redis()
        self._served = plan.stack.server(self.dsn, redis_url=redis_url)
        self._writing_on = plan.stack.server(self.dsn, processes=2, redis_url=redis_url)
        self._ends = ExitStack()

    def __enter__(self) -> "_Scene":
        self._followers = self._ends.enter_context(Followers())
        self._writer = self._ends.enter_context(Writer())
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.close()

    def rounds(
        self,
        followed: Callable[[], Sequence[Followed]],
        calls: Sequence[tuple[str, bytes]],
        key: Callable[[Arrival], Key | None],
        *,
        everything: bool,
    ) -> list[_Round]:
        """One to warm up, then those of the plan; with ``everything`` each entry has to reach all readers."""
        writing = Writing(self._writing_on.target, calls, _WRITER, _REQUEST_IDS, self._plan.streams / READERS)
        measure = partial(self._round, writing=writing, key=key)
        # The first answer to a ticket is an entry of its own, which the rounds that count do not have.
        measure(followed(), everything=False)
        return [measure(followed(), everything=everything) for _ in range(self._plan.rounds)]

    def _round(
        self, followed: Sequence[Followed], writing: Writing, key: Callable[[Arrival], Key | None], *, everything: bool
    ) -> _Round:
        self._followers.open(self._served.target, followed)
        self._followers.collect()
        begun = time.time()
        self._writer.start(writing)
        time.sleep(_SETTLING_SECONDS)
        calm, before = time.time(), self._served.cpu_seconds()
        time.sleep(2 * self._plan.seconds)
        busy, after = time.time(), self._served.cpu_seconds()
        with_streams = self._get_tickets()
        end = time.time()
        answered = self._writer.stop()
        written = answered / (time.time() - begun)
        commits = self._commits(begun)
        arrivals = self._arrivals(key, answered * READERS if everything else None)
        self._followers.close()

        self._writer.start(writing)
        time.sleep(_SETTLING_SECONDS)
        without = self._get_tickets()
        self._writer.stop()
        alone = self._get_tickets()

        def late(since: float, until: float) -> list[float]:
            return [
                1000 * (at - commits[entry])
                for entry, at in arrivals
                if entry in commits and since <= commits[entry] < until
            ]

        calm_ms = late(calm, busy)
        return _Round(
            calm_ms,
            late(busy, end),
            len(calm_ms) / (busy - calm),
            (after - before) / (busy - calm),
            with_streams,
            without,
            alone,
            written,
        )

    def _arrivals(self, key: Callable[[Arrival], Key | None], expected: int | None) -> list[tuple[Key, float]]:
        """All that will come; where it is not known how many, until nothing comes for a second."""
        found: list[tuple[Key, float]] = []
        deadline = time.monotonic() + _PATIENCE_SECONDS
        more: Iterable[tuple[Key, float]] = ()
        while True:
            more = [(entry, each.at) for each in self._followers.collect() if (entry := key(each)) is not None]
            found += more
            late = time.monotonic() > deadline
            if expected is None:
                if late or not more:
                    return found
            elif len(found) > expected:
                raise RuntimeError(f"{len(found)} entries have arrived where {expected} were written")
            elif len(found) == expected:
                return found
            elif late:
                raise RuntimeError(f"{len(found)} of {expected} entries have arrived")
            time.sleep(1.0)

    def _commits(self, since: float) -> Mapping[Key, float]:
        with psycopg.connect(self.dsn) as connection:
            rows = connection.execute(_COMMITS, {"since": since}).fetchall()
        return {(ticket_id, seq): at for ticket_id, seq, at in rows}

    def _get_tickets(self) -> Sample:
        bodies = [GetTicketRequest(id=ticket.id).SerializeToString() for ticket in self.tickets]
        work = Work(self._served.target, "GetTicket", token_for(Role.OPS_MANAGER, "bench-manager"), bodies)
        return self._plan.load.run(work, seconds=self._plan.seconds)


def _rows(
    what: str, plan: Plan, rounds: Sequence[_Round], *, latency: float | None = None, unary: float | None = None
) -> Iterator[Row]:
    rate = plan.streams / READERS
    events, cpu = median(each.events for each in rounds), median(each.cpu for each in rounds)
    yield _latency_row(
        f"{what}, {rate:,.0f} writes/s: p99 from commit to client",
        [each.calm_ms for each in rounds],
        latency,
        f"; {events:,.0f} events/s to clients, {median(each.written for each in rounds):,.0f} writes/s; "
        f"{100 * cpu:.0f} % of a core",
    )
    yield _latency_row(
        f"{what}, {rate:,.0f} writes/s: the same beside GetTicket at full speed",
        [each.busy_ms for each in rounds],
        latency,
        "",
    )
    for against, others in (
        ("none, while writing goes on", [each.without for each in rounds]),
        ("none, and nothing written", [each.alone for each in rounds]),
    ):
        pairs = list(zip([each.with_streams for each in rounds], others, strict=True))
        yield ratio_row(
            f"GetTicket beside {what}, {rate:,.0f} writes/s, against {against}",
            pairs,
            lambda sample: sample.rate,
            at_least=unary,
            detail=" against ".join(f"{median(pair[place].rate for pair in pairs):,.0f}/s" for place in (0, 1)),
        )


def _latency_row(what: str, found: Sequence[list[float]], at_most: float | None, detail: str) -> Row:
    if min(map(len, found)) < 2:
        raise RuntimeError("a round was too short for an event to arrive")
    cuts = [quantiles(each, n=100, method="inclusive") for each in found]
    p99 = [each[98] for each in cuts]
    value = median(p99)
    return Row(
        what,
        "" if at_most is None else f"≤ {at_most:g} ms",
        value,
        "ms",
        None if at_most is None else value <= at_most,
        min(p99),
        max(p99),
        len(p99),
        f"p50 {median(each[49] for each in cuts):.0f} ms, longest {max(map(max, found)):.0f} ms" + detail,
        {"p99": p99, "p50": [each[49] for each in cuts]},
    )


def _plain_row(what: str, value: float, unit: str, detail: str) -> Row:
    return Row(what, "", value, unit, None, value, value, 1, detail)


def _database(plan: Plan) -> str:
    plan.stack.seeded(plan.small)
    return plan.stack.copy(f"tickets_{plan.small}", "tickets_watched")


# --- what is followed


def _readers(name: str, number: int) -> list[str]:
    """Tokens of people who see everything, as many people as the limit of streams a person asks for."""
    people = -(-number // _STREAMS_A_PRINCIPAL)
    tokens = [token_for(Role.OPS_MANAGER, f"bench-{name}-{person}") for person in range(people)]
    return list(islice(cycle(tokens), number))


def _timelines(scene: _Scene) -> list[Followed]:
    """Three of the staff and the creator of each ticket, from the present on."""
    with psycopg.connect(scene.dsn) as connection:
        ends: Mapping[str, int] = dict(connection.execute(_ENDS).fetchall())
    staff = iter(_readers("staff", len(scene.tickets) * (READERS - 1)))
    return [
        _timeline(ticket.id, ends[ticket.id], token)
        for ticket in scene.tickets
        for token in (
            *islice(staff, READERS - 1),
            token_for(ticket.created_by_role, ticket.created_by),
        )
    ]


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


# --- what is written

# The field's key and the length of a UUID's text: fields of a message may stand in any order.
_REQUEST_IDS = {
    "AddMessage": AddMessageRequest(request_id="x" * 36).SerializeToString()[:-36],
    "UpdateTicket": UpdateTicketRequest(request_id="x" * 36).SerializeToString()[:-36],
}


def _message(ticket: _Ticket) -> tuple[str, bytes]:
    text = "The driver has called: the truck is through the toll plaza and will be at the consignee's by six."
    return "AddMessage", AddMessageRequest(ticket_id=ticket.id, message=text).SerializeToString()


def _tagged(ticket: _Ticket, tags: Sequence[str]) -> bytes:
    request = UpdateTicketRequest(ticket=pb.Ticket(id=ticket.id, tags=tags), update_mask=FieldMask(paths=["tags"]))
    return request.SerializeToString()


# --- what arrives


def _timeline_key(tickets: Sequence[_Ticket]) -> Callable[[Arrival], Key | None]:
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
