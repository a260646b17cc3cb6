"""Clients of live streams, a writer beside them, and callers: what the benchmarks of streams are played on.

Written is on a server of its own, so events reach the measured process by way of PostgreSQL and Redis.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import cycle, islice
from statistics import median, quantiles
from typing import LiteralString, Self

import psycopg
from google.protobuf.field_mask_pb2 import FieldMask

from bench.followers import Arrival, Follow, Followers, Writer, Writing
from bench.http_load import HttpWork, get
from bench.load import Calls, Sample, Work
from bench.plan import Plan
from bench.rounds import Row, ratio_row
from bench.stack import Served, token_for
from rodistaa.tickets.v1 import ticket_pb2 as pb
from rodistaa.tickets.v1.ticket_reads_pb2 import GetTicketRequest
from rodistaa.tickets.v1.ticket_writes_pb2 import AddMessageRequest, UpdateTicketRequest
from server.domain.roles import Role

READERS = 4
"""Of each ticket."""
_STREAMS_A_PRINCIPAL = 50
_SETTLING_SECONDS = 2.0
_PATIENCE_SECONDS = 30.0
_WRITER = token_for(Role.OPS_MANAGER, "bench-writer")
_MANAGER = token_for(Role.OPS_MANAGER, "bench-manager")

Key = tuple[str, int]
"""Of an entry: its ticket and its number."""

_TICKETS: LiteralString = """
SELECT id, created_by_id, created_by_role FROM public.tickets
WHERE NOT is_sensitive AND NOT archived AND status NOT IN ('RESOLVED', 'CLOSED')
ORDER BY hashtext(id) LIMIT %s
"""
ENDS: LiteralString = "SELECT ticket_id, last_seq FROM public.ticket_timeline_heads"
# The moment at which the transaction was marked as committed, just before it went to disk.
_COMMITS: LiteralString = """
SELECT ticket_id, seq, extract(epoch FROM pg_xact_commit_timestamp(xmin))::float8 FROM public.ticket_messages
WHERE created_at >= to_timestamp(%(since)s)
UNION ALL
SELECT ticket_id, seq, extract(epoch FROM pg_xact_commit_timestamp(xmin))::float8 FROM public.ticket_audit
WHERE created_at >= to_timestamp(%(since)s) AND seq IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class Ticket:
    id: str
    created_by: str
    created_by_role: Role


@dataclass(frozen=True, slots=True)
class Round:
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


class LiveScene:
    """Servers, readers and a writer. A context manager: it ends readers and writer."""

    def __init__(self, plan: Plan, *, tickets: int, by_gateway: bool = False) -> None:
        self._plan = plan
        self.dsn = watched_database(plan)
        with psycopg.connect(self.dsn) as connection:
            found = connection.execute(_TICKETS, [tickets]).fetchall()
        self.tickets = [Ticket(ticket_id, by, Role(role)) for ticket_id, by, role in found]
        if len(found) < tickets:
            raise RuntimeError(f"{len(found)} of {tickets} tickets are fit to be followed")
        redis_url = plan.stack.redis()
        self.served = plan.stack.server(self.dsn, redis_url=redis_url)
        """What is measured."""
        if by_gateway:
            self.served = plan.stack.gateway(self.served)
        self._writing_on = plan.stack.server(self.dsn, processes=2, redis_url=redis_url)
        self._unary = _over_http if by_gateway else _over_grpc
        self._ends = ExitStack()

    def __enter__(self) -> Self:
        self.followers = self._ends.enter_context(Followers())
        self._writer = self._ends.enter_context(Writer())
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.close()

    def rounds(
        self,
        followed: Callable[[], Sequence[Follow]],
        calls: Sequence[tuple[str, bytes]],
        key: Callable[[Arrival], Key | None],
        *,
        everything: bool,
    ) -> list[Round]:
        """One to warm up, then those of the plan; with ``everything`` each entry has to reach all readers."""
        writing = Writing(self._writing_on.target, calls, _WRITER, _REQUEST_IDS, self._plan.streams / READERS)
        measure = partial(self._round, writing=writing, key=key)
        # The first answer to a ticket is an entry of its own, which the rounds that count do not have.
        measure(followed(), everything=False)
        return [measure(followed(), everything=everything) for _ in range(self._plan.rounds)]

    def _round(
        self, followed: Sequence[Follow], writing: Writing, key: Callable[[Arrival], Key | None], *, everything: bool
    ) -> Round:
        self.followers.open(self.served.target, followed)
        self.followers.collect()
        begun = time.time()
        self._writer.start(writing)
        time.sleep(_SETTLING_SECONDS)
        calm, before = time.time(), self.served.cpu_seconds()
        time.sleep(2 * self._plan.seconds)
        busy, after = time.time(), self.served.cpu_seconds()
        with_streams = self._get_tickets()
        end = time.time()
        answered = self._writer.stop()
        written = answered / (time.time() - begun)
        commits = self._commits(begun)
        arrivals = self._arrivals(key, answered * READERS if everything else None)
        self.followers.close()

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
        return Round(
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
            more = [(entry, each.at) for each in self.followers.collect() if (entry := key(each)) is not None]
            found += more
            late = time.monotonic() > deadline
            if expected is None:
                if late or not more:
                    return found
            elif len(found) > expected:
                raise RuntimeError(f"{len(found)} entries have arrived where {expected} were written")
            elif len(found) == expected:
                if set(Counter(entry for entry, _ in found).values()) - {READERS}:
                    raise RuntimeError("some entries have not arrived, and others too often")
                return found
            elif late:
                raise RuntimeError(f"{len(found)} of {expected} entries have arrived")
            time.sleep(1.0)

    def _commits(self, since: float) -> Mapping[Key, float]:
        with psycopg.connect(self.dsn) as connection:
            rows = connection.execute(_COMMITS, {"since": since}).fetchall()
        return {(ticket_id, seq): at for ticket_id, seq, at in rows}

    def _get_tickets(self) -> Sample:
        return self._plan.load.run(self._unary(self.served, self.tickets), seconds=self._plan.seconds)


def _over_grpc(served: Served, tickets: Sequence[Ticket]) -> Calls:
    bodies = [GetTicketRequest(id=ticket.id).SerializeToString() for ticket in tickets]
    return Work(served.target, "GetTicket", _MANAGER, bodies)


def _over_http(served: Served, tickets: Sequence[Ticket]) -> Calls:
    return HttpWork(served.target, [get(f"/admin/tickets/{ticket.id}", _MANAGER) for ticket in tickets])


def live_rows(
    what: str, plan: Plan, rounds: Sequence[Round], *, latency: float | None = None, unary: float | None = None
) -> Iterator[Row]:
    """How late events were, alone and beside callers; what callers had left. Bounds, if any: ``latency`` in
    milliseconds, ``unary`` as a ratio."""
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


def plain_row(what: str, value: float, unit: str, detail: str) -> Row:
    """One figure without a target."""
    return Row(what, "", value, unit, None, value, value, 1, detail)


def watched_database(plan: Plan) -> str:
    """A copy of the small database, for this scenario alone."""
    plan.stack.seeded(plan.small)
    return plan.stack.copy(f"tickets_{plan.small}", "tickets_watched")


def reader_tokens(name: str, number: int) -> list[str]:
    """Tokens of people who see everything, as many people as the limit of streams a person asks for."""
    people = -(-number // _STREAMS_A_PRINCIPAL)
    tokens = [token_for(Role.OPS_MANAGER, f"bench-{name}-{person}") for person in range(people)]
    return list(islice(cycle(tokens), number))


def timeline_readers(scene: LiveScene) -> list[tuple[str, int, str]]:
    """Ticket, number of its last entry, token: three of the staff and the creator of each ticket."""
    with psycopg.connect(scene.dsn) as connection:
        ends: Mapping[str, int] = dict(connection.execute(ENDS).fetchall())
    staff = iter(reader_tokens("staff", len(scene.tickets) * (READERS - 1)))
    return [
        (ticket.id, ends[ticket.id], token)
        for ticket in scene.tickets
        for token in (
            *islice(staff, READERS - 1),
            token_for(ticket.created_by_role, ticket.created_by),
        )
    ]


# The field's key and the length of a UUID's text: fields of a message may stand in any order.
_REQUEST_IDS = {
    "AddMessage": AddMessageRequest(request_id="x" * 36).SerializeToString()[:-36],
    "UpdateTicket": UpdateTicketRequest(request_id="x" * 36).SerializeToString()[:-36],
}


def message(ticket: Ticket) -> tuple[str, bytes]:
    """A call that adds an entry to the ticket's timeline."""
    text = "The driver has called: the truck is through the toll plaza and will be at the consignee's by six."
    return "AddMessage", AddMessageRequest(ticket_id=ticket.id, message=text).SerializeToString()


def tagged(ticket: Ticket, tags: Sequence[str]) -> bytes:
    """The request that gives the ticket these tags, in place of those it has."""
    request = UpdateTicketRequest(ticket=pb.Ticket(id=ticket.id, tags=tags), update_mask=FieldMask(paths=["tags"]))
    return request.SerializeToString()
