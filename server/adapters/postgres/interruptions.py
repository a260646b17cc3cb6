"""Statements that nobody waits for any more are cancelled, so that they do not keep a connection from others.

A cancel request names a connection, not a statement. It is sent only while the call in question has the
connection, and the connection is not given to anyone else before PostgreSQL has acted upon the request; when
that is not certain, the connection is closed. Not for use behind a PgBouncer, where connections are not one's own.
"""

import threading

import structlog

from server.adapters.postgres.pool import Connection
from server.application.call import Call

_log = structlog.get_logger("server.postgres")

_TICK_SECONDS = 0.1
_CANCEL_SECONDS = 2.0
_GONE = object()


class Lease:
    """One call's hold on one connection."""

    __slots__ = ("call", "certain", "connection", "finished")

    def __init__(self, connection: Connection, call: Call) -> None:
        self.connection = connection
        self.call = call
        self.finished: threading.Event | None = None
        """There once a cancel request is about to be sent, set when nothing more can come of it."""
        self.certain = True
        """Whether PostgreSQL has said that it acted upon the request."""


class Interruptions:
    """Looks ten times a second, in a thread of its own: what is shorter than that is not worth a cancel request."""

    def __init__(self) -> None:
        self._leases: dict[Lease, None] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="interruptions", daemon=True)

    def start(self) -> None:
        """Once."""
        self._thread.start()

    def stop(self) -> None:
        """Send no more cancel requests; also where it was never started."""
        self._stopping.set()

    def begin(self, connection: Connection, call: Call) -> Lease:
        """The call has the connection until ``end``."""
        lease = Lease(connection, call)
        if call.is_wanted is not None:
            self._leases[lease] = None
        return lease

    def end(self, lease: Lease) -> None:
        """Waits where a cancel request is under way; afterwards the connection may be given to others, or is closed."""
        if lease.call.is_wanted is None or self._leases.pop(lease, _GONE) is None:
            return
        if lease.finished is not None:
            lease.finished.wait()
        if not lease.certain:
            lease.connection.close()

    def interrupt_unwanted(self) -> None:
        """Cancel the statement of each call whose client is gone. Once a lease: what follows has its timeout."""
        for lease in self._leases.copy():
            wanted = lease.call.is_wanted
            if wanted is None or wanted():
                continue
            lease.finished = threading.Event()
            # Whoever takes the lease out has the connection: either the call is done with it, or it waits for us.
            if self._leases.pop(lease, _GONE) is None:
                self._interrupt(lease, lease.finished)

    def _interrupt(self, lease: Lease, finished: threading.Event) -> None:
        try:
            lease.connection.cancel_safe(timeout=_CANCEL_SECONDS)
        except Exception as error:  # noqa: BLE001 - whatever it is, the connection is not to be trusted any more
            lease.certain = False
            _log.info("a statement could not be cancelled", error=type(error).__name__)
        finally:
            finished.set()

    def _run(self) -> None:
        while not self._stopping.wait(_TICK_SECONDS):
            self.interrupt_unwanted()
