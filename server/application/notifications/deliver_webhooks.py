"""Posting what waits for webhooks: side by side, a few of each webhook at a time, so that none waits for another.

Claims, crashes and repetitions are as in ``deliver_notifications``.
"""

import logging
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Protocol
from uuid import UUID

from server.application.clock import Clock
from server.application.notifications.channels import DeliveryFailed, WebhookAnswer, WebhookPost, WebhookSender
from server.application.notifications.deliver_notifications import BUDGET, LEASE, Sent
from server.domain.delivery_schedule import webhook_delay

log = logging.getLogger(__name__)

THREADS = 16
EACH = 5
"""Deliveries of one webhook that a run has under way at most."""
SLOW = timedelta(seconds=2)
"""A receiver that takes longer to answer counts as slow, until it answers sooner."""
LOOK = 0.5
"""While threads are free, a run asks so often for what became due meanwhile, in seconds."""


@dataclass(frozen=True, slots=True)
class ClaimedPost:
    """A delivery that is this run's until the lease ends."""

    id: UUID
    webhook_id: UUID
    attempts: int
    """This one included."""
    url: str
    body: bytes
    secrets: tuple[str, ...]


class WebhookDeliveries(Protocol):
    """What waits to be posted. Each method is one short transaction."""

    def claim(
        self, limit: int, *, each: int, troubled: int, under_way: Mapping[UUID, int], lease: timedelta
    ) -> list[ClaimedPost]:
        """Due deliveries of enabled webhooks: those with the fewest under way first, of them the one that was served
        longest ago.

        Of one webhook at most ``each`` with those under way, and of one whose last delivery failed at most one. Of all
        that are slow or failing at most ``troubled``, with those under way.
        """

    def delivered(self, claimed: ClaimedPost, status_code: int, *, slow: bool) -> None:
        """The receiver took it; its webhook fails no more, and is slow or not."""

    def failed(self, claimed: ClaimedPost, error: str, *, status_code: int | None, again_in: timedelta | None) -> None:
        """To be tried again, or dead with None; its webhook counts as failing.

        The delivery is left alone when the claim has run out and somebody else has it.
        """

    def disable(self, webhook_id: UUID) -> str | None:
        """The receiver said that it is gone for good. The webhook's name, or None when it was disabled already."""


@dataclass(frozen=True, slots=True)
class _Answered:
    answer: WebhookAnswer
    seconds: float


class DeliverWebhooks:
    """Any number may run at once."""

    def __init__(
        self,
        deliveries: WebhookDeliveries,
        sender: WebhookSender,
        clock: Clock,
        *,
        threads: int = THREADS,
        each: int = EACH,
        slow: timedelta = SLOW,
        lease: timedelta = LEASE,
        budget: timedelta = BUDGET,
        roll: Callable[[], float] = random.random,
    ) -> None:
        self._deliveries = deliveries
        self._sender = sender
        self._clock = clock
        self._threads = threads
        self._each = each
        self._slow = slow.total_seconds()
        self._lease = lease
        self._budget = budget
        self._roll = roll

    def __call__(self) -> Sent:
        """Post until nothing is due or the budget is spent. What is under way then is waited for; meanwhile webhooks
        that are well go on."""
        until = time.monotonic() + self._budget.total_seconds()
        counts: Counter[str] = Counter()
        under_way: dict[Future[_Answered], ClaimedPost] = {}
        stragglers: frozenset[Future[_Answered]] | None = None
        with ThreadPoolExecutor(self._threads, thread_name_prefix="webhook") as pool:
            while True:
                if stragglers is None and time.monotonic() >= until:
                    stragglers = frozenset(under_way)
                free = self._threads - len(under_way)
                if stragglers is not None and stragglers.isdisjoint(under_way):
                    free = 0
                for claimed in self._claim(free, under_way, late=stragglers is not None):
                    under_way[pool.submit(self._post, claimed)] = claimed
                if not under_way:
                    break
                look = LOOK if free > 0 and len(under_way) < self._threads else None
                done, _ = wait(under_way, timeout=look, return_when=FIRST_COMPLETED)
                for future in done:
                    counts[self._record(under_way.pop(future), future)] += 1
        return Sent(counts["delivered"], counts["failed"], counts["dead"])

    def _claim(self, free: int, under_way: Mapping[Future[_Answered], ClaimedPost], *, late: bool) -> list[ClaimedPost]:
        if free == 0:
            return []
        busy = Counter(claimed.webhook_id for claimed in under_way.values())
        # A quarter of the threads is kept from those that are slow or fail.
        troubled = 0 if late else self._threads - max(1, self._threads // 4)
        return self._deliveries.claim(free, each=self._each, troubled=troubled, under_way=busy, lease=self._lease)

    def _post(self, claimed: ClaimedPost) -> _Answered:
        began = time.monotonic()
        answer = self._sender.post(
            WebhookPost(str(claimed.id), claimed.url, claimed.body, claimed.secrets, sent_at=self._clock())
        )
        return _Answered(answer, time.monotonic() - began)

    def _record(self, claimed: ClaimedPost, future: Future[_Answered]) -> str:
        """In the run's own thread: the pool of connections may be small."""
        try:
            answered = future.result()
        except DeliveryFailed as failure:
            final = failure.permanent
            return self._failed(claimed, failure.message, None, asked=failure.retry_after, final=final)
        except Exception as error:  # noqa: BLE001 - a defect that one delivery brings out must not stop the others
            return self._failed(
                claimed, f"It could not be sent: {type(error).__name__}.", None, asked=None, final=False
            )
        answer, code = answered.answer, answered.answer.status_code
        if code // 100 == HTTPStatus.OK // 100:
            self._deliveries.delivered(claimed, code, slow=answered.seconds > self._slow)
            return "delivered"
        if code == HTTPStatus.GONE:
            name = self._deliveries.disable(claimed.webhook_id)
            if name is not None:
                log.warning("webhook %s (%s) was disabled: its receiver answered 410", claimed.webhook_id, name)
        return self._failed(
            claimed, f"The receiver answered {code}.", code, asked=answer.retry_after, final=code == HTTPStatus.GONE
        )

    def _failed(
        self, claimed: ClaimedPost, error: str, code: int | None, *, asked: timedelta | None, final: bool
    ) -> str:
        again_in = None if final else webhook_delay(claimed.attempts, self._roll(), asked=asked)
        self._deliveries.failed(claimed, error, status_code=code, again_in=again_in)
        return "dead" if again_in is None else "failed"
