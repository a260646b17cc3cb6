"""Whom a change of a ticket concerns, and what they are told (docs/adr/0016).

What a reader is told of a change follows from the change and from the ticket as it is, and from nothing that was sent
before. So nothing has to be remembered for a reader, and any process can go on from any cursor.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from server.application.watching.change_feed import FeedEvent, Position, TicketHistory, TicketState
from server.domain.filters import TicketFilter
from server.domain.ids import Seq, TicketId
from server.domain.matching import is_certain, matches, may_have_matched
from server.domain.visibility import Visibility


@dataclass(frozen=True, slots=True)
class Audience:
    """Those who see the same and asked for the same."""

    where: TicketFilter
    visibility: Visibility
    is_outside: bool = False
    """Readers of an outside role, who are not told of what is internal."""

    def sees(self, state: TicketState) -> bool:
        """Whether the ticket was theirs to see."""
        return self.visibility.sees(state.ticket, is_watching=self.visibility.user_id in state.watchers)

    def may_have_had(self, state: TicketState | None) -> bool:
        """Whether the ticket may have been on their list in that state."""
        return state is not None and self.sees(state) and may_have_matched(self.where, state.ticket)


@dataclass(frozen=True, slots=True)
class Digest:
    """What is said of some events beside the ticket."""

    seq: Seq | None
    """Of the newest timeline entry among them."""
    action: str
    """Empty when they are several, or when it is for staff alone."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Events of one ticket with nothing between them, and the states around them."""

    ticket_id: TicketId
    position: Position
    """Of the last event."""
    staff: Digest
    outside: Digest | None
    """The same without what is internal; None where all of it is."""
    now: TicketState
    before: tuple[TicketState | None, ...]
    """Before each change; empty where only messages were added."""
    after: TicketState | None
    """After the last of them, as the ticket's own history counts."""

    def states(self) -> Iterable[TicketState]:
        """All of them: whoever sees none of these is not concerned."""
        yield self.now
        yield from (state for state in (*self.before, self.after) if state is not None)


def occurrences(events: Sequence[FeedEvent], histories: Mapping[TicketId, TicketHistory]) -> list[Occurrence]:
    """In the order of the feed. Events of tickets that do not exist are left out."""
    runs: list[list[FeedEvent]] = []
    for event in events:
        if runs and runs[-1][0].ticket_id == event.ticket_id:
            runs[-1].append(event)
        else:
            runs.append([event])
    return [_occurrence(run, history) for run in runs if (history := histories.get(run[0].ticket_id)) is not None]


def _occurrence(run: Sequence[FeedEvent], history: TicketHistory) -> Occurrence:
    changes = [event.chain_no for event in run if event.chain_no is not None]
    public = [event for event in run if not event.is_internal]
    return Occurrence(
        ticket_id=run[0].ticket_id,
        position=run[-1].position,
        staff=_digest(run, [event.action for event in run]),
        # Audit rows are for staff, whatever they say; that the ticket has changed is seen on the ticket.
        outside=_digest(public, ["" if event.chain_no else event.action for event in public]) if public else None,
        now=history.now,
        before=tuple(history.before.get(number) for number in changes),
        after=history.after(max(changes)) if changes else history.now,
    )


def _digest(events: Sequence[FeedEvent], actions: Sequence[str]) -> Digest:
    seq = max((event.seq for event in events if event.seq is not None), default=None)
    return Digest(seq, actions[0] if len(actions) == 1 else "")


class News(Enum):
    """What readers are told."""

    CHANGED = "changed"
    LEFT = "left"


def news_for(audience: Audience, what: Occurrence, *, at: datetime, text_fits: bool) -> News | None:
    """What the audience is told of an occurrence; None for nothing. ``text_fits`` is for filters with words.

    Nobody is shown a ticket that is no longer theirs. A ticket that has changed again is left to the other event where
    that tells more, so that each change is told once. The other event need not be a later one: a transaction that took
    its number early comes early, even if it changed the ticket last. So what is told is always true of the ticket as it
    is, and never of a state in between.
    """
    fits_now = text_fits and audience.sees(what.now) and matches(audience.where, what.now.ticket, now=at)
    fitted_after = audience.may_have_had(what.after)
    fitted_before = any(audience.may_have_had(state) for state in what.before)
    if fits_now:
        # What is internal tells outside roles nothing, unless it gave them the ticket.
        is_hidden = audience.is_outside and what.outside is None and all(map(audience.may_have_had, what.before))
        return News.CHANGED if (fitted_after or fitted_before) and not is_hidden else None
    if not fitted_before:
        return None
    if fitted_after and what.after is not what.now and is_certain(audience.where):
        return None  # the change that takes it off the list is told by its own event
    return News.LEFT
