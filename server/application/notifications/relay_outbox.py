"""Reading the outbox: each event becomes notifications for people and deliveries for webhooks.

A batch is one transaction, in which the cursor moves as well, so an event counts once, whatever crashes. It ends early
where its events tell many: what it stores is bounded, however large queues are. An event that cannot be dealt with is
written down, passed over and counted; it never stops those behind it.
"""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, Protocol, TypeVar
from uuid import UUID

from server.application.clock import Clock
from server.domain.filters import TicketFilter
from server.domain.ids import TicketId, UserId
from server.domain.notification_plan import plan
from server.domain.notifications import Channel, Contact, Event, People, TicketNow, Told, join
from server.domain.roles import Role
from server.domain.webhook_events import is_wanted, payload_of

T = TypeVar("T")

BUDGET = timedelta(seconds=60)
"""After so long a run ends between two batches, and leaves the rest to the next."""
FAN_OUT = 20_000
"""What a batch stores at most, notifications and deliveries together; a single event may be more than that."""


@dataclass(frozen=True, slots=True)
class EventKey:
    """Place of an event in the outbox; events are read in this order."""

    xid: str
    id: int


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """An event with its place."""

    key: EventKey
    event: Event


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The tickets of a batch as they are now, and the people around them."""

    tickets: Mapping[TicketId, TicketNow]
    columns: Mapping[TicketId, Mapping[str, Any]]
    """Of each ticket what webhooks are sent."""
    watchers: Mapping[TicketId, Mapping[UserId, frozenset[Channel]]]
    contacts: Mapping[UserId, Contact]
    queues: Mapping[Role, Sequence[Contact]]
    """Active members by role, for the roles of tickets that nobody owns."""

    def people(self, ticket: TicketNow) -> People:
        """Who might be told of one of the tickets."""
        queue = () if ticket.owner_role is None else self.queues.get(ticket.owner_role, ())
        return People(self.contacts, self.watchers.get(ticket.id, {}), queue)


@dataclass(frozen=True, slots=True)
class Subscription:
    """What one enabled webhook wants."""

    webhook_id: UUID
    event_types: tuple[str, ...]
    filter: TicketFilter | None


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """One event for one webhook."""

    webhook_id: UUID
    row: OutboxRow
    payload: Mapping[str, Any]


class RelayBatch(Protocol):
    """Some events of the outbox, and what can be done about them in the transaction that reads them."""

    @property
    def rows(self) -> Sequence[OutboxRow]:
        """In the order of the outbox."""

    @property
    def silent(self) -> int:
        """How many events lie between these, up to where the batch ends, that nobody is told of."""

    @property
    def unread(self) -> int:
        """How many, likewise, could not even be read; they are passed over."""

    def end_at(self, row: OutboxRow) -> None:
        """Leave what is behind this one to the next batch: the cursor will stand here."""

    def attempt(self, body: Callable[[], None]) -> str | None:
        """Run it so that its failure undoes what it did and nothing else. What failed, fit for a list that people read;
        None when nothing did. Failures of the database itself are raised."""

    def surroundings(self, rows: Sequence[OutboxRow]) -> Surroundings:
        """Of the tickets of these events."""

    def gathering(self, keys: Collection[tuple[UserId, TicketId]]) -> list[tuple[UUID, Told]]:
        """Notifications that events of these persons and tickets join, locked."""

    def tell(self, new: Sequence[Told], joined: Sequence[tuple[UUID, Told]], *, window: timedelta) -> None:
        """Store new notifications, which gather from now on for so long, and those that something joined."""

    def subscriptions(self) -> list[Subscription]:
        """Of enabled webhooks, which are not deleted until the transaction ends."""

    def matching(self, where: TicketFilter, tickets: Collection[TicketId], *, now: datetime) -> set[TicketId]:
        """Which of the tickets the filter lets through."""

    def post(self, deliveries: Sequence[NewDelivery]) -> int:
        """Store deliveries, due at once. One that is there already is left as it is; returns how many were not."""

    def pass_over(self, row: OutboxRow, error: str) -> None:
        """Write down a failure, the first or a further one of this event."""


class OutboxFeed(Protocol):
    """The outbox, as far as it is settled: no transaction can still commit an event before those that are given."""

    def relay(self, limit: int, body: Callable[[RelayBatch], T]) -> T | None:
        """The next events in one transaction, at whose end the cursor stands where the batch ends: behind the last.

        None when there are none, or while another relay is at work. ``body`` may run twice.
        """

    def retry(self, key: EventKey, body: Callable[[RelayBatch], str | None]) -> str | None:
        """One event that was passed over, in one transaction; resolved when ``body`` says None, else one more failure.

        Raises LookupError when the outbox no longer has it, or it did not fail.
        """


@dataclass(frozen=True, slots=True)
class Relayed:
    """What a run did."""

    events: int = 0
    notifications: int = 0
    """New ones, and those that something joined."""
    deliveries: int = 0
    passed_over: int = 0

    def __add__(self, other: "Relayed") -> "Relayed":
        return Relayed(
            self.events + other.events,
            self.notifications + other.notifications,
            self.deliveries + other.deliveries,
            self.passed_over + other.passed_over,
        )


@dataclass(frozen=True, slots=True)
class _BatchDone:
    relayed: Relayed
    is_cut: bool
    """Whether events were left that the batch had read."""


class RelayOutbox:
    """Any number may run at once; one of them works, and the others have nothing to do."""

    def __init__(
        self,
        outbox: OutboxFeed,
        clock: Clock,
        *,
        batch: int,
        window: timedelta,
        budget: timedelta = BUDGET,
        fan_out: int = FAN_OUT,
    ) -> None:
        self._outbox = outbox
        self._batch = batch
        self._budget = budget
        self._fan_out = fan_out
        self._telling = Telling(clock, window, fan_out)

    def __call__(self) -> Relayed:
        """Read until less than a batch is left, or the budget is spent."""
        total = Relayed()
        limit = self._batch
        until = time.monotonic() + self._budget.total_seconds()
        while True:
            done = self._outbox.relay(limit, self._relay)
            if done is None:
                return total
            total += done.relayed
            if (done.relayed.events < limit and not done.is_cut) or time.monotonic() >= until:
                return total
            # Where few events tell so many, there is no use in reading five hundred of them again and again.
            limit = min(self._batch, 2 * done.relayed.events)

    def _relay(self, batch: RelayBatch) -> _BatchDone:
        done = Relayed()

        def as_many_as_fit() -> None:
            nonlocal done
            done = self._telling(batch, batch.rows)

        if batch.rows and batch.attempt(as_many_as_fit) is not None:
            done = self._one_by_one(batch)
        is_cut = done.events < len(batch.rows)
        if is_cut:
            batch.end_at(batch.rows[done.events - 1])
        besides = Relayed(events=batch.silent + batch.unread, passed_over=batch.unread)
        return _BatchDone(done + besides, is_cut)

    def _one_by_one(self, batch: RelayBatch) -> Relayed:
        done = Relayed()
        for row in batch.rows:
            done += self._one(batch, row)
            if done.notifications + done.deliveries >= self._fan_out:
                break
        return done

    def _one(self, batch: RelayBatch, row: OutboxRow) -> Relayed:
        told = Relayed()

        def it() -> None:
            nonlocal told
            told = self._telling(batch, [row])

        # Twice: what comes from outside, such as the signal of a time limit, does not come a second time.
        failure = batch.attempt(it) and batch.attempt(it)
        if failure is None:
            return told
        batch.pass_over(row, failure)
        return Relayed(events=1, passed_over=1)


class RetryFailedEvent:
    """Put an event back that the relay passed over, once the cause is gone."""

    def __init__(self, outbox: OutboxFeed, clock: Clock, *, window: timedelta) -> None:
        self._outbox = outbox
        self._telling = Telling(clock, window)

    def __call__(self, key: EventKey) -> str | None:
        """What failed this time; None when it is dealt with. Raises LookupError when there is nothing to retry."""

        def body(batch: RelayBatch) -> str | None:
            return batch.attempt(lambda: self._tell(batch))

        return self._outbox.retry(key, body)

    def _tell(self, batch: RelayBatch) -> None:
        self._telling(batch, batch.rows)


@dataclass(frozen=True, slots=True)
class Telling:
    """From events to what is stored of them."""

    clock: Clock
    window: timedelta
    fan_out: int = FAN_OUT

    def __call__(self, batch: RelayBatch, rows: Sequence[OutboxRow]) -> Relayed:
        """Of the first events, as many as fit, and of one at least."""
        around = batch.surroundings(rows)
        subscriptions = batch.subscriptions()
        planned = self._plan(rows, around, subscriptions)
        taken = rows[: len(planned)]
        told = self._people(batch, planned)
        return Relayed(len(taken), told, batch.post(self._deliveries(batch, taken, around, subscriptions)))

    def _plan(
        self, rows: Sequence[OutboxRow], around: Surroundings, subscriptions: Sequence[Subscription]
    ) -> list[list[Told]]:
        """Who is told, event by event. Webhooks count before their filters are asked: more than will be stored."""
        planned: list[list[Told]] = []
        total = 0
        for row in rows:
            ticket = around.tickets[row.event.ticket_id]
            told = plan(row.event, ticket, around.people(ticket))
            total += len(told) + sum(is_wanted(each.event_types, row.event.action) for each in subscriptions)
            if planned and total > self.fan_out:
                break
            planned.append(told)
        return planned

    def _people(self, batch: RelayBatch, planned: Sequence[Sequence[Told]]) -> int:
        told: dict[tuple[UserId, TicketId], Told] = {}
        for each in chain.from_iterable(planned):
            key = (each.user_id, each.ticket_id)
            told[key] = join(told[key], each) if key in told else each
        if not told:
            return 0
        joined = [
            (id_, join(earlier, told.pop((earlier.user_id, earlier.ticket_id))))
            for id_, earlier in batch.gathering(told)
        ]
        batch.tell(list(told.values()), joined, window=self.window)
        return len(told) + len(joined)

    def _deliveries(
        self,
        batch: RelayBatch,
        rows: Sequence[OutboxRow],
        around: Surroundings,
        subscriptions: Sequence[Subscription],
    ) -> list[NewDelivery]:
        payloads: dict[EventKey, Mapping[str, Any]] = {}
        deliveries = []
        for subscription in subscriptions:
            wanted = [row for row in rows if is_wanted(subscription.event_types, row.event.action)]
            if wanted and subscription.filter is not None:
                tickets = {row.event.ticket_id for row in wanted}
                matching = batch.matching(subscription.filter, tickets, now=self.clock())
                wanted = [row for row in wanted if row.event.ticket_id in matching]
            for row in wanted:
                if row.key not in payloads:
                    payloads[row.key] = payload_of(row.event, around.columns[row.event.ticket_id])
                deliveries.append(NewDelivery(subscription.webhook_id, row, payloads[row.key]))
        return deliveries
