"""A worker's health is answered at once from what was seen last, however long a look takes."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from prometheus_client import CollectorRegistry

from tests.running import free_port
from tests.waiting import eventually
from workers import health


@contextmanager
def serving(well: Callable[[], bool]) -> Iterator[Callable[[], bool]]:
    """Whether the worker says that it is well."""
    port = free_port()
    server = health.HealthServer("127.0.0.1", port, CollectorRegistry(), well)
    server.start()
    try:
        yield lambda: health.main([f"127.0.0.1:{port}"]) == 0
    finally:
        server.stop()


@pytest.fixture(autouse=True)
def quick_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "LOOK_SECONDS", 0.01)


def test_a_look_that_hangs_holds_up_nobody_and_counts_as_no_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    hang, hanging, free = threading.Event(), threading.Event(), threading.Event()

    def well() -> bool:
        if hang.is_set():
            hanging.set()
            free.wait(30)
        return True

    with serving(well) as is_well:
        eventually(is_well, what="a first look")
        hang.set()
        assert hanging.wait(10)
        assert is_well(), "what was seen last"
        monkeypatch.setattr(health, "STALE_SECONDS", 0.0)
        assert not is_well()
        free.set()


def test_before_the_first_look_and_after_one_that_fails_it_is_not_well() -> None:
    answers: list[bool] = []

    def well() -> bool:
        return answers[-1]  # raises while there is none

    with serving(well) as is_well:
        assert not is_well()
        answers.append(True)
        eventually(is_well, what="a look that succeeds")
        answers.append(False)
        eventually(lambda: not is_well(), what="a look that says no")


def test_a_port_that_is_taken_is_named_with_its_setting(capfd: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        server = health.HealthServer("127.0.0.1", port, CollectorRegistry(), lambda: True)
        with pytest.raises(SystemExit) as ended:
            server.start()
        server.stop()
    assert ended.value.code == 1
    said = "".join(capfd.readouterr())
    assert "TICKETS_WORKER_METRICS_PORT cannot be used" in said
    assert f"127.0.0.1:{port}" in said
    assert said.count("\n") == 1
