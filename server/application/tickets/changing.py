"""The frame that every change of one ticket has: lock, change, save, answer."""

from collections.abc import Callable
from typing import TypeVar

from server.application.answers import Answer
from server.application.call import Call
from server.application.repositories import Change
from server.application.tickets.finding import lock_visible
from server.application.unit_of_work import Repositories, UnitOfWork
from server.domain.ids import TicketId
from server.domain.tickets import Ticket

A = TypeVar("A")

Plan = Callable[[Repositories, Ticket], tuple[Ticket, Change]]
"""From the locked ticket to what it shall become, and how the audit shall name that. May run twice."""


def apply_plan(repositories: Repositories, call: Call, ticket_id: TicketId, plan: Plan, *, etag: str | None) -> Ticket:
    """Lock, plan, save; the stored ticket."""
    before = lock_visible(repositories, call, ticket_id, etag=etag)
    after, change = plan(repositories, before)
    return repositories.tickets.save(before, after, change)


def change_ticket(
    uow: UnitOfWork,
    call: Call,
    ticket_id: TicketId,
    plan: Plan,
    answer: Answer[Ticket, A],
    *,
    etag: str | None,
) -> A:
    """The same in a transaction of its own, answered once."""
    return uow.answer_once(
        call, answer, lambda repositories: apply_plan(repositories, call, ticket_id, plan, etag=etag)
    )
