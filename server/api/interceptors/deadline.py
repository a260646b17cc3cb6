"""Until when an answer is worth anything; and the Call that the use case is given."""

import time
from typing import Any

from server.api.calls import CallState, Method
from server.api.interceptors.concern import Handler
from server.application.call import Call
from server.domain.errors import DeadlineExceeded


class Deadline:
    """The client's deadline, and never more than ``limit_seconds`` for a unary call.

    A call whose deadline passed while it waited for a thread is refused before any work is done for it.
    Streams have the client's deadline alone.
    """

    def __init__(self, limit_seconds: float) -> None:
        self._limit = limit_seconds

    def around(self, method: Method, inner: Handler) -> Handler:
        """Sets ``state.deadline`` and ``state.call``."""
        limit = float("inf") if method.streaming else self._limit

        def handle(state: CallState, request: Any) -> Any:  # noqa: ANN401 - any message
            # Without a deadline of the client's this is some centuries.
            seconds = min(state.context.time_remaining(), limit)
            if seconds <= 0:
                raise DeadlineExceeded("The deadline passed before the call was served.")
            if seconds < 1e9:
                state.deadline = time.monotonic() + seconds
            principal = state.principal
            if principal is not None:
                state.call = Call(
                    principal, state.ip_address, state.request_id, state.deadline, state.context.is_active
                )
            return inner(state, request)

        return handle
