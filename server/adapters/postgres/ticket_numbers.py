"""Ticket numbers, fetched from the sequence in small blocks.

A number has to be known before its ticket is inserted, since the answer that is stored along with the
ticket names it; a block makes that cost next to nothing. Numbers left over at the end of a process are lost.
"""

from collections import deque

from sqlalchemy import Integer, bindparam, func, literal_column, select

from server.adapters.postgres.sessions import Sessions
from server.adapters.postgres.statements import Statement
from server.application.call import Call

BLOCK = 16

_NEXT = Statement(
    select(literal_column("nextval('ticket_number_seq')")).select_from(
        func.generate_series(1, bindparam("block", type_=Integer())).alias("numbers")
    )
)


class PostgresTicketNumbers:
    """See ``TicketNumbers``.

    No lock is held while the database is asked: when it hangs, each caller waits for its own deadline only. Several
    callers that find nothing left fetch a block each.
    """

    def __init__(self, sessions: Sessions, *, block: int = BLOCK) -> None:
        self._sessions = sessions
        self._block = block
        self._numbers: deque[int] = deque()

    def next(self, call: Call) -> int:
        try:
            return self._numbers.popleft()
        except IndexError:
            with self._sessions.autocommit(call) as session:
                first, *others = (row[0] for row in session.all(_NEXT, {"block": self._block}))
            self._numbers.extend(others)
            return int(first)
