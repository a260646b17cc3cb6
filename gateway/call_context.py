"""What the head of a request says beside which RPC it calls and with what: id, deadline, trace."""

import itertools
import os
import re
from collections.abc import Mapping

from starlette.types import Scope

from gateway.bad_request import BadRequest

_HARMLESS = re.compile(r"[A-Za-z0-9._:/+=-]{1,100}")
_TIMEOUT = re.compile(r"([0-9]{1,8})([HMSmun])")
_SECONDS = {"H": 3600.0, "M": 60.0, "S": 1.0, "m": 1e-3, "u": 1e-6, "n": 1e-9}
_TRACE = re.compile(r"[ -~]{1,512}")
_prefix = os.urandom(8).hex()
_numbers = itertools.count(1)


def headers_of(scope: Scope) -> dict[str, str]:
    """By lower-case name; a header that comes more than once is one list, as HTTP has it."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def request_id_of(headers: Mapping[str, str]) -> str:
    """The client's own where it is harmless, else a new one. The server takes it over for its log."""
    given = headers.get("x-request-id")
    return given if given is not None and _HARMLESS.fullmatch(given) else f"{_prefix}-{next(_numbers):x}"


def timeout_of(headers: Mapping[str, str], limit_seconds: float) -> float:
    """Seconds, by the header Grpc-Timeout as gRPC writes it (``500m`` are milliseconds), and never more than the limit.

    Raises BadRequest.
    """
    given = headers.get("grpc-timeout")
    if given is None:
        return limit_seconds
    found = _TIMEOUT.fullmatch(given.strip())
    if found is None:
        raise BadRequest(
            [("", "the header Grpc-Timeout must be up to 8 digits and one of H, M, S, m, u, n, such as 10S or 500m")]
        )
    return min(int(found[1]) * _SECONDS[found[2]], limit_seconds)


def trace_of(headers: Mapping[str, str]) -> list[tuple[str, str]]:
    """The caller's trace context (W3C), as metadata. What cannot be one is left out."""
    return [
        (name, headers[name])
        for name in ("traceparent", "tracestate")
        if name in headers and _TRACE.fullmatch(headers[name])
    ]
