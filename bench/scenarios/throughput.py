"""Calls a second of one server process, against a bare handler; two processes against one."""

import os
from collections.abc import Callable
from functools import partial

import grpc
import psycopg

from bench.load import SERVICE, Sample, Work
from bench.plan import Plan
from bench.rounds import Row, in_turn, middle, ratio_row
from bench.stack import Served, token_for
from rodistaa.tickets.v1 import ticket_pb2
from rodistaa.tickets.v1.ticket_reads_pb2 import GetTicketRequest, GetTicketResponse
from rodistaa.tickets.v1.ticket_writes_pb2 import CreateTicketRequest
from server.domain.roles import Role

_MANAGER = token_for(Role.OPS_MANAGER, "bench-manager")
_IDS = 4096


class _Metered:
    """Rounds of one server, and the processor time they took of it."""

    def __init__(self, plan: Plan, served: Served, work: Work) -> None:
        self._plan, self._served, self._work = plan, served, work
        self._cpu = 0.0
        self._calls = 0

    def __call__(self) -> Sample:
        before = self._served.cpu_seconds()
        sample = self._plan.load.run(self._work, seconds=self._plan.seconds)
        self._cpu += self._served.cpu_seconds() - before
        self._calls += len(sample.latencies)
        return sample

    @property
    def microseconds(self) -> float:
        """Of processor time a call."""
        return 1e6 * self._cpu / self._calls


def get_ticket(plan: Plan) -> list[Row]:
    """One ticket of a million by its id."""
    dsn = plan.stack.seeded(plan.large)
    bodies = some_ids(dsn)
    server, floor = plan.stack.server(dsn), plan.stack.floor(dsn)
    _check_same_answer(server, floor, bodies[0])
    return [_against_floor(plan, "GetTicket", server, floor, lambda target: _get(target, bodies), at_least=0.75)]


def create_ticket(plan: Plan) -> list[Row]:
    """A new ticket with its audit, outbox and idempotency rows."""
    dsn = plan.stack.empty("tickets_written")
    ticket = ticket_pb2.Ticket(
        title="Payment for a delivered load has not arrived",
        description="The consignee confirmed the delivery last week, and the payment is still shown as pending.",
        priority=ticket_pb2.TICKET_PRIORITY_MEDIUM,
        assigned_franchise_id="FR-001",
        linked_type=ticket_pb2.LINKED_TYPE_BOOKING,
        linked_id="BKG-1042",
        tags=["payment", "delay"],
    )
    ticket.metadata["source"] = "bench"
    body = CreateTicketRequest(ticket=ticket).SerializeToString()
    # The field's key and the length of a UUID's text: fields of a message may stand in any order.
    tag = CreateTicketRequest(request_id="x" * 36).SerializeToString()[:-36]
    server, floor = plan.stack.server(dsn), plan.stack.floor(dsn)
    return [
        _against_floor(
            plan,
            "CreateTicket",
            server,
            floor,
            lambda target: Work(target, "CreateTicket", _MANAGER, [body], tag),
            at_least=0.6,
        )
    ]


def two_processes(plan: Plan) -> list[Row]:
    """GetTicket by two processes on one port against one; the bare handler's own gain says what the machine allows."""
    dsn = plan.stack.seeded(plan.large)
    bodies = some_ids(dsn)
    ratios = {}
    for name, start in (("server", plan.stack.server), ("floor", plan.stack.floor)):
        two, one = (_get(start(dsn, processes=count).target, bodies) for count in (2, 1))
        ratios[name] = in_turn(
            partial(plan.load.run, two, seconds=plan.seconds),
            partial(plan.load.run, one, seconds=plan.seconds),
            plan.rounds,
        )
    bare = ratio_row("", ratios["floor"], lambda sample: sample.rate, at_least=1.7, detail="").value
    pairs = ratios["server"]
    return [
        ratio_row(
            "two server processes against one",
            pairs,
            lambda sample: sample.rate,
            at_least=1.7,
            detail=f"{middle(pairs, 0, _rate):,.0f}/s against {middle(pairs, 1, _rate):,.0f}/s; "
            f"two bare handlers gain {bare:.2f} x on these {os.cpu_count()} cores, shared with database and callers",
            figures={"floor_ratio": bare},
        )
    ]


def _against_floor(
    plan: Plan, method: str, server: Served, floor: Served, work: Callable[[str], Work], *, at_least: float
) -> Row:
    ours, bare = (_Metered(plan, served, work(served.target)) for served in (server, floor))
    pairs = in_turn(ours, bare, plan.rounds)
    return ratio_row(
        f"{method}, one process",
        pairs,
        _rate,
        at_least=at_least,
        against="bare",
        detail=f"{middle(pairs, 0, _rate):,.0f}/s against {middle(pairs, 1, _rate):,.0f}/s; "
        f"CPU a call {ours.microseconds:.0f} µs against {bare.microseconds:.0f} µs",
        figures={"cpu_us": ours.microseconds, "floor_cpu_us": bare.microseconds},
    )


def _rate(sample: Sample) -> float:
    return sample.rate


def _get(target: str, bodies: list[bytes]) -> Work:
    return Work(target, "GetTicket", _MANAGER, bodies)


def some_ids(dsn: str) -> list[bytes]:
    """Requests for tickets from all over the table, none of them sensitive: those the server answers in part."""
    with psycopg.connect(dsn) as connection:
        rows = connection.execute(
            "SELECT id FROM tickets WHERE NOT is_sensitive AND NOT archived ORDER BY hashtext(id) LIMIT %s", [_IDS]
        ).fetchall()
    return [GetTicketRequest(id=ticket_id).SerializeToString() for (ticket_id,) in rows]


def _check_same_answer(server: Served, floor: Served, body: bytes) -> None:
    """A floor that leaves something out would flatter nobody but itself."""
    answers = []
    for served in (server, floor):
        with grpc.insecure_channel(served.target) as channel:
            call: grpc.UnaryUnaryMultiCallable[bytes, GetTicketResponse] = channel.unary_unary(
                f"{SERVICE}GetTicket", response_deserializer=GetTicketResponse.FromString
            )
            answer = call(body, metadata=(("authorization", f"Bearer {_MANAGER}"),), wait_for_ready=True, timeout=30)
            answer.ticket.ClearField("sla_percent_left")  # time goes on between the two
            answers.append(answer)
    if answers[0] != answers[1]:
        raise RuntimeError(f"the bare handler answers differently:\n{answers[0]}\n{answers[1]}")
