"""What a use case knows about the call that it serves."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from server.domain.principal import Principal


@dataclass(frozen=True, slots=True)
class Call:
    """Identity and circumstances of one call; passed explicitly, kept nowhere."""

    principal: Principal
    ip_address: str | None = None
    """Address of the caller as the audit shall name it, IPv4 or IPv6; None when unknown."""
    trace_id: str = ""
    """The call's id in logs and error details (not the idempotency ``request_id``)."""
    deadline: float | None = None
    """``time.monotonic()`` instant after which nobody waits for the answer; None for no limit."""
    is_wanted: Callable[[], bool] | None = field(default=None, compare=False, repr=False)
    """Whether somebody still waits for the answer; callable from any thread. None where nobody can leave."""

    def seconds_left(self) -> float | None:
        """Seconds until the deadline, negative past it; None without one."""
        return None if self.deadline is None else self.deadline - time.monotonic()
