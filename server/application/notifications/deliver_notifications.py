"""Sending what waits for one channel: claimed by a lease, sent outside of any transaction, written down one by one.

Whoever dies in between leaves claims that run out; another worker then sends again, under the same dedupe key.
"""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol
from uuid import UUID

from server.application.notifications.channels import (
    ChannelProvider,
    DeliveryFailed,
    OutgoingMessage,
    Send,
)
from server.domain.delivery_schedule import message_delay
from server.domain.notifications import Channel

MAX_ATTEMPTS = 8
LEASE = timedelta(minutes=5)
"""Longer than a run: a claim never runs out under who still works on it."""
BUDGET = timedelta(minutes=1)
"""After so long a run puts back what it has not sent. With one send's time limit still well within the lease."""
PATIENCE = 3
"""Failures in a row after which a run takes the provider for down."""
PAUSE = timedelta(seconds=15)
"""How long what was put back for that reason waits."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that is this run's until the lease ends."""

    id: UUID
    attempts: int
    """This one included. Names the claim: a later one has another number."""
    message: OutgoingMessage


class Deliveries(Protocol):
    """What waits to be sent. Each method is one short transaction."""

    def claim(self, channel: Channel, limit: int, lease: timedelta) -> list[Claimed]:
        """Critical ones first, then the longest due; what others hold is left to them.

        Each goes to the address that the directory has now. One for somebody who has none, or is not active any more,
        is deleted instead.
        """

    def delivered(self, claimed: Claimed) -> None:
        """The provider took it."""

    def failed(self, claimed: Claimed, error: str, *, again_in: timedelta | None) -> None:
        """To be tried again, or dead with None. Nothing when the claim has run out and somebody else has it."""

    def put_back(self, claimed: Sequence[Claimed], *, again_in: timedelta) -> None:
        """Those that were not tried: the claim does not count as an attempt."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What a run did."""

    delivered: int = 0
    failed: int = 0
    """To be tried again."""
    dead: int = 0
    put_back: int = 0


class DeliverNotifications:
    """One channel's run. Any number may run at once."""

    def __init__(
        self,
        deliveries: Deliveries,
        channel: Channel,
        provider: ChannelProvider,
        *,
        batch: int,
        max_attempts: int = MAX_ATTEMPTS,
        lease: timedelta = LEASE,
        budget: timedelta = BUDGET,
        roll: Callable[[], float] = random.random,
    ) -> None:
        self._deliveries = deliveries
        self._channel = channel
        self._provider = provider
        self._batch = batch
        self._max_attempts = max_attempts
        self._lease = lease
        self._budget = budget
        self._roll = roll

    def __call__(self) -> Sent:
        """Send until nothing is due, the budget is spent, or the provider seems to be down."""
        run = _Run(time.monotonic() + self._budget.total_seconds())
        with self._provider.session() as send:
            while not run.is_over():
                claimed = self._deliveries.claim(self._channel, self._batch, self._lease)
                for place, each in enumerate(claimed):
                    if run.is_over():
                        self._put_back(run, claimed[place:])
                        break
                    self._send(run, send, each)
                if len(claimed) < self._batch:
                    break
        return Sent(run.delivered, run.failed, run.dead, run.put_back)

    def _put_back(self, run: "_Run", claimed: Sequence[Claimed]) -> None:
        again_in = PAUSE if run.in_a_row >= PATIENCE else timedelta(0)
        self._deliveries.put_back(claimed, again_in=again_in)
        run.put_back += len(claimed)

    def _send(self, run: "_Run", send: Send, claimed: Claimed) -> None:
        try:
            _guarded(send, claimed.message)
        except DeliveryFailed as failure:
            final = failure.permanent or claimed.attempts >= self._max_attempts
            delay = message_delay(claimed.attempts, self._roll(), asked=failure.retry_after)
            self._deliveries.failed(claimed, failure.message, again_in=None if final else delay)
            run.dead += final
            run.failed += not final
            run.in_a_row = 0 if failure.permanent else run.in_a_row + 1
        else:
            self._deliveries.delivered(claimed)
            run.delivered += 1
            run.in_a_row = 0


def _guarded(send: Send, message: OutgoingMessage) -> None:
    """A defect that one message brings out must not keep the others from being sent."""
    try:
        send(message)
    except DeliveryFailed:
        raise
    except Exception as error:
        raise DeliveryFailed(f"The message could not be sent: {type(error).__name__}.") from error


@dataclass(slots=True)
class _Run:
    until: float
    delivered: int = 0
    failed: int = 0
    dead: int = 0
    put_back: int = 0
    in_a_row: int = 0

    def is_over(self) -> bool:
        return self.in_a_row >= PATIENCE or time.monotonic() >= self.until
