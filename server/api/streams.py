"""Ending a server stream that holds no thread (design decision 2).

A handler marked ``experimental_non_blocking`` is called with a third argument, ``send``: it registers its
reader and returns; messages, or bytes serialised once for many readers, go through ``send`` later and from
other threads. It ends by ``end_stream`` or ``fail_stream``, each of which may be called once.
"""

import grpc

from server.api.calls import CallState, state_of
from server.api.interceptors.error_mapping import failed


def end_stream(context: grpc.ServicerContext) -> None:
    """The server has no more to say: status OK."""
    state = state_of(context)
    state.code = grpc.StatusCode.OK
    _close(state)


def fail_stream(context: grpc.ServicerContext, error: Exception) -> None:
    """The status that ``error`` has everywhere else, details included."""
    state = state_of(context)
    failure = failed(state, error)
    context.set_code(failure.code)
    context.set_details(failure.details)
    context.set_trailing_metadata(failure.trailing_metadata)
    _close(state)


def _close(state: CallState) -> None:
    if state.send is None:
        raise LookupError("this call is no stream without a thread")
    state.send(None)
