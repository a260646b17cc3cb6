"""`python -m bench`: measure, print one table, write the figures as JSON."""

import argparse
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from bench.load import Load
from bench.plan import Plan
from bench.report import machine, table, write_json
from bench.rounds import Row
from bench.scenarios.admin_ui import admin_ui
from bench.scenarios.escalation_lag import escalation_lag
from bench.scenarios.exports import exports
from bench.scenarios.gateway import gateway_calls, gateway_processes, gateway_streams
from bench.scenarios.lists import deep_page, list_tickets, totals
from bench.scenarios.search import search_tickets
from bench.scenarios.stats import ticket_stats
from bench.scenarios.sweeps import escalation, idle_sweep
from bench.scenarios.throughput import create_ticket, get_ticket, two_processes
from bench.scenarios.watching import idle_streams, list_streams, streams
from bench.stack import running_stack

SCENARIOS: dict[str, Callable[[Plan], list[Row]]] = {
    "get": get_ticket,
    "create": create_ticket,
    "lists": list_tickets,
    "pages": deep_page,
    "totals": totals,
    "search": search_tickets,
    "stats": ticket_stats,
    "processes": two_processes,
    "escalation": escalation,
    "idle_sweep": idle_sweep,
    "escalation_lag": escalation_lag,
    "exports": exports,
    "streams": streams,
    "list_streams": list_streams,
    "idle_streams": idle_streams,
    "gateway": gateway_calls,
    "gateway_processes": gateway_processes,
    "gateway_streams": gateway_streams,
    "admin_ui": admin_ui,
}


def main() -> int:
    """The exit status says whether it ran, not whether targets were met: those depend on what else the machine does."""
    options = _options()
    about = machine()
    rows: list[Row] = []
    try:
        _measure(options, rows)
    finally:
        # What was measured before a failure or Ctrl-C is shown all the same.
        print(f"{about['date']}, {about['cores']} cores, load average at the start {about['load_average']}\n")
        print(table(rows))
        write_json(options.json, about, rows)
    return 0


def _measure(options: argparse.Namespace, rows: list[Row]) -> None:
    with ExitStack() as ends:
        directory = options.data or Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="tickets-bench-")))
        load = ends.enter_context(Load())
        for name in options.only or SCENARIOS:
            # A stack for each scenario: what it has started does not sit beside the next one.
            with running_stack(directory) as stack:
                print(f"{name} …", file=sys.stderr, flush=True)
                plan = Plan(stack, load, 10_000, options.tickets, options.rounds, options.seconds, options.streams)
                rows += SCENARIOS[name](plan)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="100,000 tickets instead of a million, fewer rounds")
    parser.add_argument("--only", action="append", choices=SCENARIOS, help="some of the rows; may be repeated")
    parser.add_argument("--tickets", type=int, help="size of the large database")
    parser.add_argument("--rounds", type=int, help="pairs of rounds a row")
    parser.add_argument("--seconds", type=float, help="length of a round of throughput")
    parser.add_argument("--streams", type=int, default=2000, help="timelines followed at once")
    parser.add_argument("--data", type=Path, help="keep the databases there, and use those that are there")
    parser.add_argument("--json", type=Path, default=Path("bench-results.json"), help="where the figures go")
    options = parser.parse_args()
    options.tickets = options.tickets or (100_000 if options.quick else 1_000_000)
    options.rounds = options.rounds or (3 if options.quick else 7)
    options.seconds = options.seconds or (1.5 if options.quick else 3.0)
    return options


if __name__ == "__main__":
    sys.exit(main())
