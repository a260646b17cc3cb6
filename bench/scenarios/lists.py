"""A page of a list on a million tickets against one on few, a page far down against the first, and with its total."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import grpc
import psycopg

from bench.load import SERVICE, Sample, Work
from bench.plan import Plan
from bench.rounds import Row, in_turn, middle, ratio_row
from bench.stack import token_for
from rodistaa.tickets.v1 import ticket_pb2 as pb
from rodistaa.tickets.v1.filter_pb2 import TicketFilter
from rodistaa.tickets.v1.ticket_reads_pb2 import ListTicketsRequest, ListTicketsResponse
from server.domain.roles import Role

_MANAGER = token_for(Role.OPS_MANAGER, "bench-manager")
_AGENT = token_for(Role.OPS_AGENT, "bench-agent")
_FRANCHISE = token_for(Role.FRANCHISE_AGENT, "bench-franchise", "FR-001")
_DEEP_PAGE = 400
_OPEN = [
    pb.TICKET_STATUS_NEW,
    pb.TICKET_STATUS_OPEN,
    pb.TICKET_STATUS_IN_PROGRESS,
    pb.TICKET_STATUS_AWAITING_SHIPPER,
    pb.TICKET_STATUS_AWAITING_OPERATOR,
    pb.TICKET_STATUS_AWAITING_FRANCHISE,
    pb.TICKET_STATUS_AWAITING_FINANCE,
    pb.TICKET_STATUS_ESCALATED,
    pb.TICKET_STATUS_REOPENED,
]


@dataclass(frozen=True, slots=True)
class _List:
    name: str
    token: str = _MANAGER
    where: dict[str, Any] = field(default_factory=dict)
    order_by: str = ""
    with_total: bool = False

    def work(self, target: str, page_token: str = "") -> Work:
        request = ListTicketsRequest(
            filter=TicketFilter(**self.where),
            order_by=self.order_by,
            page_token=page_token,
            include_total=self.with_total,
        )
        return Work(target, "ListTickets", self.token, [request.SerializeToString()])


def list_tickets(plan: Plan) -> list[Row]:
    """Each filter and each kind of caller, one call at a time."""
    small, large = plan.stack.seeded(plan.small), plan.stack.seeded(plan.large)
    on_small, on_large = plan.stack.server(small), plan.stack.server(large)
    rows = []
    for listed in _lists(small):
        work = [listed.work(served.target) for served in (on_large, on_small)]
        found = [len(_page(each).tickets) for each in work]
        pairs = in_turn(_calls(plan, work[0]), _calls(plan, work[1]), plan.rounds)
        rows.append(
            ratio_row(
                f"ListTickets, {listed.name}: {plan.large:,} tickets against {plan.small:,}",
                pairs,
                lambda sample: sample.p50,
                at_most=1.3,
                detail=f"{_milliseconds(pairs, 0)} against {_milliseconds(pairs, 1)} ms; "
                f"{found[0]} and {found[1]} tickets",
            )
        )
    return rows


def deep_page(plan: Plan) -> list[Row]:
    """Page 400 against page 1, on the large database."""
    target = plan.stack.server(plan.stack.seeded(plan.large)).target
    rows = []
    for listed in (
        _List("newest first"),
        _List("closed, by last change", where={"statuses": [pb.TICKET_STATUS_CLOSED]}, order_by="updated_at desc"),
        _List("ops_agent, newest first", token=token_for(Role.OPS_AGENT, "bench-agent")),
    ):
        token = ""
        for _ in range(_DEEP_PAGE - 1):
            token = _page(listed.work(target, token)).next_page_token
        pairs = in_turn(_calls(plan, listed.work(target, token)), _calls(plan, listed.work(target)), plan.rounds)
        rows.append(
            ratio_row(
                f"ListTickets, {listed.name}: page {_DEEP_PAGE} against page 1",
                pairs,
                lambda sample: sample.p50,
                at_most=1.3,
                detail=f"{_milliseconds(pairs, 0)} against {_milliseconds(pairs, 1)} ms",
            )
        )
    return rows


def totals(plan: Plan) -> list[Row]:
    """A page and how many tickets there are, which is told up to 10,000; every list in every round."""
    target = plan.stack.server(plan.stack.seeded(plan.large)).target
    work = {listed.name: listed.work(target) for listed in _counted()}
    found: dict[str, list[float]] = {name: [] for name in work}
    for number in range(plan.rounds + 1):
        for name, each in work.items():
            sample = _calls(plan, each)()
            if number:  # the first round warms up
                found[name].append(1000 * sample.p50)
    return [
        Row(
            f"ListTickets with its total, {name}: p50 among {plan.large:,}",
            "",
            median(p50),
            "ms",
            None,
            min(p50),
            max(p50),
            len(p50),
            f"{_page(work[name]).total_size:,} tickets",
        )
        for name, p50 in found.items()
    ]


def _counted() -> Iterator[_List]:
    """Callers who see a queue ask for it, for another role's, and for a franchise's."""
    for name, token, own, other in (
        ("ops_agent", _AGENT, pb.ROLE_OPS_AGENT, pb.ROLE_FINANCE),
        ("franchise_agent", _FRANCHISE, pb.ROLE_FRANCHISE_AGENT, pb.ROLE_OPS_AGENT),
    ):
        for queue, role in (("own queue", own), ("another role's queue", other)):
            for states, statuses in (("", []), (", open", _OPEN)):
                where = {"owner_roles": [role], "statuses": statuses}
                yield _List(f"as {name}, {queue}{states}", token, where, with_total=True)
        yield _List(
            f"as {name}, FR-001, open", token, {"franchise_ids": ["FR-001"], "statuses": _OPEN}, with_total=True
        )


def _lists(dsn: str) -> Iterator[_List]:
    """What people look at. Names come from the small database, where they are the most frequent, since pages have to be
    full in both."""
    with psycopg.connect(dsn) as connection:

        def most_frequent(columns: str, source: str = "tickets WHERE true") -> tuple[Any, ...]:
            row = connection.execute(
                f"SELECT {columns} FROM {source} GROUP BY {columns} ORDER BY count(*) DESC, {columns} LIMIT 1".encode()
            ).fetchone()
            if row is None:
                raise RuntimeError(f"no {columns} among the tickets")
            return row

        (franchise,) = most_frequent("assigned_franchise_id", "tickets WHERE assigned_franchise_id IS NOT NULL")
        linked_type, linked_id = most_frequent("linked_type::text, linked_id", "tickets WHERE linked_id LIKE '%-1__'")
        (shipper,) = most_frequent("created_by_id", "tickets WHERE created_by_role = 'shipper'")
        (owner,) = most_frequent("owner_id", "tickets WHERE owner_id IS NOT NULL")
        (agent,) = most_frequent("owner_id", "tickets WHERE owner_role = 'ops_agent' AND owner_id IS NOT NULL")
    yield _List("no filter")
    yield _List(
        "status and priority",
        where={
            "statuses": [pb.TICKET_STATUS_OPEN, pb.TICKET_STATUS_IN_PROGRESS],
            "priorities": [pb.TICKET_PRIORITY_HIGH, pb.TICKET_PRIORITY_CRITICAL],
        },
    )
    yield _List("one status (rare)", where={"statuses": [pb.TICKET_STATUS_AWAITING_FINANCE]})
    yield _List("queue of a role", where={"owner_roles": [pb.ROLE_OPS_MANAGER], "statuses": _OPEN})
    yield _List(
        "queue of a role, by deadline",
        where={"owner_roles": [pb.ROLE_OPS_MANAGER], "statuses": _OPEN},
        order_by="sla_due_at",
    )
    yield _List("queue of a role, by priority", where={"owner_roles": [pb.ROLE_FINANCE]}, order_by="priority desc")
    yield _List("unassigned", where={"unassigned": True, "statuses": _OPEN})
    yield _List("one franchise", where={"franchise_ids": [franchise]})
    yield _List("two franchises, open", where={"franchise_ids": [franchise, "FR-002"], "statuses": _OPEN})
    yield _List("tag (frequent)", where={"tags_any": ["payment"]})
    yield _List("tag (rarer), open", where={"tags_any": ["gps"], "statuses": _OPEN})
    yield _List(
        "linked entity",
        where={"linked_type": getattr(pb, f"LINKED_TYPE_{linked_type.upper()}"), "linked_id": linked_id},
    )
    yield _List("one owner", where={"owner_id": owner})
    yield _List("as ops_agent", token=token_for(Role.OPS_AGENT, agent))
    yield _List("as ops_agent, high and critical", token=token_for(Role.OPS_AGENT, agent), where={"priorities": [3, 4]})
    yield _List("as franchise_agent", token=token_for(Role.FRANCHISE_AGENT, "bench-franchise", franchise))
    yield _List(
        "as franchise_agent, open",
        token=token_for(Role.FRANCHISE_AGENT, "bench-franchise", franchise),
        where={"statuses": _OPEN},
    )
    yield _List("as shipper", token=token_for(Role.SHIPPER, shipper))
    yield _List("as a new shipper", token=token_for(Role.SHIPPER, "bench-shipper"))


def _calls(plan: Plan, work: Work) -> Callable[[], Sample]:
    return lambda: plan.load.run(work, seconds=plan.seconds / 6, callers=1)


def _page(work: Work) -> ListTicketsResponse:
    with grpc.insecure_channel(work.target) as channel:
        call: grpc.UnaryUnaryMultiCallable[bytes, ListTicketsResponse] = channel.unary_unary(
            f"{SERVICE}ListTickets", response_deserializer=ListTicketsResponse.FromString
        )
        return call(work.bodies[0], metadata=(("authorization", f"Bearer {work.token}"),), timeout=30)


def _milliseconds(pairs: list[tuple[Sample, Sample]], place: int) -> str:
    return f"{1000 * middle(pairs, place, lambda sample: sample.p50):.1f}"
