"""What is stored, by aggregate. Methods take and return domain values, never a session.

A method that takes a ``Visibility`` treats what it does not cover as absent.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from server.domain.audit_chain import ChainHead, StoredEntry
from server.domain.clock_events import ClockEventKind, Outcome
from server.domain.directory import Member, MemberDraft, MemberFilter, OwnerSuggestion
from server.domain.filters import Order, TicketFilter
from server.domain.fsm import TicketStatus
from server.domain.ids import ChainNo, Seq, TicketId, UserId
from server.domain.roles import Role
from server.domain.saved_views import SavedView
from server.domain.sla import SlaPolicy, SlaStatus
from server.domain.sla_clock import SlaHistory
from server.domain.sla_escalations import Escalation
from server.domain.tickets import Ticket, TicketPriority
from server.domain.timeline import AttachmentRef, AuditEntry, Message, TimelineKind, Watcher
from server.domain.visibility import Visibility


@dataclass(frozen=True, slots=True)
class ListPosition:
    """Where a page of a list ends: the keyset of its last ticket, in the list's order.

    ``value`` is that ticket's value of the order field (None: no deadline); ``created_at`` breaks ties
    of priority, ``id`` the rest.
    """

    value: datetime | TicketPriority | None
    created_at: datetime
    id: TicketId


@dataclass(frozen=True, slots=True)
class SearchPosition:
    """Where a page of a search ends: ``offset`` results into the block that begins at a ticket."""

    block_created_at: datetime
    block_id: TicketId
    offset: int


@dataclass(frozen=True, slots=True)
class Highlight:
    """A piece of text that matches as a whole or not at all."""

    text: str
    is_match: bool


@dataclass(frozen=True, slots=True)
class Found:
    """A ticket found by words, and why."""

    ticket: Ticket
    rank: float
    title: tuple[Highlight, ...]
    snippet: tuple[Highlight, ...]


@dataclass(frozen=True, slots=True)
class DayCount:
    """What happened on one day of a zone."""

    day: date
    created: int
    resolved: int


@dataclass(frozen=True, slots=True)
class TicketStats:
    """Counts of one instant; zeros are left out of the mappings. Where only the trend was asked for, it is all."""

    trend: Sequence[DayCount]
    as_of: datetime
    total: int = 0
    by_status: Mapping[TicketStatus, int] = field(default_factory=dict)
    by_priority: Mapping[TicketPriority, int] = field(default_factory=dict)
    by_sla_status: Mapping[SlaStatus, int] = field(default_factory=dict)
    by_owner_role: Mapping[Role, int] = field(default_factory=dict)
    unassigned: int = 0
    breach_rate: float = 0.0
    average_first_response: timedelta | None = None
    average_resolution: timedelta | None = None


@dataclass(frozen=True, slots=True)
class StatsQuery:
    """Which tickets to count, and how."""

    where: TicketFilter
    trend_days: int
    """The current one included; 0 for no trend."""
    time_zone: str
    """IANA name of the zone whose days they are."""
    trend_only: bool = False
    """Nothing but the trend, which is found without looking at every matching ticket."""


@dataclass(frozen=True, slots=True)
class Change:
    """How the audit shall name a change: an action (None: derived from what changed) and a reason."""

    action: str | None = None
    reason: str | None = None


class TicketRepository(Protocol):
    """Tickets."""

    def get(self, ticket_id: TicketId, visibility: Visibility) -> Ticket | None:
        """One ticket."""

    def lock(self, ticket_id: TicketId, visibility: Visibility) -> Ticket | None:
        """One ticket, which nobody else changes until the transaction ends."""

    def save(self, before: Ticket, after: Ticket, change: Change) -> Ticket:
        """Store what differs between the two and return the ticket as stored.

        ``before`` has been locked. ``version`` and ``updated_at`` are storage's own. Nothing differs:
        nothing is written, and ``before`` is returned. Raises FailedPrecondition (ESCALATION_CHAIN_EXHAUSTED) for a
        level that has been made in its cycle.
        """

    def page(
        self,
        where: TicketFilter,
        visibility: Visibility,
        order: Order,
        *,
        after: ListPosition | None,
        limit: int,
    ) -> list[Ticket]:
        """At most ``limit`` matching tickets after a position, in order."""

    def count(self, where: TicketFilter, visibility: Visibility, *, query: str | None, at_most: int) -> int:
        """How many match (and contain the query's words), counting no further than ``at_most``."""

    def ids(self, where: TicketFilter, visibility: Visibility, *, at_most: int) -> list[TicketId]:
        """Ids of matching tickets in order, at most so many."""

    def search_block(
        self,
        query: str,
        where: TicketFilter,
        visibility: Visibility,
        *,
        start: SearchPosition | None,
        limit: int,
    ) -> "SearchBlock":
        """Results of one block of matches; see ``SearchBlock``."""

    def stats(self, query: StatsQuery, visibility: Visibility) -> TicketStats:
        """Counts of the matching tickets at one instant."""


@dataclass(frozen=True, slots=True)
class SearchBlock:
    """A part of a search's results.

    Matches are taken newest first in blocks of a fixed size and ranked within their block, so that the
    cost of a page does not grow with the number of matches, and nothing is cut off.
    """

    results: Sequence[Found]
    start: SearchPosition | None
    """The beginning of this block; None without results."""
    next: SearchPosition | None
    """Where the results after these begin; None after the last."""


class TicketClocks(Protocol):
    """What the SLA clock of a ticket rests on."""

    def policy(self, ticket: Ticket) -> SlaPolicy:
        """The version that applies to it; the newest of its priority where it is pinned to none.

        Raises NotFound (SLA_POLICY_NOT_FOUND) when somebody in psql removed that.
        """

    def history(self, ticket: Ticket) -> SlaHistory:
        """Its phases up to the last change stored, and its last escalation. Raises as ``policy``."""

    def escalations(self, ticket_id: TicketId) -> list[Escalation]:
        """Each escalation, oldest first."""


class ClockSweeps(Protocol):
    """Open tickets for which the SLA clock has something due, whoever may see them."""

    def lock_due(self, kind: ClockEventKind, *, now: datetime, limit: int, only: TicketId | None) -> list[Ticket]:
        """Tickets for which it is due, longest overdue first, nobody else changing them until the transaction ends.

        Those that somebody else is changing are left out. ``only`` narrows to one. Title, description, metadata and
        summary are not filled in.
        """

    def due_ids(self, kind: ClockEventKind, *, now: datetime, limit: int) -> list[TicketId]:
        """The same without locks."""

    def save(self, kind: ClockEventKind, outcomes: Sequence[tuple[TicketId, Outcome]]) -> None:
        """Store what became of locked tickets, each audited under its action."""

    def put_off(self, kind: ClockEventKind | None, ticket_id: TicketId, *, until: datetime) -> None:
        """Leave a ticket alone until then: events of this kind, or, for None, its derivation."""

    def stale_ids(self, *, now: datetime, limit: int) -> list[TicketId]:
        """Tickets whose clock waits to be derived anew, and which are not put off."""

    def lock_stale(self, ticket_id: TicketId) -> Ticket | None:
        """One of them, if it still is and nobody else is changing it."""

    def mark_derived(self, ticket_id: TicketId) -> None:
        """Its readings follow from its history again."""


class TimelineRepository(Protocol):
    """Messages and audit rows of a ticket in their common order."""

    def page(
        self,
        ticket_id: TicketId,
        *,
        after: Seq | None,
        descending: bool,
        kinds: frozenset[TimelineKind],
        limit: int,
        public_only: bool,
    ) -> list[Message | AuditEntry]:
        """Rows of these kinds that come after a number, None for the first ones.

        ``public_only`` leaves out all but public messages, whatever the kinds. By number, lowest first, and those with
        a higher one; ``descending`` turns both round.
        """

    def add_message(
        self,
        ticket_id: TicketId,
        text: str,
        *,
        attachment_ids: Sequence[UUID],
        is_internal_note: bool,
    ) -> Message:
        """Append a message by the call's principal. The ticket has been locked."""

    def attachments(self, ticket_id: TicketId, ids: Sequence[UUID]) -> Mapping[UUID, AttachmentRef | None]:
        """Those of the attachments that exist on the ticket; None for one whose upload is not complete."""


class AuditTrail(Protocol):
    """The append-only audit of a ticket."""

    def append(self, ticket_id: TicketId, action: str, payload: Mapping[str, Any]) -> None:
        """Add a row by the call's principal for something that is not a change of the ticket's columns."""

    def page(self, ticket_id: TicketId, *, after: ChainNo, limit: int) -> list[AuditEntry]:
        """Rows with a higher chain number, lowest first."""

    def chain(self, ticket_id: TicketId) -> tuple[Iterator[StoredEntry], ChainHead | None]:
        """All rows as hashed, by chain number, fetched as they are consumed; and the recorded head."""


class WatcherRepository(Protocol):
    """Who is told about a ticket. Changes are audited as by the call's principal."""

    def get(self, ticket_id: TicketId, user_id: UserId) -> Watcher | None:
        """One watcher."""

    def put(self, watcher: Watcher) -> Watcher:
        """Insert or replace the settings; ``created_at`` of an existing one stays."""

    def remove(self, ticket_id: TicketId, user_id: UserId) -> None:
        """There is nothing to do when there is none."""

    def page(self, ticket_id: TicketId, *, after: UserId | None, limit: int, only: UserId | None) -> list[Watcher]:
        """Watchers by user id; ``only`` narrows to one user."""


class MemberRepository(Protocol):
    """The staff directory."""

    def get(self, user_id: UserId) -> Member | None:
        """One member."""

    def lock(self, user_id: UserId) -> Member | None:
        """One member, or the promise that nobody else enters that id before the transaction ends."""

    def put(self, draft: MemberDraft) -> Member:
        """Insert or replace."""

    def page(self, where: MemberFilter, *, after: UserId | None, limit: int) -> list[Member]:
        """Members by user id."""

    def suggest_owners(
        self, role: Role, *, franchise_id: str | None, excluding: UserId | None, limit: int
    ) -> list[OwnerSuggestion]:
        """Active members: fewest open tickets, then quickest average resolution, then user id."""


class SavedViewRepository(Protocol):
    """Named filters."""

    def get(self, view_id: UUID) -> SavedView | None:
        """One view."""

    def lock(self, view_id: UUID) -> SavedView | None:
        """One view, which nobody else changes until the transaction ends."""

    def add(self, view: SavedView) -> SavedView:
        """Raises AlreadyExists (SAVED_VIEW_NAME_TAKEN) when the owner has one of that name."""

    def save(self, view: SavedView) -> SavedView:
        """Replace; raises as ``add``."""

    def remove(self, view_id: UUID) -> None:
        """Delete; there is nothing to do when it is gone."""

    def page(self, user_id: UserId, *, after: tuple[str, UUID] | None, limit: int) -> list[SavedView]:
        """The user's views and the shared ones, by name, then id."""
