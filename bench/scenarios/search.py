"""Words among a million tickets: median latency, one call at a time."""

from statistics import median
from typing import Any

from bench.load import Work
from bench.plan import Plan
from bench.rounds import Row
from bench.stack import token_for
from rodistaa.tickets.v1.filter_pb2 import TicketFilter
from rodistaa.tickets.v1.ticket_reads_pb2 import SearchTicketsRequest
from server.domain.roles import Role

_BOUND_MS = 50.0
_MANAGER = token_for(Role.OPS_MANAGER, "bench-manager")
_SEARCHES: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    ("two words", "payment issue", _MANAGER, {}),
    ("two frequent words", "operator truck", _MANAGER, {}),
    ("a rare word", "zoya", _MANAGER, {}),
    ("a frequent and a rare word", "payment yadav", _MANAGER, {}),
    ("no match", "payment xylophone", _MANAGER, {}),
    ("two words, critical ones", "payment issue", _MANAGER, {"priorities": [4]}),
    ("two words, as ops_agent", "payment issue", token_for(Role.OPS_AGENT, "bench-agent"), {}),
    ("two words, as franchise_agent", "payment issue", token_for(Role.FRANCHISE_AGENT, "bench-f", "FR-001"), {}),
    ("two words, as shipper", "payment issue", token_for(Role.SHIPPER, "shipper-00001"), {}),
    ("two words, as a new shipper", "payment issue", token_for(Role.SHIPPER, "bench-shipper"), {}),
)


def search_tickets(plan: Plan) -> list[Row]:
    """Every search in every round, so that none has the caches to itself."""
    target = plan.stack.server(plan.stack.seeded(plan.large)).target
    work = {
        name: Work(
            target,
            "SearchTickets",
            token,
            [SearchTicketsRequest(query=words, filter=TicketFilter(**where)).SerializeToString()],
        )
        for name, words, token, where in _SEARCHES
    }
    found: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(plan.rounds):
        for name, each in work.items():
            sample = plan.load.run(each, seconds=plan.seconds / 4, callers=1)
            found[name].append(1000 * sample.p50)
    return [
        Row(
            f"SearchTickets, {name}: p50 among {plan.large:,}",
            f"≤ {_BOUND_MS:g} ms",
            median(p50),
            "ms",
            median(p50) <= _BOUND_MS,
            min(p50),
            max(p50),
            len(p50),
        )
        for name, p50 in found.items()
    ]
