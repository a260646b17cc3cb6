"""The ports to storage: reads, transactions, and answers that are given once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar
from uuid import UUID

from server.application.answers import Answer, RequestKey
from server.application.call import Call
from server.application.file_repositories import AttachmentRepository, ExportJobRepository
from server.application.notification_repositories import NoticeRepository, WebhookRepository
from server.application.repositories import (
    AuditTrail,
    ClockSweeps,
    MemberRepository,
    SavedViewRepository,
    TicketClocks,
    TicketRepository,
    TimelineRepository,
    WatcherRepository,
)
from server.application.sla_repositories import CalendarRepository, SlaPolicyRepository
from server.application.term_repository import TermRepository
from server.domain.sla import SlaPolicies
from server.domain.tickets import Ticket

T = TypeVar("T")
R = TypeVar("R")
A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class Repositories:
    """Everything stored, as seen on one connection."""

    tickets: TicketRepository
    clocks: TicketClocks
    sweeps: ClockSweeps
    terms: TermRepository
    timeline: TimelineRepository
    audit: AuditTrail
    watchers: WatcherRepository
    members: MemberRepository
    saved_views: SavedViewRepository
    attachments: AttachmentRepository
    sla_policies: SlaPolicyRepository
    calendars: CalendarRepository
    notices: NoticeRepository
    webhooks: WebhookRepository
    export_jobs: ExportJobRepository


class UnitOfWork(Protocol):
    """Runs callbacks against storage.

    Every method raises Unavailable when storage is away or its connections are all taken,
    DeadlineExceeded when the call's deadline passes first, and Aborted (CONFLICT) when a transaction
    keeps losing against others. A callback may run more than once, so it has no effects but those on
    the repositories, and keeps nothing from a run before.
    """

    def read(self, call: Call, body: Callable[[Repositories], T]) -> T:
        """Run reads; each statement sees what was committed when it began."""

    def read_snapshot(self, call: Call, body: Callable[[Repositories], T]) -> T:
        """Run reads that all see the same instant."""

    def write(self, call: Call, body: Callable[[Repositories], T]) -> T:
        """Run the callback in one transaction, committed when it returns, rolled back when it raises."""

    def answer_once(self, call: Call, answer: Answer[R, A], body: Callable[[Repositories], R]) -> A:
        """As ``write``, and keep the answer in the same transaction.

        A second call with the same key does not run the callback: it waits for the first one to end and
        gives its answer; with another fingerprint it raises AlreadyExists (REQUEST_ID_REUSED). Only
        success is kept.
        """

    def create_ticket(self, call: Call, ticket: Ticket, answer: Answer[Ticket, A]) -> A:
        """``answer_once`` for a new ticket, in one round trip to the database.

        The ticket is stored as given, ``id``, ``created_at`` and deadlines included.
        """

    def kept_answer(self, call: Call, key: RequestKey) -> bytes | None:
        """The kept answer of a request, if it has one. Raises AlreadyExists for another request's key."""

    def begin_answer(self, call: Call, key: RequestKey) -> bytes | None:
        """Register the key of a request that takes several transactions; the kept answer if it has one."""

    def finish_answer(self, call: Call, request_id: UUID, response: bytes) -> None:
        """Keep the answer of a request registered by ``begin_answer``."""


class TicketNumbers(Protocol):
    """Source of ticket numbers."""

    def next(self, call: Call) -> int:
        """A number that no other ticket has or will get; rising per process, with gaps."""


class PolicyBook(Protocol):
    """The SLA policies in force, for creating tickets: without a read of the database for each."""

    def current(self, call: Call) -> SlaPolicies:
        """Policies by priority, at most a few seconds old."""
