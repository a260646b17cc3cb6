"""When a delivery that failed is tried again.

``roll`` is a random number of [0, 1): jitter, so that what failed together does not come back together.
"""

from datetime import timedelta

MOST_PATIENCE = timedelta(hours=24)
"""However long the other side asks us to wait."""

_FIRST, _GROWTH, _LONGEST = timedelta(minutes=1), 3, timedelta(hours=2)


def message_delay(attempts: int, roll: float, *, asked: timedelta | None = None) -> timedelta:
    """How long a message to a person waits after so many failed attempts, at least one.

    Full jitter under a bound that grows from one minute to two hours, and no less than was asked for.
    """
    bound = min(_FIRST * _GROWTH ** min(attempts - 1, 10), _LONGEST)
    return _at_least(max(bound * roll, timedelta(seconds=1)), asked)


WEBHOOK_DELAYS = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
    timedelta(hours=12),
)
"""Between one attempt and the next; after the last comes one more attempt, and then none."""


def webhook_delay(attempts: int, roll: float, *, asked: timedelta | None = None) -> timedelta | None:
    """How long a webhook waits after so many failed attempts, give or take a tenth; None when there is no more."""
    if attempts > len(WEBHOOK_DELAYS):
        return None
    return _at_least(WEBHOOK_DELAYS[attempts - 1] * (0.9 + 0.2 * roll), asked)


def _at_least(delay: timedelta, asked: timedelta | None) -> timedelta:
    return delay if asked is None else max(delay, min(asked, MOST_PATIENCE))
