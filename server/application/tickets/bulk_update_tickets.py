"""One change to many tickets, each in a transaction of its own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID, uuid5

from server.application.answers import Answer, RequestKey
from server.application.call import Call
from server.application.tickets.changing import Plan, apply_plan
from server.application.tickets.finding import get_visible
from server.application.unit_of_work import Repositories, UnitOfWork
from server.domain.errors import DeadlineExceeded, FailedPrecondition, Reason, TicketsError, Unavailable
from server.domain.filters import TicketFilter
from server.domain.ids import TicketId
from server.domain.permissions import require_admin
from server.domain.tickets import Ticket
from server.domain.validation import MAX_BULK
from server.domain.visibility import visibility_of

A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class BulkOutcome:
    """What became of one ticket: the ticket as changed, or why it was not."""

    ticket_id: TicketId
    ticket: Ticket | None
    error: TicketsError | None


@dataclass(frozen=True, slots=True)
class BulkReport:
    """One outcome a ticket, in the order of the ids, or by id for a filter."""

    outcomes: Sequence[BulkOutcome]
    validate_only: bool


@dataclass(frozen=True, slots=True)
class BulkCommand:
    """Which tickets, and the plan of the single RPC that is applied to each."""

    ids: Sequence[TicketId] | None
    where: TicketFilter | None
    plan_for: Callable[[Call], Plan]
    validate_only: bool


@dataclass(frozen=True, slots=True)
class BulkUpdateTickets:
    """admin only. Some tickets may fail while others succeed.

    With a request key, each ticket's change is remembered under a key derived from it, so that the
    repetition of an interrupted call finishes what is left and changes no ticket twice.
    """

    uow: UnitOfWork

    def __call__(self, call: Call, command: BulkCommand, answer: Answer[BulkReport, A]) -> A:
        """The report. Raises PermissionDenied; FailedPrecondition (BULK_TOO_LARGE) for a wide filter."""
        require_admin(call.principal, "Changing tickets in bulk is")
        if command.validate_only:
            return answer.present(self._try(call, command))
        if answer.key is None:
            return answer.present(self._apply(call, command, self._ids(call, command), None))
        kept = self.uow.kept_answer(call, answer.key)
        if kept is not None:
            return answer.load(kept)
        ids = self._ids(call, command)  # may refuse, and a refusal must not take the key
        kept = self.uow.begin_answer(call, answer.key)
        if kept is not None:
            return answer.load(kept)
        presented = answer.present(self._apply(call, command, ids, answer.key))
        self.uow.finish_answer(call, answer.key.request_id, answer.dump(presented))
        return presented

    def _ids(self, call: Call, command: BulkCommand) -> Sequence[TicketId]:
        where = command.where
        if where is None:
            return command.ids or ()
        visibility = visibility_of(call.principal)
        ids = self.uow.read(
            call, lambda repositories: repositories.tickets.ids(where, visibility, at_most=MAX_BULK + 1)
        )
        if len(ids) > MAX_BULK:
            raise FailedPrecondition(
                f"The filter matches more than {MAX_BULK} tickets; narrow it.",
                reason=Reason.BULK_TOO_LARGE,
                metadata={"matched": f"{MAX_BULK + 1}+"},
            )
        return sorted(ids)

    def _try(self, call: Call, command: BulkCommand) -> BulkReport:
        """What would happen, on one snapshot, without locks and without effects."""
        ids, plan = self._ids(call, command), command.plan_for(call)

        def try_one(repositories: Repositories, ticket_id: TicketId) -> BulkOutcome:
            try:
                before = get_visible(repositories, call, ticket_id)
                after, _ = plan(repositories, before)
            except TicketsError as error:
                return BulkOutcome(ticket_id, None, error)
            return BulkOutcome(ticket_id, after, None)

        outcomes = self.uow.read_snapshot(call, lambda repositories: [try_one(repositories, i) for i in ids])
        return BulkReport(outcomes, validate_only=True)

    def _apply(self, call: Call, command: BulkCommand, ids: Sequence[TicketId], key: RequestKey | None) -> BulkReport:
        plan = command.plan_for(call)
        return BulkReport([self._apply_one(call, ticket_id, plan, key) for ticket_id in ids], validate_only=False)

    def _apply_one(self, call: Call, ticket_id: TicketId, plan: Plan, key: RequestKey | None) -> BulkOutcome:
        def body(repositories: Repositories) -> Ticket:
            return apply_plan(repositories, call, ticket_id, plan, etag=None)

        def again(_: bytes) -> Ticket:
            """Changed by an earlier attempt of this same call: report the ticket as it is now."""
            return self.uow.read(call, lambda repositories: get_visible(repositories, call, ticket_id))

        own_key = None if key is None else _key_of(key, ticket_id)
        answer: Answer[Ticket, Ticket] = Answer(own_key, present=lambda t: t, dump=lambda _: b"", load=again)
        try:
            return BulkOutcome(ticket_id, self.uow.answer_once(call, answer, body), None)
        except (Unavailable, DeadlineExceeded) as error:
            if key is not None:
                raise  # the repetition of the call finishes what is left
            return BulkOutcome(ticket_id, None, error)
        except TicketsError as error:
            return BulkOutcome(ticket_id, None, error)


def _key_of(key: RequestKey, ticket_id: TicketId) -> RequestKey:
    request_id: UUID = uuid5(key.request_id, ticket_id)
    return RequestKey(request_id, key.method, key.fingerprint)
