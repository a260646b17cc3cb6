"""What happened to tickets, in the order in which it became visible: the port that live streams read."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from server.application.call import Call
from server.domain.ids import ChainNo, Seq, TicketId, UserId
from server.domain.tickets import Ticket
from server.domain.timeline import AuditEntry, Message


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in the feed, after the event of that transaction and number. Ordered as the feed is."""

    xid: int
    id: int


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """Something that happened to a ticket."""

    position: Position
    ticket_id: TicketId
    seq: Seq | None
    """Its number in the timeline; None where it is no part of it, as when somebody begins to watch."""
    action: str
    """As ``AuditEntry.action``; MESSAGE_ADDED for a message."""
    chain_no: ChainNo | None
    """Of the audit row that says what changed; None for a message, which changes nothing that a filter asks for."""
    is_internal: bool = False
    """Outside roles must not learn of it: an internal note, or somebody who begins or ceases to watch."""


@dataclass(frozen=True, slots=True)
class FeedPage:
    """Consecutive events."""

    events: tuple[FeedEvent, ...]
    end: Position
    """Everything up to here has been read."""
    early: tuple[tuple[Position, TicketId], ...] = ()
    """What is committed as well, though others may still come before it: read again, as an event, once none can. Some
    of it, where there is much."""


@dataclass(frozen=True, slots=True)
class TicketState:
    """What decides who sees a ticket, and which filters it matches."""

    ticket: Ticket
    watchers: frozenset[UserId]


@dataclass(frozen=True, slots=True)
class TicketHistory:
    """A ticket as it is, and as it was before some of its changes."""

    now: TicketState
    before: Mapping[ChainNo, TicketState | None]
    """By the audit rows of the changes asked for and all later ones; None before the ticket was created. Of past states
    only what a filter or the rule of visibility asks for is right, and of that not ``updated_at``."""

    def after(self, chain_no: ChainNo) -> TicketState | None:
        """The state that the change led to: the one before the next change."""
        later = [number for number in self.before if number > chain_no]
        return self.before[min(later)] if later else self.now


@dataclass(frozen=True, slots=True)
class TimelinePlace:
    """A ticket and the end of its timeline, read together."""

    state: TicketState
    last_seq: Seq


class ChangeFeed(Protocol):
    """Every event whose transaction has committed, and no other; a late commit is never skipped.

    Positions mean the same to every process. Raises what ``UnitOfWork.read`` raises.
    """

    def head(self, call: Call) -> Position:
        """The last event that nothing can come before any more. What is visible by now and not at or before it will
        come."""
        ...

    def read(self, call: Call, after: Position, *, upto: Position | None = None, limit: int) -> FeedPage:
        """The next events after ``after``, not beyond ``upto``, which has to be a position that was read before.
        Raises OutOfRange when some of them are gone."""
        ...

    def check(self, call: Call, position: Position) -> None:
        """Raises OutOfRange (CURSOR_EXPIRED) when events after the position are gone, or when the feed has never been
        there, as after a restored backup."""
        ...

    def histories(self, call: Call, events: Sequence[FeedEvent]) -> Mapping[TicketId, TicketHistory]:
        """The tickets of the events with their states before each of them, all read in one snapshot."""
        ...

    def text_matches(self, call: Call, text: str, among: Collection[TicketId]) -> frozenset[TicketId]:
        """Those that ``TicketFilter.text`` finds."""
        ...

    def timelines(
        self, call: Call, after: Mapping[TicketId, Seq], *, limit: int
    ) -> Mapping[TicketId, tuple[TimelinePlace, list[Message | AuditEntry]]]:
        """The next entries of several tickets, at most ``limit`` of each, lowest number first, and the places of the
        tickets in the same snapshot. A ticket that does not exist is left out."""
        ...

    def places(self, call: Call, ticket_ids: Collection[TicketId]) -> Mapping[TicketId, TimelinePlace]:
        """The ends of several timelines. A ticket that does not exist is left out."""
        ...
