"""The gateway against the server behind it: what HTTP and JSON add to a call."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median

from bench.http_load import HttpWork, get
from bench.load import Calls, Sample, Work
from bench.plan import Plan
from bench.rounds import Row, in_turn, middle
from bench.scenarios.throughput import some_ids
from bench.stack import Served, token_for
from rodistaa.tickets.v1.ticket_reads_pb2 import GetTicketRequest, ListTicketsRequest
from server.domain.roles import Role

_MANAGER = token_for(Role.OPS_MANAGER, "bench-manager")
_CALLERS = (1, 4, 16)
_WAITING = 16
"""So many callers wait for each other at one gateway, where the difference is that of the rates."""
_AT_MOST_MS = 2.0


@dataclass(frozen=True, slots=True)
class _Method:
    name: str
    direct: Work
    by_gateway: HttpWork


def gateway_calls(plan: Plan) -> list[Row]:
    """GetTicket and a page of ListTickets by the gateway, and directly, by few callers and by many."""
    dsn = plan.stack.seeded(plan.small)
    server = plan.stack.server(dsn)
    gateway = plan.stack.gateway(server)
    return [
        row
        for method in _methods(dsn, server, gateway)
        for callers in _CALLERS
        for row in [_against_direct(plan, method, gateway, callers)]
    ]


def _methods(dsn: str, server: Served, gateway: Served) -> Iterator[_Method]:
    bodies = some_ids(dsn)
    paths = [f"/admin/tickets/{GetTicketRequest.FromString(body).id}" for body in bodies]
    yield _Method(
        "GetTicket",
        Work(server.target, "GetTicket", _MANAGER, bodies),
        HttpWork(gateway.target, [get(path, _MANAGER) for path in paths]),
    )
    page = ListTicketsRequest(page_size=25).SerializeToString()
    yield _Method(
        "ListTickets, 25 rows",
        Work(server.target, "ListTickets", _MANAGER, [page]),
        HttpWork(gateway.target, [get("/admin/tickets?pageSize=25", _MANAGER)]),
    )


def _against_direct(plan: Plan, method: _Method, gateway: Served, callers: int) -> Row:
    spent = [0.0, 0.0]

    def metered() -> Sample:
        before = gateway.cpu_seconds()
        sample = run(method.by_gateway)
        spent[0] += gateway.cpu_seconds() - before
        spent[1] += len(sample.latencies)
        return sample

    def run(work: Calls) -> Sample:
        return plan.load.run(work, seconds=plan.seconds, callers=callers)

    pairs = in_turn(metered, partial(run, method.direct), plan.rounds)
    added = [1000 * (by_gateway.p50 - direct.p50) for by_gateway, direct in pairs]
    value = median(added)
    few = callers < _WAITING
    return Row(
        f"{method.name} by the gateway, {callers} {'callers' if callers > 1 else 'caller'}: p50 beyond that of gRPC",
        f"≤ {_AT_MOST_MS:g} ms" if few else "",
        value,
        "ms",
        value <= _AT_MOST_MS if few else None,
        min(added),
        max(added),
        len(added),
        "; ".join(
            (
                f"p50 {_milliseconds(pairs, 'p50')}",
                f"p99 {_milliseconds(pairs, 'p99')}",
                f"{middle(pairs, 0, _rate):,.0f}/s against {middle(pairs, 1, _rate):,.0f}/s",
                f"CPU a call {1e6 * spent[0] / spent[1]:.0f} µs",
            )
        ),
        {"added_ms": added},
    )


def _milliseconds(pairs: Sequence[tuple[Sample, Sample]], figure: str) -> str:
    found = [f"{1000 * middle(pairs, place, lambda sample: getattr(sample, figure)):.1f}" for place in (0, 1)]
    return " against ".join(found) + " ms"


def _rate(sample: Sample) -> float:
    return sample.rate
