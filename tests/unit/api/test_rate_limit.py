"""The token bucket, by a clock that the test turns."""

import pytest

from server.api.interceptors.rate_limit import RateLimit
from server.domain.ids import UserId

ASHA, RAVI = UserId("asha"), UserId("ravi")


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_then_the_rate() -> None:
    clock = Clock()
    limit = RateLimit(10.0, 5, clock)
    assert [limit.take(ASHA) for _ in range(5)] == [0.0] * 5
    wait = limit.take(ASHA)
    assert wait == pytest.approx(0.1)
    clock.now += wait
    assert limit.take(ASHA) == 0.0
    assert limit.take(ASHA) > 0


def test_a_refused_call_takes_nothing() -> None:
    clock = Clock()
    limit = RateLimit(1.0, 1, clock)
    limit.take(ASHA)
    waits = [limit.take(ASHA) for _ in range(10)]
    assert waits == [pytest.approx(1.0)] * 10


def test_an_idle_bucket_fills_up_to_the_burst_and_no_further() -> None:
    clock = Clock()
    limit = RateLimit(10.0, 3, clock)
    clock.now += 3600
    assert [limit.take(ASHA) == 0.0 for _ in range(4)] == [True, True, True, False]


def test_callers_do_not_share_a_bucket() -> None:
    limit = RateLimit(1.0, 1, Clock())
    assert limit.take(ASHA) == 0.0
    assert limit.take(RAVI) == 0.0
    assert limit.take(ASHA) > 0


def test_the_number_of_buckets_is_bounded_and_the_busy_ones_stay() -> None:
    limit = RateLimit(1.0, 1, Clock(), max_buckets=2)
    limit.take(ASHA)
    for number in range(10):
        limit.take(UserId(f"u{number}"))
        assert limit.take(ASHA) > 0


@pytest.mark.parametrize(("rate", "burst"), [(0.0, 1), (-1.0, 1), (1.0, 0)])
def test_a_limit_that_lets_nobody_through_is_a_mistake(rate: float, burst: int) -> None:
    with pytest.raises(ValueError, match="positive rate"):
        RateLimit(rate, burst)
