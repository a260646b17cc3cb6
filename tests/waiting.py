"""Waiting for conditions: the only place where tests let time pass."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_POLL_SECONDS = 0.02


def eventually(look: Callable[[], T], *, within: float = 15.0, what: str = "the condition") -> T:
    """What ``look`` gives as soon as that is true; AssertionError when it was not within so many seconds."""
    give_up = time.monotonic() + within
    while True:
        seen = look()
        if seen:
            return seen
        assert time.monotonic() < give_up, f"{what} did not come about within {within:g} s; last seen: {seen!r}"
        time.sleep(_POLL_SECONDS)
