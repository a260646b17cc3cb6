"""What is to be deleted from the object store. See ``DeletionQueue``."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import LiteralString

from server.adapters.postgres.sessions import Sessions
from server.application.call import Call
from server.domain.errors import Unavailable
from server.domain.principal import SYSTEM

HOLD = timedelta(seconds=10)
"""After this long a batch begins no further deletion, and hands back the others, well before they come due again."""

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
# Committed before the first object is deleted: what is condemned can no longer be kept (see ``export_queue``). The wait
# written here is that of the next attempt, should nobody be heard of this one.
CLAIM: LiteralString = """
    WITH due AS MATERIALIZED (
        SELECT object_key, delete_after FROM object_deletions WHERE delete_after <= now()
        ORDER BY delete_after LIMIT %(limit)s FOR UPDATE SKIP LOCKED
    ), condemned AS (
        UPDATE object_deletions AS doomed
        SET attempts = doomed.attempts + 1,
            delete_after = now() + least(interval '1 minute' * 2 ^ least(doomed.attempts, 6), '1 hour')
        FROM due WHERE doomed.object_key = due.object_key
        RETURNING doomed.object_key, doomed.attempts, due.delete_after AS was_due
    )
    SELECT object_key, attempts, was_due FROM condemned ORDER BY was_due
"""
GONE: LiteralString = "DELETE FROM object_deletions WHERE object_key = ANY (%(keys)s)"
# Not those that came due again meanwhile, and are another's by now.
HAND_BACK: LiteralString = """
    UPDATE object_deletions AS untried SET attempts = untried.attempts - 1, delete_after = claim.was_due
    FROM unnest(%(keys)s::text[], %(attempts)s::integer[], %(was_due)s::timestamptz[])
        AS claim (object_key, attempts, was_due)
    WHERE untried.object_key = claim.object_key AND untried.attempts = claim.attempts
"""


@dataclass(frozen=True, slots=True)
class _Claim:
    key: str
    attempts: int
    """This one counted."""
    was_due: datetime


class PostgresDeletionQueue:
    """Has no transaction open while the store works: one that has written holds back whoever reads the outbox."""

    def __init__(self, sessions: Sessions, *, hold: timedelta = HOLD) -> None:
        self._sessions = sessions
        self._hold = hold

    def give_up_uploads(self, *, created_before: datetime, limit: int) -> int:
        with self._sessions.transaction(Call(SYSTEM)) as session:
            row = session.connection.execute(GIVE_UP, {"before": created_before, "limit": limit}).fetchone()
        return 0 if row is None else int(row[0])

    def delete_due(self, delete: Callable[[str], None], *, limit: int) -> tuple[int, int]:
        """Ends with the first key that could not be deleted, and after ``hold``; the others are due as before.

        What else than Unavailable ``delete`` raises is raised on; that key has to wait longer, too, so that it does not
        stop the others. Cut short by the end of the process, the whole batch waits for its next attempt.
        """
        claims = self._claim(limit)
        gone, failure = self._delete(delete, claims)
        tried = len(gone) if failure is None else len(gone) + 1
        self._write_down(gone, untried=claims[tried:])
        if failure is not None and not isinstance(failure, Unavailable):
            raise failure
        return len(gone), 0 if failure is None else 1

    def _claim(self, limit: int) -> list[_Claim]:
        with self._sessions.autocommit(Call(SYSTEM)) as session:
            rows = session.connection.execute(CLAIM, {"limit": limit}).fetchall()
        return [_Claim(key, attempts, was_due) for key, attempts, was_due in rows]

    def _delete(self, delete: Callable[[str], None], claims: list[_Claim]) -> tuple[list[str], Exception | None]:
        """Keys that were deleted, and the error of the one after them, if it was tried."""
        gone: list[str] = []
        until = time.monotonic() + self._hold.total_seconds()
        for claim in claims:
            try:
                delete(claim.key)
            except Exception as error:  # noqa: BLE001 - judged by the caller, once what was done is written down
                return gone, error
            gone.append(claim.key)
            if time.monotonic() >= until:
                break
        return gone, None

    def _write_down(self, gone: list[str], *, untried: list[_Claim]) -> None:
        if not gone and not untried:
            return
        with self._sessions.transaction(Call(SYSTEM)) as session:
            if gone:
                session.connection.execute(GONE, {"keys": gone})
            if untried:
                claimed = {
                    "keys": [claim.key for claim in untried],
                    "attempts": [claim.attempts for claim in untried],
                    "was_due": [claim.was_due for claim in untried],
                }
                session.connection.execute(HAND_BACK, claimed)
