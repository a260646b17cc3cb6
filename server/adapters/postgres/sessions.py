"""A pooled connection for the length of one read or transaction, and what its failures mean.

The caller's deadline becomes ``statement_timeout``. It is rounded up to a step, and set for the session
only when the step differs from the one the connection has, so that it costs a round trip only where
callers' deadlines vary widely. Behind PgBouncer in transaction mode a session's settings are not one's
own: there (``session_settings=False``) it is set within the transaction.
"""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import psycopg
from psycopg import errors as pg
from psycopg.rows import TupleRow
from psycopg_pool import PoolTimeout, TooManyRequests

from server.adapters.postgres.interruptions import Interruptions, Lease
from server.adapters.postgres.pool import Connection, Pool
from server.adapters.postgres.statements import Statement
from server.application.call import Call
from server.domain.errors import Aborted, DeadlineExceeded, Reason, Unavailable

T = TypeVar("T")

TIMEOUT_STEPS_MS = (50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000)
MAX_ATTEMPTS = 5

_LOST = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    PoolTimeout,
    TooManyRequests,
    pg.AdminShutdown,
    pg.CannotConnectNow,
    pg.CrashShutdown,
    pg.IdleInTransactionSessionTimeout,
)
_LOSING = (pg.SerializationFailure, pg.DeadlockDetected, pg.LockNotAvailable)


@dataclass(frozen=True, slots=True)
class Session:
    """Runs statements on one connection on behalf of one call."""

    connection: Connection
    call: Call

    def all(self, statement: Statement, parameters: Mapping[str, Any]) -> list[TupleRow]:
        """All rows."""
        return self._execute(statement, parameters).fetchall()

    def first(self, statement: Statement, parameters: Mapping[str, Any]) -> TupleRow | None:
        """The first row, or None."""
        return self._execute(statement, parameters).fetchone()

    def run(self, statement: Statement, parameters: Mapping[str, Any]) -> int:
        """The number of rows it touched."""
        return self._execute(statement, parameters).rowcount

    def _execute(self, statement: Statement, parameters: Mapping[str, Any]) -> psycopg.Cursor[TupleRow]:
        return self.connection.execute(
            statement.sql, statement.parameters(parameters), prepare=None if statement.prepare else False
        )


class Sessions:
    """The pool, with deadlines and errors in the application's terms."""

    def __init__(
        self,
        pool: Pool,
        *,
        session_settings: bool,
        default_timeout_ms: int,
        interruptions: Interruptions | None = None,
    ) -> None:
        self._pool = pool
        self._interruptions = interruptions
        self._session_settings = session_settings
        self._default_timeout_ms = default_timeout_ms
        self._timeouts: WeakKeyDictionary[Connection, int] = WeakKeyDictionary()

    @contextmanager
    def autocommit(self, call: Call) -> Iterator[Session]:
        """For reads, and for writes of one statement. Raises what ``UnitOfWork`` promises.

        Behind a PgBouncer it is a transaction, since only there the timeout can be set.
        """
        if not self._session_settings:
            with self.transaction(call) as session:
                yield session
            return
        with _translated(self._pool):
            lease = self._take(call)
            connection = lease.connection
            try:
                self._limit(connection, call)
                yield Session(connection, call)
            finally:
                self._give_back(lease)

    @contextmanager
    def transaction(self, call: Call, *, snapshot: bool = False) -> Iterator[Session]:
        """One transaction: committed on a normal end, rolled back otherwise. The only place with a commit."""
        with _translated(self._pool, for_writing=not snapshot):
            lease = self._take(call)
            connection = lease.connection
            try:
                if self._session_settings:
                    self._limit(connection, call)
                with connection.transaction():
                    if snapshot:
                        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
                    if not self._session_settings:
                        timeout = str(self._timeout_ms(call))
                        connection.execute("SELECT set_config('statement_timeout', %s, true)", [timeout])
                    yield Session(connection, call)
            finally:
                self._give_back(lease)

    def retrying(self, call: Call, attempt: Callable[[], T]) -> T:
        """Run a whole transaction, again when it lost against another one, with growing random pauses."""
        for number in range(1, MAX_ATTEMPTS + 1):
            try:
                return attempt()
            except _LOSING as error:
                left = call.seconds_left()
                pause = random.uniform(0, 0.01 * 2**number)  # noqa: S311 - spreads retries, keeps no secret
                if number == MAX_ATTEMPTS or (left is not None and left <= pause):
                    raise Aborted(
                        "Lost against concurrent changes several times. Try again.", reason=Reason.CONFLICT
                    ) from error
                time.sleep(pause)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _take(self, call: Call) -> Lease:
        left = call.seconds_left()
        if left is not None and left <= 0:
            raise DeadlineExceeded("The deadline passed before the work began.")
        wait = self._pool.timeout if left is None else min(left, self._pool.timeout)
        connection = self._pool.getconn(timeout=wait)
        if self._interruptions is None:
            return Lease(connection, call)
        return self._interruptions.begin(connection, call)

    def _give_back(self, lease: Lease) -> None:
        if self._interruptions is not None:
            self._interruptions.end(lease)
        self._pool.putconn(lease.connection)

    def _timeout_ms(self, call: Call) -> int:
        left = call.seconds_left()
        if left is None:
            return self._default_timeout_ms
        wanted = left * 1000
        return next((step for step in TIMEOUT_STEPS_MS if step >= wanted), self._default_timeout_ms)

    def _limit(self, connection: Connection, call: Call) -> None:
        timeout = self._timeout_ms(call)
        if self._timeouts.get(connection) != timeout:
            connection.execute("SELECT set_config('statement_timeout', %s, false)", [str(timeout)])
            self._timeouts[connection] = timeout


@contextmanager
def _translated(pool: Pool, *, for_writing: bool = True) -> Iterator[None]:
    """psycopg's failures as the application knows them; what is left is a defect."""
    try:
        yield
    except pg.QueryCanceled as error:
        raise DeadlineExceeded("The deadline passed before the work was done.") from error
    except _LOSING:
        raise
    except (PoolTimeout, TooManyRequests) as error:
        # A pool that gave up connecting tries again only for those who may wait, and callers who have waited in vain
        # count as waiting until a connection comes: without this, an outage that many waited for would have no end.
        pool.check()
        raise Unavailable(context={"cause": "all database connections are taken or the database is away"}) from error
    except _LOST as error:
        pool.check()  # one broken connection is seldom alone: replace the others before they fail callers
        raise Unavailable(context={"cause": f"{type(error).__name__}: {error}"}) from error
    except pg.ReadOnlySqlTransaction as error:
        if not for_writing:
            raise StorageDefect(_without_values(error)).with_traceback(error.__traceback__) from None
        # A standby, or a primary that has been replaced: what takes writes is elsewhere, or soon here.
        raise Unavailable(context={"cause": "the database takes no writes: is it a standby?"}) from error
    except psycopg.Error as error:
        raise StorageDefect(_without_values(error)).with_traceback(error.__traceback__) from None


class StorageDefect(Exception):
    """PostgreSQL refused what we should not have asked.

    It stands in for psycopg's error, whose text quotes the row that was refused: that would bring the
    protected fields of sensitive tickets into the log.
    """


def _without_values(error: psycopg.Error) -> str:
    """What names the defect. Data exceptions (class 22) have the value in their first line already."""
    if error.sqlstate is None:
        return f"{type(error).__name__}: {error}"
    found = error.diag
    text = "" if error.sqlstate.startswith("22") else found.message_primary or ""
    names = [name for name in (found.table_name, found.column_name, found.constraint_name) if name]
    return f"{type(error).__name__} ({error.sqlstate}): {'; '.join([text, *names])}"
