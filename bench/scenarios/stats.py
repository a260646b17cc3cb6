"""The dashboard of the admin UI among a million tickets: its three questions at once, as it asks them."""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from bench.load import DEADLINE_SECONDS
from bench.plan import Plan
from bench.rounds import Row
from bench.stack import token_for
from rodistaa.tickets.v1 import ticket_pb2 as t
from rodistaa.tickets.v1.filter_pb2 import TicketFilter, TimeRange
from rodistaa.tickets.v1.ticket_reads_pb2 import GetTicketStatsRequest
from rodistaa.tickets.v1.ticket_service_pb2_grpc import TicketServiceStub
from server.domain.roles import Role

_BOUND_MS = 1000.0
_DAYS = (30, 90)
"""Of the ranges that can be chosen the one that is chosen already, and the longest."""
_DONE = (t.TICKET_STATUS_RESOLVED, t.TICKET_STATUS_CLOSED)
_OPEN = [status for status in t.TicketStatus.values() if status and status not in _DONE]
_MANAGER = token_for(Role.OPS_MANAGER, "bench-manager")
_DASHBOARDS: tuple[tuple[str, str, Mapping[str, Any]], ...] = (
    ("as admin", token_for(Role.ADMIN, "bench-admin"), {}),
    ("as ops_manager", _MANAGER, {}),
    ("as ops_manager, one franchise", _MANAGER, {"franchise_ids": ["FR-001"]}),
    ("as ops_manager, one role", _MANAGER, {"owner_roles": [t.ROLE_OPS_AGENT]}),
    ("as ops_manager, two priorities", _MANAGER, {"priorities": [t.TICKET_PRIORITY_HIGH, t.TICKET_PRIORITY_CRITICAL]}),
    ("as franchise_agent", token_for(Role.FRANCHISE_AGENT, "bench-f", "FR-001"), {}),
    ("as ops_agent", token_for(Role.OPS_AGENT, "bench-agent"), {}),
)


def ticket_stats(plan: Plan) -> list[Row]:
    """Every dashboard in every round, so that none has the caches to itself; and all figures of all tickets."""
    server = plan.stack.server(plan.stack.seeded(plan.large))
    whole = {"all": GetTicketStatsRequest(trend_days=_DAYS[-1])}
    asked: dict[str, tuple[str, Mapping[str, GetTicketStatsRequest]]] = {
        f"dashboard {name}, {days} days": (token, _questions(where, days))
        for name, token, where in _DASHBOARDS
        for days in _DAYS
    }
    asked["GetTicketStats, all figures of all tickets"] = (_MANAGER, whole)
    found: dict[str, list[dict[str, float]]] = {name: [] for name in asked}
    with grpc.insecure_channel(server.target) as channel:
        stub = TicketServiceStub(channel)
        for number in range(plan.rounds + 1):
            for name, (token, questions) in asked.items():
                answered = _answers(stub, token, questions)
                if number:  # the first round warms up
                    found[name].append(answered)
    return [_row(f"{name}: p50 among {plan.large:,}", rounds) for name, rounds in found.items()]


def _questions(where: Mapping[str, Any], days: int) -> dict[str, GetTicketStatsRequest]:
    """What admin/src/features/dashboard/stats.ts asks for."""
    start = Timestamp()
    start.FromDatetime(datetime.now(UTC).replace(hour=0, minute=0, second=0) - timedelta(days=days - 1))
    return {
        "open": GetTicketStatsRequest(filter=TicketFilter(**where, statuses=_OPEN)),
        "pace": GetTicketStatsRequest(filter=TicketFilter(**where, created=TimeRange(start=start))),
        "trend": GetTicketStatsRequest(filter=TicketFilter(**where), trend_days=days, trend_only=True),
    }


def _answers(stub: TicketServiceStub, token: str, questions: Mapping[str, GetTicketStatsRequest]) -> dict[str, float]:
    """After how many milliseconds each was answered, all being asked at once."""
    begun = time.perf_counter()
    ended: dict[str, float] = {}

    def ends(part: str) -> Callable[[object], None]:
        return lambda _: ended.update({part: 1000 * (time.perf_counter() - begun)})

    calls = []
    for part, request in questions.items():
        call = stub.GetTicketStats.future(
            request, metadata=(("authorization", f"Bearer {token}"),), timeout=DEADLINE_SECONDS
        )
        call.add_done_callback(ends(part))
        calls.append(call)
    for call in calls:
        call.result()
    while len(ended) < len(calls):  # a result may be there a moment before its callback is called
        time.sleep(0.001)
    return ended


def _row(what: str, rounds: list[dict[str, float]]) -> Row:
    last = [max(answered.values()) for answered in rounds]
    parts = {part: median(answered[part] for answered in rounds) for part in rounds[0]}
    is_dashboard = len(parts) > 1
    return Row(
        what,
        f"≤ {_BOUND_MS:g} ms" if is_dashboard else "",
        median(last),
        "ms",
        median(last) <= _BOUND_MS if is_dashboard else None,
        min(last),
        max(last),
        len(last),
        ", ".join(f"{part} {p50:.0f} ms" for part, p50 in parts.items()) if is_dashboard else "",
        {"parts": rounds},
    )
