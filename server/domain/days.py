"""Days as a zone counts them."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


def day_starts(now: datetime, days: int, zone: ZoneInfo) -> list[datetime]:
    """The instants at which the last ``days`` days of the zone begin, today's the last of them, and the end of today.

    In order, as times of the zone. A day begins with its first instant: where clocks are put back over midnight the
    earlier one of two, where they are put forward over it the moment of the change.
    """
    first = now.astimezone(zone).date() - timedelta(days=days - 1)
    midnights = (datetime.combine(first + timedelta(days=number), time(), zone) for number in range(days + 1))
    # By way of UTC, as a midnight that clocks leap over is a time that the zone never shows.
    return [midnight.astimezone(UTC).astimezone(zone) for midnight in midnights]
