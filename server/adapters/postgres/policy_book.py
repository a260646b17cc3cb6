"""The SLA policies in force, read from ``sla_config`` at most every few seconds."""

import threading
import time

from sqlalchemy import select

from server.adapters.postgres.sessions import Sessions
from server.adapters.postgres.statements import Statement
from server.adapters.postgres.tables import sla_config
from server.application.call import Call
from server.domain.ids import Minutes
from server.domain.roles import Role
from server.domain.sla import SlaPolicies, SlaPolicy
from server.domain.tickets import TicketPriority

MAX_AGE_SECONDS = 5.0

_ALL = Statement(
    select(
        sla_config.c.priority,
        sla_config.c.response_time_minutes,
        sla_config.c.resolution_time_minutes,
        sla_config.c.escalation_chain,
    )
)


class PostgresPolicyBook:
    """See ``PolicyBook``. An edit is seen by every process after MAX_AGE_SECONDS at the latest."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._lock = threading.Lock()
        self._policies: SlaPolicies = {}
        self._read_at = float("-inf")

    def current(self, call: Call) -> SlaPolicies:
        if time.monotonic() - self._read_at < MAX_AGE_SECONDS:
            return self._policies
        with self._lock:
            if time.monotonic() - self._read_at >= MAX_AGE_SECONDS:
                with self._sessions.autocommit(call) as session:
                    rows = session.all(_ALL, {})
                self._policies = {
                    TicketPriority(row[0]): SlaPolicy(
                        TicketPriority(row[0]), Minutes(row[1]), Minutes(row[2]), tuple(map(Role, row[3]))
                    )
                    for row in rows
                }
                self._read_at = time.monotonic()
            return self._policies
