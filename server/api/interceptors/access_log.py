"""One line a call. No bodies, no tokens; written by a thread of its own, so that no call waits for a disk or a pipe."""

import itertools
from collections.abc import Callable
from datetime import UTC, datetime
from json.encoder import encode_basestring_ascii as quoted
from time import perf_counter, time
from typing import Any

import grpc

from server.api.calls import CallState, Method
from server.api.interceptors.concern import Handler

_SERVER_FAULTS = frozenset({"INTERNAL", "UNKNOWN", "DATA_LOSS"})
_WARNINGS = frozenset({"UNAVAILABLE", "RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED"})


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

        return handle


def _line(state: CallState, name: str, every: int) -> str:
    """Put together by hand: structlog and json.dumps cost several times as much, and this runs for every call."""
    elapsed = (perf_counter() - state.started) * 1000
    code = "CANCELLED" if state.code is None else state.code.name
    level = "error" if code in _SERVER_FAULTS else "warning" if code in _WARNINGS else "info"
    principal = state.principal
    who = "" if principal is None else f', "sub": {quoted(principal.user_id)}, "role": "{principal.role.value}"'
    reason = f', "reason": "{state.reason}"' if state.reason else ""
    sampled = f', "sampled": {every}' if every > 1 and code == "OK" else ""
    return (
        f'{{"event": "rpc", "method": {name}, "code": "{code}"{reason}, "duration_ms": {elapsed:.3f}{who}, '
        f'"ip": "{state.ip_address or ""}", "request_id": "{state.request_id}"{sampled}, '
        f'"level": "{level}", "timestamp": "{datetime.fromtimestamp(time(), UTC):%Y-%m-%dT%H:%M:%S.%fZ}"}}\n'
    )
