"""Wake-ups through a Redis that is well, late, gone, hanging or forgetful. It never matters to those who publish."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator

import pytest
import redis
import structlog

from server.adapters.redis.wake_ups import CHANNEL, WakeUps
from tests.redis_process import RedisProcess
from tests.waiting import eventually

NewWakeUps = Callable[[], WakeUps]
NewThreads = Callable[[], set[threading.Thread]]

PUBLISHES_A_LINE = """
import sys
from server.adapters.redis.wake_ups import WakeUps
wake_ups = WakeUps(sys.argv[1])
for _ in sys.stdin:
    wake_ups.publish()
wake_ups.close()
"""


class Sleeper:
    """Counts how often it was woken; can be awaited."""

    def __init__(self) -> None:
        self.times = 0
        self._seen = 0

    def wake(self) -> None:
        self.times += 1

    def is_woken(self, *, what: str = "a wake-up") -> None:
        """Since the last look."""
        eventually(lambda: self.times > self._seen, what=what)
        self._seen = self.times


@pytest.fixture
def new_wake_ups(redis_process: RedisProcess) -> Iterator[NewWakeUps]:
    """As if of a process each."""
    made: list[WakeUps] = []

    def new() -> WakeUps:
        made.append(WakeUps(redis_process.url))
        return made[-1]

    yield new
    for wake_ups in made:
        wake_ups.close()


@pytest.fixture
def sleeper(new_wake_ups: NewWakeUps) -> Sleeper:
    """Subscribed, with what the first connection tells it behind it."""
    sleeper = Sleeper()
    new_wake_ups().subscribe(sleeper.wake)
    sleeper.is_woken(what="a connection")
    return sleeper


@pytest.fixture
def new_threads() -> NewThreads:
    """Those that began in this test and go on."""
    before = set(threading.enumerate())
    return lambda: set(threading.enumerate()) - before


def listening(client: "redis.Redis") -> redis.client.PubSub:
    pubsub: redis.client.PubSub = client.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
    pubsub.subscribe(CHANNEL)
    return pubsub


def arrives(publisher: WakeUps, sleeper: Sleeper) -> None:
    """Sooner or later; what is published while a side is still away is lost."""
    before = sleeper.times

    def woken() -> bool:
        publisher.publish()
        return sleeper.times > before

    eventually(woken, within=30, what="a wake-up")


def test_a_wake_up_arrives_and_so_does_the_next(new_wake_ups: NewWakeUps, sleeper: Sleeper) -> None:
    publisher = new_wake_ups()
    for _ in range(3):
        publisher.publish()
        sleeper.is_woken()


def test_everybody_is_woken_oneself_included(new_wake_ups: NewWakeUps, sleeper: Sleeper) -> None:
    itself, wake_ups = Sleeper(), new_wake_ups()
    wake_ups.subscribe(itself.wake)
    itself.is_woken(what="a connection")
    wake_ups.publish()
    sleeper.is_woken()
    itself.is_woken()


def test_many_are_few(new_wake_ups: NewWakeUps, sleeper: Sleeper, redis_process: RedisProcess) -> None:
    publisher = new_wake_ups()

    def publish() -> None:
        for _ in range(2500):
            publisher.publish()

    crowd = [threading.Thread(target=publish) for _ in range(4)]
    with redis_process.client() as client:
        for each in crowd:
            each.start()
        for each in crowd:
            each.join()
        sleeper.is_woken()
        sent = client.info("commandstats")["cmdstat_publish"]["calls"]
    assert 1 <= sent <= 1000
    assert sleeper.times - 1 <= sent


def test_what_was_committed_before_the_call_is_told_after_it(new_wake_ups: NewWakeUps) -> None:
    """However calls are merged, a change is never left without a later message."""
    changes = seen = 0

    def look() -> None:
        nonlocal seen
        seen = changes

    def caught_up() -> bool:
        return seen == changes

    wake_ups, connected = new_wake_ups(), Sleeper()
    wake_ups.subscribe(look)
    wake_ups.subscribe(connected.wake)
    arrives(wake_ups, connected)
    for burst in range(50):
        for _ in range(burst * 20 + 1):
            changes += 1
            wake_ups.publish()
        eventually(caught_up, what="word of the last change")


def test_other_processes(redis_process: RedisProcess, sleeper: Sleeper) -> None:
    command = [sys.executable, "-c", PUBLISHES_A_LINE, redis_process.url]
    with (
        subprocess.Popen(command, stdin=subprocess.PIPE, text=True, bufsize=1) as one,
        subprocess.Popen(command, stdin=subprocess.PIPE, text=True, bufsize=1) as other,
    ):
        for process in (one, other, one):
            assert process.stdin is not None
            process.stdin.write("\n")
            sleeper.is_woken()
    assert (one.returncode, other.returncode) == (0, 0)


def test_a_redis_that_comes_late(new_wake_ups: NewWakeUps, redis_process: RedisProcess) -> None:
    redis_process.stop()
    publisher, subscriber, sleeper = new_wake_ups(), new_wake_ups(), Sleeper()
    with structlog.testing.capture_logs() as logs:
        subscriber.subscribe(sleeper.wake)
        for _ in range(100):
            publisher.publish()
        eventually(lambda: len(logs) >= 2, what="word of the outage, by each side")
        redis_process.start()
        sleeper.is_woken(what="a connection")
        arrives(publisher, sleeper)
        eventually(lambda: len(logs) >= 4, what="word of its end")
    for service in {entry["service"] for entry in logs}:
        assert [entry["event"] for entry in logs if entry["service"] == service][:2] == ["away", "back again"]


def test_a_restart(new_wake_ups: NewWakeUps, sleeper: Sleeper, redis_process: RedisProcess) -> None:
    publisher = new_wake_ups()
    publisher.publish()
    sleeper.is_woken()
    redis_process.stop()
    publisher.publish()
    redis_process.start()
    sleeper.is_woken(what="a connection, since which nothing can have been missed")
    arrives(publisher, sleeper)


def test_a_connection_that_broke_while_it_idled_loses_no_wake_up(
    new_wake_ups: NewWakeUps, sleeper: Sleeper, redis_process: RedisProcess
) -> None:
    publisher = new_wake_ups()
    publisher.publish()
    sleeper.is_woken()
    redis_process.stop()
    redis_process.start()
    sleeper.is_woken(what="a connection")
    publisher.publish()
    sleeper.is_woken()


def test_a_flush_is_not_even_noticed(new_wake_ups: NewWakeUps, sleeper: Sleeper, redis_process: RedisProcess) -> None:
    publisher = new_wake_ups()
    publisher.publish()
    sleeper.is_woken()
    redis_process.flush()
    publisher.publish()
    sleeper.is_woken()


def test_a_connection_cut_by_redis(new_wake_ups: NewWakeUps, sleeper: Sleeper, redis_process: RedisProcess) -> None:
    publisher = new_wake_ups()
    publisher.publish()
    sleeper.is_woken()
    with redis_process.client() as client:
        client.client_kill_filter(_type="pubsub")
    sleeper.is_woken(what="a connection")
    arrives(publisher, sleeper)


def test_a_redis_that_hangs_is_noticed_and_found_again(
    new_wake_ups: NewWakeUps, sleeper: Sleeper, redis_process: RedisProcess
) -> None:
    publisher = new_wake_ups()
    publisher.publish()
    sleeper.is_woken()
    with structlog.testing.capture_logs() as logs:
        redis_process.pause()
        publisher.publish()
        # Nothing on the wire tells that it is gone: the subscriber finds out by asking.
        eventually(lambda: len(logs) >= 2, what="word of the outage, by each side")
        redis_process.resume()
        sleeper.is_woken(what="a connection")
        arrives(publisher, sleeper)
    assert {entry["service"] for entry in logs} == {"Redis, for wake-ups of others", "Redis, for being woken"}


@pytest.mark.parametrize("trouble", ["none", "stopped", "hangs", "hangs from the start"])
def test_close_leaves_no_thread(redis_process: RedisProcess, new_threads: NewThreads, trouble: str) -> None:
    if trouble == "hangs from the start":
        redis_process.pause()
    wake_ups, sleeper = WakeUps(redis_process.url), Sleeper()
    wake_ups.subscribe(sleeper.wake)
    if trouble != "hangs from the start":
        sleeper.is_woken(what="a connection")
    wake_ups.publish()
    if trouble == "stopped":
        redis_process.stop()
    if trouble == "hangs":
        redis_process.pause()
    wake_ups.publish()
    assert len(new_threads()) == 2
    wake_ups.close()
    eventually(lambda: not new_threads(), what="the end of the threads")


def test_nothing_begins_after_close(redis_process: RedisProcess, new_threads: NewThreads) -> None:
    wake_ups = WakeUps(redis_process.url)
    wake_ups.close()
    wake_ups.publish()
    wake_ups.close()
    assert not new_threads()


def test_nothing_is_opened_before_it_is_used(redis_process: RedisProcess, new_threads: NewThreads) -> None:
    def connected(client: "redis.Redis") -> int:
        return int(client.info("stats")["total_connections_received"])

    with redis_process.client() as client:
        before = connected(client)
        wake_ups = WakeUps(redis_process.url)
        assert not new_threads()
        assert connected(client) == before
        wake_ups.publish()
        eventually(lambda: connected(client) == before + 1, what="a connection")
        wake_ups.close()


def test_a_fork_publishes_by_itself(redis_process: RedisProcess, sleeper: Sleeper) -> None:
    """What its parent has started does not run there."""
    script = f"""
import os, sys
from server.adapters.redis.wake_ups import WakeUps
wake_ups = WakeUps({redis_process.url!r})
wake_ups.subscribe(lambda: None)
wake_ups.publish()
pid = os.fork()
if pid == 0:
    wake_ups.publish()
    sys.stdin.read()
    wake_ups.close()
    os._exit(0)
sys.stdin.read()
wake_ups.close()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""
    with (
        redis_process.client() as client,
        subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE) as parent,
    ):

        def published() -> int:
            stats = client.info("commandstats").get("cmdstat_publish", {"calls": 0})
            return int(stats["calls"])

        eventually(lambda: published() == 2, what="both messages")
        assert parent.stdin is not None
        parent.stdin.close()
        assert parent.wait(15) == 0
    sleeper.is_woken()


def test_a_callback_that_fails_is_called_again(new_wake_ups: NewWakeUps) -> None:
    times = 0

    def fail() -> None:
        nonlocal times
        times += 1
        raise RuntimeError("a defect of the test's own")

    wake_ups = new_wake_ups()
    with structlog.testing.capture_logs() as logs:
        wake_ups.subscribe(fail)
        eventually(lambda: times == 1, what="a connection")
        wake_ups.publish()
        eventually(lambda: times == 2, what="a wake-up")
        eventually(lambda: len(logs) == 2, what="word of the defect")
    assert {entry["log_level"] for entry in logs} == {"error"}


@pytest.mark.parametrize(
    "address", ["", "localhost", "http://localhost", "redis://localhost?color=red", "redis://localhost?db=one"]
)
def test_an_address_that_is_none_is_told_at_once(address: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        WakeUps(address)


@pytest.mark.parametrize(
    "address",
    [
        "redis://:password@localhost:6379/2",
        "rediss://localhost",
        "unix:///run/redis.sock?db=1",
        "redis://localhost?max_connections=1&socket_timeout=60",
    ],
)
def test_addresses_as_operators_write_them(address: str) -> None:
    WakeUps(address).close()


def test_a_stranger_can_listen(new_wake_ups: NewWakeUps, redis_process: RedisProcess) -> None:
    """The channel is documented: redis-cli SUBSCRIBE shows that something happens, and nothing about what."""
    with redis_process.client() as client, listening(client) as pubsub:
        publisher = new_wake_ups()

        def heard() -> object:
            publisher.publish()
            return pubsub.get_message()

        message = eventually(heard, what="a message")
    assert isinstance(message, dict)
    assert message["data"] == b""
