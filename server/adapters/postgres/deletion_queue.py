"""What is to be deleted from the object store. See ``DeletionQueue``."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import LiteralString

from server.adapters.postgres.sessions import Session, Sessions
from server.application.call import Call
from server.domain.errors import Unavailable
from server.domain.principal import SYSTEM

HOLD = timedelta(seconds=3)
"""After this long a batch begins no further deletion: its open transaction holds back whoever reads the outbox."""

# One statement, so that there is no instant at which an object is neither an attachment's nor to be deleted. An upload
# that is completed at this moment is held by its lock, and passed over.
GIVE_UP: LiteralString = """
    WITH abandoned AS (
        SELECT ticket_id, id FROM ticket_attachments
        WHERE status = 'pending' AND created_at < %(before)s
        ORDER BY created_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
    ), given_up AS (
        DELETE FROM ticket_attachments AS attachment USING abandoned
        WHERE attachment.ticket_id = abandoned.ticket_id AND attachment.id = abandoned.id
        RETURNING attachment.object_key
    ), noted AS (
        INSERT INTO object_deletions (object_key) SELECT DISTINCT object_key FROM given_up
        ON CONFLICT (object_key) DO NOTHING
    )
    SELECT count(*) FROM given_up
"""
DUE: LiteralString = """
    SELECT object_key FROM object_deletions WHERE delete_after <= now()
    ORDER BY delete_after LIMIT %(limit)s FOR UPDATE SKIP LOCKED
"""
GONE: LiteralString = "DELETE FROM object_deletions WHERE object_key = ANY (%(keys)s)"
WAIT_LONGER: LiteralString = """
    UPDATE object_deletions
    SET attempts = attempts + 1, delete_after = now() + least(interval '1 minute' * 2 ^ least(attempts, 6), '1 hour')
    WHERE object_key = %(key)s
"""
_GUARD: LiteralString = "SELECT set_config('idle_in_transaction_session_timeout', %(milliseconds)s, true)"


class PostgresDeletionQueue:
    """Keeps the rows of a batch locked while their objects are deleted.

    ``guard``: PostgreSQL ends a session that has been silent for longer, and whoever waits for its rows goes on. It
    must be more than a request to the store may take: who keeps an object after that may lose it all the same.
    """

    def __init__(self, sessions: Sessions, *, guard: timedelta, hold: timedelta = HOLD) -> None:
        self._sessions = sessions
        self._guard = str(int((guard + hold).total_seconds() * 1000))
        self._hold = hold

    def give_up_uploads(self, *, created_before: datetime, limit: int) -> int:
        with self._sessions.transaction(Call(SYSTEM)) as session:
            row = session.connection.execute(GIVE_UP, {"before": created_before, "limit": limit}).fetchone()
        return 0 if row is None else int(row[0])

    def delete_due(self, delete: Callable[[str], None], *, limit: int) -> tuple[int, int]:
        """Ends with the first key that could not be deleted, and after ``hold``.

        What else than Unavailable ``delete`` raises is raised on; that key has to wait longer, too, so that it does not
        stop the others.
        """
        with self._sessions.transaction(Call(SYSTEM)) as session:
            session.connection.execute(_GUARD, {"milliseconds": self._guard})
            keys = [key for (key,) in session.connection.execute(DUE, {"limit": limit})]
            gone, failed, defect = self._delete(delete, keys)
            _write_down(session, gone, failed)
        if defect is not None:
            raise defect
        return len(gone), 0 if failed is None else 1

    def _delete(self, delete: Callable[[str], None], keys: list[str]) -> tuple[list[str], str | None, Exception | None]:
        """Keys that were deleted, the one that was not, and the error of that one unless the store was away."""
        gone: list[str] = []
        until = time.monotonic() + self._hold.total_seconds()
        for key in keys:
            try:
                delete(key)
            except Unavailable:
                return gone, key, None
            except Exception as error:  # noqa: BLE001 - raised on, once what was done is written down
                return gone, key, error
            gone.append(key)
            if time.monotonic() >= until:
                break
        return gone, None, None


def _write_down(session: Session, gone: list[str], failed: str | None) -> None:
    if gone:
        session.connection.execute(GONE, {"keys": gone})
    if failed is not None:
        session.connection.execute(WAIT_LONGER, {"key": failed})
