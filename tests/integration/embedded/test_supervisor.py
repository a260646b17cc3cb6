"""Children are kept alive, and none outlives its supervisor, however that ends. On real processes."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.waiting import eventually

DRIVER = """
import os, sys
from pathlib import Path
from server.embedded.guard import Guard
from server.embedded.instance import Instance, InstanceError
from server.embedded.supervisor import ChildSpec, Stopped, Supervisor

data_dir = Path(sys.argv[1])
with Instance(data_dir).locked() as lock:
    guard = Guard(data_dir, lock)
    supervisor = Supervisor(guard, data_dir, lambda line: print(line, flush=True), (0.2, 0.4))
    with supervisor.signals():
        try:
            for name, command in zip(sys.argv[2::2], sys.argv[3::2]):
                supervisor.start(ChildSpec(name, ["sh", "-c", command], dict(os.environ), grace_seconds=2.0))
            print("up", flush=True)
            supervisor.watch(lambda: None)
        except Stopped:
            print("stopped", flush=True)
        except InstanceError as error:
            print(error, flush=True)
        finally:
            supervisor.stop()
            guard.dismiss()
"""

SLEEPER = "echo $$ >> {pids}; sleep 600 & echo $! >> {pids}; wait"
"""A process with a descendant of its own; both say who they are."""


class Driver:
    """A supervisor in a process of its own, so that it can be killed."""

    def __init__(self, data_dir: Path, *children: str) -> None:
        self.pids = data_dir / "pids"
        self.process = subprocess.Popen(
            [sys.executable, "-c", DRIVER, str(data_dir), *(word.format(pids=self.pids) for word in children)],
            stdout=subprocess.PIPE,
            text=True,
        )

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def started(self) -> list[int]:
        return [int(line) for line in self.pids.read_text().split()] if self.pids.exists() else []


Start = Callable[..., Driver]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    drivers: list[Driver] = []

    def begin(*children: str) -> Driver:
        drivers.append(Driver(tmp_path, *children))
        return drivers[-1]

    yield begin
    for driver in drivers:
        driver.process.kill()
        driver.process.communicate()
    eventually(lambda: not any(runs(pid) for driver in drivers for pid in driver.started()))


def runs(pid: int) -> bool:
    """Whether the process exists and is no zombie (whose parent has merely not looked yet)."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_everything(start: Start, number: signal.Signals) -> None:
    driver = start("first", SLEEPER, "second", SLEEPER)
    eventually(lambda: len(driver.started()) == 4)
    assert driver.line() == "up"
    driver.process.send_signal(number)
    assert driver.process.wait(timeout=20) == 0
    assert not any(map(runs, driver.started()))


def test_children_end_in_reverse_order(start: Start, tmp_path: Path) -> None:
    log = tmp_path / "order"
    note = f"trap 'echo {{name}} >> {log}; exit' TERM; echo $$ >> {{{{pids}}}}; while :; do sleep 0.05; done"
    driver = start("first", note.format(name="first"), "second", note.format(name="second"))
    eventually(lambda: len(driver.started()) == 2)
    driver.process.terminate()
    driver.process.wait(timeout=20)
    assert log.read_text().split() == ["second", "first"]


def test_a_child_that_ignores_sigterm_is_killed(start: Start) -> None:
    driver = start("stubborn", "trap '' TERM; " + SLEEPER)
    eventually(lambda: len(driver.started()) == 2)
    driver.process.terminate()
    driver.process.wait(timeout=20)
    assert not any(map(runs, driver.started()))


def test_nothing_outlives_a_killed_supervisor(start: Start) -> None:
    driver = start("first", SLEEPER, "second", SLEEPER)
    eventually(lambda: len(driver.started()) == 4)
    driver.process.kill()
    eventually(lambda: not any(map(runs, driver.started())))


def test_a_killed_child_is_started_again_and_its_descendants_end(start: Start) -> None:
    driver = start("child", SLEEPER)
    eventually(lambda: len(driver.started()) == 2)
    assert driver.line() == "up"
    leader, descendant = driver.started()
    os.kill(leader, signal.SIGKILL)
    assert driver.line() == "child was killed by SIGKILL; starting it again in 0.2 s"
    eventually(lambda: not runs(descendant) and len(driver.started()) == 4)
    driver.process.terminate()
    assert driver.process.wait(timeout=20) == 0
    assert not any(map(runs, driver.started()))


def test_a_child_that_keeps_dying_is_given_up_with_its_last_words(start: Start) -> None:
    driver = start("broken", "echo no such database; exit 3")
    assert driver.line() == "up"
    waits = [driver.line() for _ in range(2)]
    assert waits[-1] == "broken ended with status 3; starting it again in 0.4 s"
    assert driver.line().startswith("broken ended with status 3. The end of ")
    assert driver.line() == "no such database"


def test_the_data_directory_stays_locked_until_a_killed_instance_is_cleaned_up(start: Start) -> None:
    first = start("stubborn", "trap '' TERM; " + SLEEPER)
    eventually(lambda: len(first.started()) == 2)
    first.process.kill()
    first.process.wait()
    second = start("child", "true; " + SLEEPER)
    assert second.line() == "up"
    assert not any(map(runs, first.started()[:2]))
