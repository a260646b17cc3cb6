"""The gateway against the server behind it: what HTTP and JSON add to a call; live streams by one gateway."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from statistics import median

from bench.followers import Arrival, FollowedByHttp
from bench.http_load import HttpWork, get
from bench.live_scene import READERS, Key, LiveScene, live_rows, message, plain_row, timeline_readers
from bench.load import Calls, Sample, Work
from bench.plan import Plan
from bench.rounds import Row, in_turn, middle, ratio_row
from bench.scenarios.throughput import some_ids
from bench.stack import Served, token_for
from rodistaa.tickets.v1.ticket_reads_pb2 import GetTicketRequest, ListTicketsRequest
from server.domain.roles import Role

_MANAGER = token_for(Role.OPS_MANAGER, "bench-manager")
_CALLERS = (1, 4, 16)
_WAITING = 16
"""So many callers wait for each other at one gateway, where the difference is that of the rates."""
_AT_MOST_MS = 2.0
_SPREAD = ((1, 1), (1, 16), (2, 16), (4, 16))
"""Processes of a server, and callers."""
_HAS_WORKED = 0.2
"""Of what the busiest process has used: what looks after connections alone takes less."""


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


def gateway_processes(plan: Plan) -> list[Row]:
    """GetTicket by a gateway before a server of several processes: with its usual connections, and with one."""
    dsn = plan.stack.seeded(plan.small)
    return [_spread(plan, dsn, processes, callers) for processes, callers in _SPREAD]


def gateway_streams(plan: Plan) -> list[Row]:
    """A quarter of the plan's timelines, followed through one gateway: each entry reaches each reader, once."""
    plan = replace(plan, streams=plan.streams // 4)
    scene = LiveScene(plan, tickets=plan.streams // READERS, by_gateway=True)
    with scene:
        memory = _memory_of_one(scene)
        rounds = scene.rounds(
            lambda: _timelines(scene), [message(ticket) for ticket in scene.tickets], _entry, everything=True
        )
    return [memory, *live_rows(f"{plan.streams:,} timelines by the gateway", plan, rounds)]


def _memory_of_one(scene: LiveScene) -> Row:
    followed = _timelines(scene)
    scene.followers.open(scene.served.target, followed[:READERS])  # these start what all share
    before = scene.served.resident_bytes()
    scene.followers.open(scene.served.target, followed[READERS:])
    after = scene.served.resident_bytes()
    scene.followers.close()
    return plain_row(
        f"{len(followed):,} timelines by the gateway: memory of one in it",
        (after - before) / len(followed) / 1024,
        "KiB",
        f"{before / 2**20:.0f} MiB before, {after / 2**20:.0f} MiB after",
    )


def _timelines(scene: LiveScene) -> list[FollowedByHttp]:
    return [
        FollowedByHttp(
            get(
                f"/admin/tickets/{ticket_id}/timeline:watch",
                token,
                Accept="text/event-stream",
                Last_Event_ID=str(after),
            )
        )
        for ticket_id, after, token in timeline_readers(scene)
    ]


def _entry(arrival: Arrival) -> Key | None:
    entry = json.loads(arrival.message).get("entry")
    return (entry["ticketId"], int(entry["seq"])) if entry is not None else None


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


def _spread(plan: Plan, dsn: str, processes: int, callers: int) -> Row:
    server = plan.stack.server(dsn, processes=processes)
    paths = [f"/admin/tickets/{GetTicketRequest.FromString(body).id}" for body in some_ids(dsn)]
    worked: tuple[list[int], list[int]] = ([], [])

    def rounds_of(gateway: Served, busy: list[int]) -> Callable[[], Sample]:
        work = HttpWork(gateway.target, [get(path, _MANAGER) for path in paths])

        def run() -> Sample:
            before = [(child, child.cpu_seconds()) for child in server.children() or [server]]
            sample = plan.load.run(work, seconds=plan.seconds, callers=callers)
            used = [child.cpu_seconds() - cpu for child, cpu in before]
            busy.append(sum(each > _HAS_WORKED * max(used) for each in used))
            return sample

        return run

    several = rounds_of(plan.stack.gateway(server), worked[0])
    one = rounds_of(plan.stack.gateway(server, gateway_connections="1"), worked[1])
    pairs = in_turn(several, one, plan.rounds)
    return ratio_row(
        f"GetTicket by the gateway, callers: {callers}, server processes: {processes}; its connections against one",
        pairs,
        _rate,
        detail="; ".join(
            (
                f"{middle(pairs, 0, _rate):,.0f}/s against {middle(pairs, 1, _rate):,.0f}/s",
                f"p50 {_milliseconds(pairs, 'p50')}",
                f"p99 {_milliseconds(pairs, 'p99')}",
                f"{median(worked[0]):g} against {median(worked[1]):g} processes worked",
            )
        ),
    )


def _milliseconds(pairs: Sequence[tuple[Sample, Sample]], figure: str) -> str:
    found = [f"{1000 * middle(pairs, place, lambda sample: getattr(sample, figure)):.1f}" for place in (0, 1)]
    return " against ".join(found) + " ms"


def _rate(sample: Sample) -> float:
    return sample.rate
