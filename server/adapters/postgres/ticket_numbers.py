"""Ticket numbers, fetched from the sequence in small blocks.

A number has to be known before its ticket is inserted, since the answer that is stored along with the
ticket names it; a block makes that cost next to nothing. Numbers left over at the end of a process are lost.
"""

import threading
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
    """See ``TicketNumbers``."""

    def __init__(self, sessions: Sessions, *, block: int = BLOCK) -> None:
        self._sessions = sessions
        self._block = block
        self._lock = threading.Lock()
        self._numbers: deque[int] = deque()

    def next(self, call: Call) -> int:
        with self._lock:
            if not self._numbers:
                with self._sessions.autocommit(call) as session:
                    self._numbers.extend(row[0] for row in session.all(_NEXT, {"block": self._block}))
            return self._numbers.popleft()
