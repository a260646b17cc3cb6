"""One gateway before several processes of a server, which share an address as those of ``tickets serve --processes``
do: the kernel spreads connections over them."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families

from server.domain.roles import Role
from tests.gateway_process import Gateway, serving_gateway
from tests.integration.gateway.api_calls import call, made
from tests.integration.gateway.event_sources import EventSource
from tests.running import ServerProcess, StartServer, free_port, token_for
from tests.waiting import eventually

ENOUGH = 32
"""Connections: that all of them are given to one of two processes happens once in two thousand million times."""


@dataclass(frozen=True, slots=True)
class Sibling:
    """A process of the server, and the port of its own numbers."""

    process: ServerProcess
    metrics_port: int

    def is_well(self) -> bool:
        """Whether it serves."""
        try:
            with urlopen(f"http://127.0.0.1:{self.metrics_port}/healthz", timeout=10) as answer:
                return int(answer.status) == 200
        except OSError:
            return False

    def number(self, name: str, **labels: str) -> float:
        """The sum of a metric over the series with these labels."""
        with urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=10) as answer:
            text = answer.read().decode()
        return sum(
            sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    def calls(self) -> float:
        """How many it has answered."""
        return self.number("tickets_rpc_handled_total")

    def streams(self) -> float:
        """How many are open."""
        return self.number("tickets_rpc_in_flight", kind="stream")


@pytest.fixture
def siblings(server_processes: StartServer) -> list[Sibling]:
    port = free_port()
    both = []
    for _ in range(2):
        metrics = free_port()
        process = server_processes(port=port, TICKETS_REUSE_PORT="true", TICKETS_METRICS_PORT=str(metrics))
        both.append(Sibling(process, metrics))
    for sibling in both:
        eventually(sibling.is_well, within=60, what="a server that serves")
    return both


@pytest.fixture
def gateway(siblings: list[Sibling], tmp_path: Path) -> Iterator[Gateway]:
    target = siblings[0].process.target
    with serving_gateway(tmp_path, gateway_target=target, gateway_connections=ENOUGH) as running:
        yield running


def test_calls_reach_every_process(siblings: list[Sibling], gateway: Gateway) -> None:
    def all_were_called() -> bool:
        assert call(gateway, "GET", "/admin/me").status == 200
        return all(sibling.calls() > 0 for sibling in siblings)

    eventually(all_were_called, what="calls at each process")


def test_so_do_streams(siblings: list[Sibling], gateway: Gateway) -> None:
    ticket = made(gateway)["id"]
    url = f"{gateway.url}/admin/tickets/{ticket}/timeline:watch"
    with ExitStack() as opened:

        def all_have_streams() -> bool:
            source = EventSource(url, {"Authorization": f"Bearer {token_for(Role.ADMIN)}"})
            opened.callback(source.close)
            source.next("entry")
            return all(sibling.streams() > 0 for sibling in siblings)

        eventually(all_have_streams, what="streams at each process")


def test_a_process_that_dies_fails_no_call(siblings: list[Sibling], gateway: Gateway) -> None:
    killed, left = siblings
    get = partial(call, gateway, "GET", "/admin/me")

    def all_were_called() -> bool:
        assert get().status == 200
        return all(sibling.calls() > 0 for sibling in siblings)

    eventually(all_were_called, what="calls at each process")
    killed.process.process.kill()
    before = left.calls()
    assert {get().status for _ in range(3 * ENOUGH)} == {200}
    assert left.calls() >= before + 3 * ENOUGH


def test_with_one_connection_all_calls_are_of_one_process(siblings: list[Sibling], tmp_path: Path) -> None:
    with serving_gateway(tmp_path, gateway_target=siblings[0].process.target, gateway_connections=1) as gateway:
        assert {call(gateway, "GET", "/admin/me").status for _ in range(20)} == {200}
    assert sorted(sibling.calls() > 0 for sibling in siblings) == [False, True]
