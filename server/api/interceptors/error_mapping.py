"""Failures become statuses here and nowhere else, by the table in ``server.api.errors``."""

from collections.abc import Callable
from typing import Any, NoReturn

import grpc
import structlog

from server.api.calls import CallState, Method
from server.api.errors import Failure, failure_of
from server.api.interceptors.concern import Handler
from server.api.interceptors.decoding import ClientGone
from server.domain.errors import TicketsError, Unimplemented

_log = structlog.get_logger("server.api")


class ErrorMapping:
    """Nothing that a handler raises reaches the client as it is."""

    def around(self, method: Method, inner: Handler) -> Handler:
        """Aborts the call with the status of the error."""
        streaming = method.streaming

        def handle(state: CallState, request: Any) -> Any:  # noqa: ANN401 - any message
            try:
                response = inner(state, request)
            except ClientGone as gone:
                if gone.signal is not None:
                    raise gone.signal from None
                state.context.abort(grpc.StatusCode.CANCELLED, "")
            except Exception as error:  # noqa: BLE001 - the last place before grpc would answer with its text
                self.abort(state, error)
            if not streaming:
                state.code = grpc.StatusCode.OK
            return response

        return handle

    def abort(self, state: CallState, error: Exception) -> NoReturn:
        """End the call with the status of ``error``, by the exception that grpc expects."""
        failure = failed(state, error)
        state.context.abort_with_status(failure)
        raise AssertionError("abort_with_status returned") from error


def failed(state: CallState, error: Exception) -> Failure:
    """The status for ``error``, noted in ``state`` and, as far as it concerns us and not the client, in the log."""
    expected = error if isinstance(error, TicketsError) else _unimplemented(state, error)
    if expected is None:
        _log.error("internal error", method=state.method.name, request_id=state.request_id, exc_info=error)
    elif expected.context:
        # Under one key, so that no name of the context can stand in for a field of the line.
        _log.warning(
            "refused",
            method=state.method.name,
            request_id=state.request_id,
            reason=expected.reason.value,
            context=expected.context,
        )
    failure = failure_of(expected or error, state.request_id)
    state.code = failure.code
    state.reason = failure.reason
    return failure


def _unimplemented(state: CallState, error: Exception) -> Unimplemented | None:
    """The generated base class of a servicer sets the code before it raises; our own code never does."""
    code: Callable[[], grpc.StatusCode | None] | None = getattr(state.context, "code", None)
    if isinstance(error, NotImplementedError) and code is not None and code() is grpc.StatusCode.UNIMPLEMENTED:
        return Unimplemented(f"{state.method.name} is not offered by this server.")
    return None
