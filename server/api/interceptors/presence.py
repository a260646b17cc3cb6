"""Is anybody still there? A backlog that its clients have given up must cost next to nothing."""

from typing import Any

from server.api.calls import CallState, Method
from server.api.interceptors.concern import Handler
from server.api.interceptors.decoding import ClientGone
from server.domain.errors import DeadlineExceeded


class Presence:
    """Stops calls that were cancelled, or whose deadline passed, while they waited for a thread."""

    def around(self, method: Method, inner: Handler) -> Handler:  # noqa: ARG002 - the same for all
        """Inside the observers, so that such calls are counted, and outside all work."""

        def handle(state: CallState, request: Any) -> Any:  # noqa: ANN401 - any message
            context = state.context
            if not context.is_active():
                if context.time_remaining() <= 0:
                    raise DeadlineExceeded("The deadline passed before the call was served.")
                raise ClientGone
            return inner(state, request)

        return handle
