"""What the API layer knows of one call while it is served, and how a servicer asks for it."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf import descriptor_pool
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions

from server.application.call import Call
from server.domain.principal import Principal

Send = Callable[[Any], None]
"""Sends one message of a server stream; None ends the stream."""


@dataclass(frozen=True, slots=True)
class Method:
    """One RPC, as far as interceptors care."""

    path: str
    """``/rodistaa.tickets.v1.TicketService/GetTicket``"""
    name: str
    """``TicketService/GetTicket``: the short name in logs and metrics."""
    read_only: bool = False
    """Marked NO_SIDE_EFFECTS or IDEMPOTENT in the contract."""
    streaming: bool = False
    """A server stream."""

    @classmethod
    def at(cls, path: str, *, streaming: bool = False) -> "Method":
        """The method of a known path, from the contract's own descriptors where they are loaded."""
        service, _, rpc = path.lstrip("/").partition("/")
        name = f"{service.rpartition('.')[2]}/{rpc}"
        try:
            descriptor: MethodDescriptor = descriptor_pool.Default().FindMethodByName(f"{service}.{rpc}")
        except KeyError:
            return cls(path, name, streaming=streaming)
        level = descriptor.GetOptions().idempotency_level
        return cls(
            path,
            name,
            read_only=level != MethodOptions.IdempotencyLevel.IDEMPOTENCY_UNKNOWN,
            streaming=streaming,
        )


class CallState:
    """What the interceptors of one call tell each other. Made when its handler starts, dropped when it is done."""

    __slots__ = (
        "call",
        "code",
        "context",
        "deadline",
        "ip_address",
        "metadata",
        "method",
        "principal",
        "reason",
        "request_id",
        "send",
        "started",
        "still_valid",
        "when_done",
    )

    def __init__(self, method: Method, context: grpc.ServicerContext, send: Send | None = None) -> None:
        self.method = method
        self.context = context
        self.send = send
        """For a server stream without a thread; None for all other calls."""
        self.started = time.perf_counter()
        self.metadata: Mapping[str, str | bytes] = dict(context.invocation_metadata())
        """Of a key sent twice the last value counts."""
        self.request_id = ""
        self.ip_address: str | None = None
        self.principal: Principal | None = None
        self.still_valid: Callable[[], Principal] | None = None
        """Look at the credentials again, from any thread: whom they stand for now. None before authentication.

        Raises Unauthenticated when they have expired or are believed no longer, and Unavailable when that
        cannot be told. Cheap, but where keys have changed it may wait for the new ones to be fetched.
        """
        self.deadline: float | None = None
        self.call: Call | None = None
        self.code: grpc.StatusCode | None = None
        """How it ended; None while it runs, or when the client went away."""
        self.reason = ""
        self.when_done: list[Callable[[CallState], None]] = []
        """Called once when the call is over, a stream's end included. They must not raise."""

    def finish(self) -> None:
        """Tell those who wait for the end."""
        for callback in self.when_done:
            callback(self)


_STATE = "tickets_call_state"


def bind_state(context: grpc.ServicerContext, state: CallState) -> None:
    """Make ``state`` the one that ``call_of`` and ``state_of`` find on this context."""
    setattr(context, _STATE, state)


def state_of(context: grpc.ServicerContext) -> CallState:
    """The state bound to this context; LookupError outside the interceptor chain."""
    state: CallState | None = getattr(context, _STATE, None)
    if state is None:
        raise LookupError("this call did not come through the interceptor chain")
    return state


def call_of(context: grpc.ServicerContext) -> Call:
    """Identity and circumstances of the call being served.

    Raises LookupError for a method that is exempt from authentication: it has no caller.
    """
    call = state_of(context).call
    if call is None:
        raise LookupError("this call was not authenticated")
    return call


def credentials_of(context: grpc.ServicerContext) -> Callable[[], Principal]:
    """What looks at the caller's credentials again; see ``CallState.still_valid``. LookupError as ``call_of``."""
    still_valid = state_of(context).still_valid
    if still_valid is None:
        raise LookupError("this call was not authenticated")
    return still_valid
