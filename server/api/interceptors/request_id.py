"""Every call has an id: the client's own when it is harmless, else a new one. It comes back in the trailers."""

import itertools
import os
import re
from typing import Any

from server.api.calls import CallState, Method
from server.api.errors import REQUEST_ID_KEY
from server.api.interceptors.concern import Handler
from server.log import request_id as logged_request_id

_HARMLESS = re.compile(r"[A-Za-z0-9._:/+=-]{1,100}")


class RequestId:
    """Ids are a random prefix of the process and a number: unique, and far cheaper than a UUID a call."""

    def __init__(self) -> None:
        self._prefix = os.urandom(8).hex()
        self._numbers = itertools.count(1)

    def around(self, method: Method, inner: Handler) -> Handler:  # noqa: ARG002 - the same for all
        """Trailing metadata only: initial metadata would cost a message of its own."""

        def handle(state: CallState, request: Any) -> Any:  # noqa: ANN401 - any message
            given = state.metadata.get(REQUEST_ID_KEY)
            if isinstance(given, str) and _HARMLESS.fullmatch(given):
                state.request_id = given
            else:
                state.request_id = f"{self._prefix}-{next(self._numbers):x}"
            logged_request_id.set(state.request_id)
            state.context.set_trailing_metadata(((REQUEST_ID_KEY, state.request_id),))
            return inner(state, request)

        return handle
