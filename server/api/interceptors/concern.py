"""The shape that all concerns share."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from server.api.calls import CallState, Method

Handler = Callable[[CallState, Any], Any]
"""Serves a call: state and request in, response out (None for a server stream)."""


class Concern(Protocol):
    """One layer around a handler.

    ``around`` runs once for each method, so that work which depends on the method alone is not repeated
    for every call.
    """

    def around(self, method: Method, inner: Handler) -> Handler:
        """``inner`` with this concern about it."""
        ...


def compose(concerns: Sequence[Concern | None], method: Method, innermost: Handler) -> Handler:
    """``innermost`` with the concerns about it, the first of them outermost."""
    handler = innermost
    for concern in reversed(concerns):
        if concern is not None:
            handler = concern.around(method, handler)
    return handler
