"""The SLA policies in force, read from ``sla_config`` at most every few seconds."""

import threading
import time

from server.adapters.postgres.sessions import Sessions
from server.adapters.postgres.sla_rows import policies_in, readable
from server.adapters.postgres.statements import Statement
from server.adapters.postgres.tables import sla_config
from server.application.call import Call
from server.domain.sla import SlaPolicies

MAX_AGE_SECONDS = 5.0

_ALL = Statement(policies_in(sla_config))


class PostgresPolicyBook:
    """See ``PolicyBook``. An edit is seen by every process after little more than MAX_AGE_SECONDS.

    One caller reads anew while the others go on with what is known, so nobody waits for another's read.
    """

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._reading = threading.Lock()
        self._known: tuple[float, SlaPolicies] | None = None

    def current(self, call: Call) -> SlaPolicies:
        known = self._known
        if known is None:
            return self._read(call)
        read_at, policies = known
        if time.monotonic() - read_at < MAX_AGE_SECONDS or not self._reading.acquire(blocking=False):
            return policies
        try:
            return self._read(call)
        finally:
            self._reading.release()

    def _read(self, call: Call) -> SlaPolicies:
        with self._sessions.autocommit(call) as session:
            rows = session.all(_ALL, {})
        policies = {policy.priority: policy for policy in readable(rows)}
        self._known = (time.monotonic(), policies)
        return policies
