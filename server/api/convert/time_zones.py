"""Names of time zones."""

from functools import cache
from zoneinfo import available_timezones


@cache
def time_zones() -> frozenset[str]:
    """Names that mean the same on every machine, so that PostgreSQL knows them too."""
    return frozenset(available_timezones() - {"localtime", "Factory"})
