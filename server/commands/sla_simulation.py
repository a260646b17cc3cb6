"""``tickets sla simulate``: what the sweeps would do to a ticket, without doing it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import click

from server.adapters.postgres.pool import open_pool
from server.adapters.postgres.sessions import Sessions
from server.adapters.postgres.unit_of_work import PostgresUnitOfWork
from server.application.call import Call
from server.application.sla.simulate_sweeps import Forecast, SimulateSweeps
from server.domain.calendars import next_opening
from server.domain.clock_events import ClockEventKind, Happening, next_event
from server.domain.errors import NotFound, Reason
from server.domain.fsm import DONE
from server.domain.ids import TicketId
from server.domain.principal import SYSTEM, Principal
from server.domain.roles import Role
from server.domain.tickets import Ticket
from server.domain.timeline import Action

PATIENCE_SECONDS = 10
_OPERATOR = Principal(SYSTEM.user_id, Role.ADMIN)
"""Whoever has the database may see all that is in it."""


def simulate_sweeps(url: str, ticket_id: str, at: datetime, *, say: Callable[[str], None]) -> None:
    """Print what would have happened by ``at``. Raises click's error for a ticket that is not there."""
    with _unit_of_work(url) as uow:
        try:
            forecast = SimulateSweeps(uow, lambda: datetime.now(UTC))(Call(_OPERATOR), TicketId(ticket_id), until=at)
        except NotFound as error:
            known = error.reason is Reason.SLA_POLICY_NOT_FOUND
            raise click.ClickException(error.message if known else f"there is no ticket {ticket_id}") from None
    for line in _lines(forecast, at):
        say(line)


def _lines(forecast: Forecast, at: datetime) -> Iterator[str]:
    ticket = forecast.ticket
    yield (
        f"{ticket.id}: {ticket.priority}, {ticket.status}, {forecast.sla_status}, level {ticket.sla_escalation_level} "
        f"of cycle {ticket.sla_cycle}, owner {ticket.owner_id or '-'} ({ticket.owner_role or '-'})"
    )
    answered = ticket.first_responded_at is not None
    response = f"given {_text(ticket.first_responded_at)}" if answered else f"due {_text(ticket.first_response_due_at)}"
    yield (
        f"policy version {forecast.policy.version}, due {_text(ticket.sla_due_at)}, clock {_clock(forecast)}, "
        f"first response {response}"
    )
    if not forecast.happenings:
        yield f"Until {_text(at)} nothing would happen: {_why_nothing(ticket)}."
        return
    yield f"Until {_text(at)} the sweeps would, if nobody touches it:"
    for happening in forecast.happenings:
        yield f"  {_text(max(happening.event.due_at, forecast.as_of))}  {_deed(happening)}"


def _clock(forecast: Forecast) -> str:
    ticket, policy = forecast.ticket, forecast.policy
    if ticket.status in DONE:
        return f"stopped ({ticket.status})"
    if ticket.sla_paused_at is not None:
        return f"paused since {_text(ticket.sla_paused_at)} ({ticket.status})"
    opens = next_opening(policy.hours, forecast.as_of)
    if opens == forecast.as_of or policy.calendar is None:
        return "running"
    until = "for good" if opens is None else f"until {_text(opens)}"
    return f"closed {until} (calendar {policy.calendar.id}, {policy.calendar.time_zone})"


def _why_nothing(ticket: Ticket) -> str:
    if ticket.archived:
        return "the ticket is archived"
    if ticket.status in DONE:
        return f"the ticket is {ticket.status}"
    event = next_event(ticket)
    if event is not None:
        return f"the next thing is due {_text(event.due_at)}"
    if ticket.sla_paused_at is not None:
        return f"its clock is paused while it is {ticket.status}"
    if ticket.sla_breached:
        return "it is breached, and its chain has no further role"
    return "nothing is due any more"


def _deed(happening: Happening) -> str:
    after, overdue = happening.outcome.ticket, f" (due {_text(happening.event.due_at)})"
    match happening.event.kind, happening.outcome.action:
        case ClockEventKind.FIRST_RESPONSE_BREACHED, _:
            return "flag the missing first response and notify" + overdue
        case ClockEventKind.NEAR_BREACH, _:
            return "warn of the near breach" + overdue
        case _, Action.AUTO_ESCALATED:
            return f"escalate to level {after.sla_escalation_level}, {after.owner_role}" + overdue
        case _:
            return "mark it as breached; its chain has no further role" + overdue


def _text(moment: datetime | None) -> str:
    return "-" if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"


@contextmanager
def _unit_of_work(url: str) -> Iterator[PostgresUnitOfWork]:
    pool = open_pool(url, min_size=1, max_size=1, wait_seconds=PATIENCE_SECONDS, prepare_statements=False)
    try:
        yield PostgresUnitOfWork(Sessions(pool, session_settings=False, default_timeout_ms=PATIENCE_SECONDS * 1000))
    finally:
        pool.close()
