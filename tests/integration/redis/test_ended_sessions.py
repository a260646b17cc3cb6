"""Word of ended sessions through a Redis that is well, away, or has lost what it had."""

from collections.abc import Callable, Iterator, Sequence

import pytest

from server.adapters.redis.ended_sessions import KEPT, LOG, End, EndedSessions
from tests.redis_process import RedisProcess
from tests.waiting import eventually


class Listener:
    """One process, and what it has heard."""

    def __init__(self, redis_url: str) -> None:
        self.word = EndedSessions(redis_url)
        self.heard: list[str] = []
        self.times: dict[str, float] = {}
        self.word.start(self._hear)

    def tell(self, mark: str, at: float = 1.7e9) -> None:
        self.word.tell(mark, at)

    def _hear(self, ends: Sequence[End]) -> None:
        self.times.update(ends)
        self.heard += [mark for mark, _ in ends]

    def hears(self, mark: str) -> None:
        eventually(lambda: mark in self.heard, what=f"{mark} among {self.heard[-3:]}")


NewListener = Callable[[], Listener]


@pytest.fixture
def new_listener(redis_process: RedisProcess) -> Iterator[NewListener]:
    """As if of a process each."""
    made: list[Listener] = []

    def new() -> Listener:
        made.append(Listener(redis_process.url))
        return made[-1]

    yield new
    for listener in made:
        listener.word.stop()


def test_everybody_else_hears_in_order(new_listener: NewListener) -> None:
    teller, *others = [new_listener() for _ in range(3)]
    for number in range(100):
        teller.tell(f"{number:03}")
    for listener in others:
        listener.hears("099")
        assert listener.heard == sorted(set(listener.heard))
    others[0].tell("of another")
    teller.hears("of another")
    assert teller.heard == ["of another"]


def test_an_end_is_told_with_its_time_however_late(new_listener: NewListener, redis_process: RedisProcess) -> None:
    one, two = new_listener(), new_listener()
    redis_process.stop()
    one.tell("end", 1_700_000_000.25)
    redis_process.start()
    two.hears("end")
    assert two.times["end"] == 1_700_000_000.25


@pytest.mark.parametrize("at", [(), ("at", ""), ("at", "-1"), ("at", "nan"), ("at", "9" * 5000)])
def test_an_end_without_a_time_has_that_of_redis(
    new_listener: NewListener, redis_process: RedisProcess, at: tuple[str, ...]
) -> None:
    listener = new_listener()
    with redis_process.client() as client:
        place = client.execute_command("XADD", LOG, "*", "mark", "end", *at)  # type: ignore[no-untyped-call]  # of redis
    listener.hears("end")
    assert listener.times["end"] == int(place.split(b"-")[0]) / 1000


def test_who_was_cut_off_goes_on_where_they_were(new_listener: NewListener, redis_process: RedisProcess) -> None:
    listener = new_listener()
    new_listener().tell("before")
    listener.hears("before")
    with redis_process.client() as client:
        for number in range(20):
            client.client_kill_filter(_type="normal", skipme=True)
            client.xadd(LOG, {"mark": f"while-{number}"})
    listener.hears("while-19")
    assert listener.heard == ["before", *(f"while-{number}" for number in range(20))]


def test_what_is_told_while_redis_is_away_is_told_when_it_is_back(
    new_listener: NewListener, redis_process: RedisProcess
) -> None:
    one, two = new_listener(), new_listener()
    redis_process.stop()
    for number in range(50):
        one.tell(f"{number:02}")
    third = new_listener()  # which has never seen it
    redis_process.start()
    for listener in (two, third):
        listener.hears("49")
        assert sorted(set(listener.heard)) == [f"{number:02}" for number in range(50)]


def test_the_log_does_not_grow_for_ever(new_listener: NewListener, redis_process: RedisProcess) -> None:
    teller, listener = new_listener(), new_listener()
    for number in range(KEPT):
        teller.tell(str(number))
    listener.hears(str(KEPT - 1))
    with redis_process.client() as client:
        pipeline = client.pipeline(transaction=False)
        for _ in range(KEPT):
            pipeline.xadd(LOG, {"mark": "more"}, maxlen=KEPT, approximate=True)
        pipeline.execute()
    teller.tell("last")
    listener.hears("last")
    with redis_process.client() as client:
        assert client.xlen(LOG) < 1.1 * KEPT


def test_what_nobody_takes_is_forgotten_in_the_end(redis_process: RedisProcess, new_listener: NewListener) -> None:
    teller, listener = new_listener(), new_listener()
    redis_process.stop()
    for number in range(3 * KEPT):
        teller.tell(str(number))
    redis_process.start()
    listener.hears(str(3 * KEPT - 1))
    assert len(set(listener.heard)) <= KEPT + 1


def test_what_could_not_be_told_does_not_push_the_newest_out(
    new_listener: NewListener, redis_process: RedisProcess
) -> None:
    teller, listener = new_listener(), new_listener()
    teller.tell("first")
    listener.hears("first")
    redis_process.pause()
    for number in range(KEPT + 1):  # the first of them is under way, and will be put back
        teller.tell(str(number))
    redis_process.stop()
    redis_process.start()
    listener.hears(str(KEPT))


def test_a_user_of_redis_who_may_do_nothing_else_is_enough(redis_process: RedisProcess) -> None:
    with redis_process.client() as client:
        may = ["+xadd", "+xread"]
        client.acl_setuser("gateway", enabled=True, passwords=["+secret"], keys=[LOG], commands=may)
    address = f"unix://gateway:secret@{redis_process.url.removeprefix('unix://')}"
    teller, listener = Listener(address), Listener(address)
    teller.tell("heard")
    listener.hears("heard")
    teller.word.stop()
    listener.word.stop()


def test_what_is_no_address(redis_process: RedisProcess) -> None:
    for address in ("nonsense", f"{redis_process.url}?no_such_option=1"):
        with pytest.raises(ValueError, match="Redis"):
            EndedSessions(address)
