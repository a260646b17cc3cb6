"""One line a call, and one more at the opening of a stream, whose own may come days later, or never, after a kill -9.

No bodies, no tokens; written by a thread of its own, so that no call waits for a disk or a pipe.
"""

import itertools
from collections.abc import Callable
from datetime import UTC, datetime
from json.encoder import encode_basestring_ascii as quoted
from time import perf_counter, time
from typing import Any

import grpc

from server.api.calls import CallState, Method
from server.api.interceptors.concern import Handler
from server.domain.errors import Reason

_SERVER_FAULTS = frozenset({"INTERNAL", "UNKNOWN", "DATA_LOSS"})
_WARNINGS = frozenset({"UNAVAILABLE", "RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED"})
_CLEAN_STOP = Reason.SHUTTING_DOWN.value


class AccessLog:
    """Writes to ``sink``, which must be cheap and must not raise.

    ``keep_one_in`` N keeps every Nth line of successful reads and says so in the line (``sampled``);
    changes and failures are always all there. 0 drops the lines of successful reads.
    """

    def __init__(self, sink: Callable[[str], None], keep_one_in: int = 1) -> None:
        self._sink = sink
        self._keep_one_in = keep_one_in
        self._reads = itertools.count()

    def around(self, method: Method, inner: Handler) -> Handler:
        """Registers the line for the end of the call, which for a stream comes long after the handler returned."""
        sampled = method.read_only and not method.streaming and self._keep_one_in != 1
        name = quoted(method.name)
        every, reads, sink = self._keep_one_in, self._reads, self._sink

        def record(state: CallState) -> None:
            if sampled and state.code is grpc.StatusCode.OK and (every == 0 or next(reads) % every):
                return
            sink(_line(state, name, every if sampled else 1))

        def handle(state: CallState, request: Any) -> Any:  # noqa: ANN401 - any message
            state.when_done.append(record)
            return inner(state, request)

        def handle_stream(state: CallState, request: Any) -> Any:  # noqa: ANN401 - any message
            responses = handle(state, request)
            # Not refused. The line of the end comes later in any case: the chain tells of it when this has returned.
            sink(_opening(state, name))
            return responses

        return handle_stream if method.streaming else handle


def _opening(state: CallState, name: str) -> str:
    return (
        f'{{"event": "stream opened", "method": {name}{_who(state)}, "ip": "{state.ip_address or ""}", '
        f'"request_id": "{state.request_id}", "level": "info", "timestamp": "{_now()}"}}\n'
    )


def _line(state: CallState, name: str, every: int) -> str:
    """Put together by hand: structlog and json.dumps cost several times as much, and this runs for every call."""
    elapsed = (perf_counter() - state.started) * 1000
    code = "CANCELLED" if state.code is None else state.code.name
    is_warning = code in _WARNINGS and state.reason != _CLEAN_STOP
    level = "error" if code in _SERVER_FAULTS else "warning" if is_warning else "info"
    reason = f', "reason": "{state.reason}"' if state.reason else ""
    sampled = f', "sampled": {every}' if every > 1 and code == "OK" else ""
    return (
        f'{{"event": "rpc", "method": {name}, "code": "{code}"{reason}, "duration_ms": {elapsed:.3f}{_who(state)}, '
        f'"ip": "{state.ip_address or ""}", "request_id": "{state.request_id}"{sampled}, '
        f'"level": "{level}", "timestamp": "{_now()}"}}\n'
    )


def _who(state: CallState) -> str:
    principal = state.principal
    return "" if principal is None else f', "sub": {quoted(principal.user_id)}, "role": "{principal.role.value}"'


def _now() -> str:
    return f"{datetime.fromtimestamp(time(), UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
