"""Several server processes on one port: real processes, real signals."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

import grpc
import jwt
import pytest

from rodistaa.tickets.v1 import directory_service_pb2 as pb
from rodistaa.tickets.v1 import directory_service_pb2_grpc as pb_grpc
from tests.running import free_port
from tests.waiting import eventually

ROOT = Path(__file__).resolve().parents[3]
SECRET = "a secret for tests, of 32 bytes or more"
until = partial(eventually, within=60.0)


def living() -> dict[int, int]:
    """Every process that is no zombie, with its parent."""
    found = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = status.read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue  # it ended meanwhile
        if state != "Z":
            found[int(status.parent.name)] = int(parent)
    return found


class Family:
    """A running parent and what tests ask of it."""

    def __init__(self, tmp_path: Path, **settings: str) -> None:
        self.metrics_port = free_port()
        environment = {
            **os.environ,
            "TICKETS_JWT_SECRET": SECRET,
            "TICKETS_GRPC_PORT": "0",
            "TICKETS_PROCESSES": "2",
            "TICKETS_METRICS_PORT": str(self.metrics_port),
            "TMPDIR": str(tmp_path),
            **settings,
        }
        self.process = start("parent", environment)
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline() or 0)

    def members(self) -> set[int]:
        return {pid for pid, parent in living().items() if parent == self.process.pid}

    def ask(self, milliseconds: int = 0) -> int:
        """Which process answers a new connection."""
        options = [("grpc.use_local_subchannel_pool", 1)]
        with grpc.insecure_channel(f"127.0.0.1:{self.port}", options) as channel:
            return int(call(channel, milliseconds).next_page_token)

    def both_answer(self) -> bool:
        try:
            return len({self.ask() for _ in range(20)}) == 2
        except grpc.RpcError:
            return False

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}{path}", timeout=10) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, ""

    def sample(self, name: str) -> float:
        _, text = self.get("/metrics")
        return sum(float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(name))


def start(role: str, environment: Mapping[str, str]) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", f"tests.integration.processes.{role}"]
    return subprocess.Popen(command, cwd=ROOT, env=dict(environment), stdout=subprocess.PIPE, text=True)


def call(channel: grpc.Channel, milliseconds: int) -> pb.ListMembersResponse:
    claims = {"sub": "asha", "role": "admin", "aud": "rodistaa-tickets", "exp": int(time.time()) + 600}
    token = jwt.encode(claims, SECRET, algorithm="HS256")
    stub = pb_grpc.DirectoryServiceStub(channel)
    metadata = (("authorization", f"Bearer {token}"),)
    return stub.ListMembers(pb.ListMembersRequest(page_size=milliseconds), metadata=metadata, timeout=30)


@pytest.fixture
def family(tmp_path: Path) -> Iterator[Family]:
    started = Family(tmp_path)
    members: set[int] = set()
    try:
        until(started.both_answer, what="two processes that answer")
        members = started.members()
        yield started
    finally:
        started.process.terminate()
        started.process.wait(30)
        assert started.process.stdout is not None
        started.process.stdout.close()
        until(lambda: not members & living().keys(), what="the end of the children")


def test_one_that_is_killed_is_replaced_and_the_numbers_stay_right(family: Family) -> None:
    assert family.get("/healthz")[0] == 200
    assert family.sample("tickets_serving") == 2
    handled = family.sample("tickets_rpc_handled_total")
    assert handled >= 20
    victim = min(family.members())
    os.kill(victim, signal.SIGKILL)
    until(
        lambda: victim not in family.members() and len(family.members()) == 2,
        what="a replacement",
    )
    until(family.both_answer, what="two that answer")
    until(lambda: family.sample("tickets_serving") == 2, what="two that serve")
    assert family.sample("tickets_rpc_handled_total") >= handled + 20, "counts of the dead are kept"


def test_sigterm_drains_all_of_them(family: Family, tmp_path: Path) -> None:
    members = family.members()
    with grpc.insecure_channel(f"127.0.0.1:{family.port}") as channel:
        call(channel, 0)
        answers: list[int] = []
        under_way = threading.Thread(target=lambda: answers.append(int(call(channel, 1500).next_page_token)))
        under_way.start()
        until(lambda: family.sample("tickets_rpc_in_flight") >= 1, what="a call under way")
        family.process.send_signal(signal.SIGTERM)
        under_way.join(30)
    assert set(answers) <= members
    assert len(answers) == 1
    assert family.process.wait(30) == 0
    assert not members & living().keys()
    assert list(tmp_path.glob("tickets-metrics-*")) == []


def test_children_do_not_outlive_their_parent(family: Family) -> None:
    members = family.members()
    assert len(members) == 2
    family.process.kill()
    until(lambda: not members & living().keys(), what="the end of the children")


def test_a_port_that_is_taken_is_not_shared_in_silence(family: Family, tmp_path: Path) -> None:
    environment = {**os.environ, "TICKETS_JWT_SECRET": SECRET, "TICKETS_GRPC_PORT": str(family.port)}
    for role in ("parent", "child"):
        second = start(role, {**environment, "TMPDIR": str(tmp_path)})
        output, _ = second.communicate(timeout=30)
        assert second.returncode != 0
        assert output == ""


def test_a_metrics_port_that_is_taken_leaves_nothing_behind(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        environment = {
            **os.environ,
            "TICKETS_JWT_SECRET": SECRET,
            "TICKETS_GRPC_PORT": "0",
            "TICKETS_METRICS_PORT": str(taken.getsockname()[1]),
            "TMPDIR": str(tmp_path),
        }
        parent = start("parent", environment)
        parent.communicate(timeout=30)
    assert parent.returncode != 0
    assert list(tmp_path.glob("tickets-metrics-*")) == []
