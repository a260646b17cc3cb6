"""Numbers of JSON that have to pass through a double, as all numbers of the contract do."""

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any


def as_double_holds(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """A JSON value; a number in it that a double does not hold exactly becomes text."""
    if isinstance(value, Mapping):
        return {key: as_double_holds(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_double_holds(item) for item in value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return value if _is_double(value) else str(value)


def _is_double(value: int | float) -> bool:
    """Whether the number, written out as jsonb keeps it, is the shortest name of a double: 10**21 is, 2**53 + 1 not."""
    if isinstance(value, float):
        return math.isfinite(value)
    try:
        return Decimal(repr(float(value))) == value
    except OverflowError:
        return False
