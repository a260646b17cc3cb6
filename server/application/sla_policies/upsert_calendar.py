"""Entering a calendar, or a new version of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from server.application.answers import Answer
from server.application.call import Call
from server.application.clock import Clock
from server.application.unit_of_work import Repositories, UnitOfWork
from server.domain.calendars import Calendar, Holiday, Window
from server.domain.errors import InvalidArgument, Reason
from server.domain.ids import Version
from server.domain.permissions import require_admin
from server.domain.preconditions import Precondition
from server.domain.sla_reach import reaches
from server.domain.tickets import make_etag

A = TypeVar("A")

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class CalendarDraft:
    """A calendar as an admin wants it."""

    id: str
    display_name: str
    time_zone: str
    windows: tuple[Window, ...]
    holidays: tuple[Holiday, ...]


@dataclass(frozen=True, slots=True)
class UpsertCalendar:
    """admin only. Policies that name the calendar get a new version with it; open tickets keep what they have."""

    uow: UnitOfWork
    clock: Clock

    def __call__(self, call: Call, draft: CalendarDraft, only_if: Precondition, answer: Answer[Calendar, A]) -> A:
        """The newest version, which is the present one when nothing differs.

        Raises PermissionDenied, Aborted, AlreadyExists (CALENDAR_EXISTS), NotFound (CALENDAR_NOT_FOUND),
        InvalidArgument when the targets of a policy that names the calendar could hardly be reached in it.
        """
        require_admin(call.principal, "Changing calendars is")
        now = self.clock()

        def body(repositories: Repositories) -> Calendar:
            present = repositories.calendars.lock(draft.id)
            etag = None if present is None else make_etag(Version(present.version))
            only_if.require(
                etag,
                name=f"Calendar {draft.id}",
                taken=Reason.CALENDAR_EXISTS,
                missing=Reason.CALENDAR_NOT_FOUND,
            )
            if present is not None and _draft_of(present) == draft:
                return present
            calendar = Calendar(
                id=draft.id,
                version=1 if present is None else present.version + 1,
                display_name=draft.display_name,
                time_zone=draft.time_zone,
                windows=draft.windows,
                holidays=draft.holidays,
                updated_at=now,
            )
            _check_reach(repositories, calendar, now)
            return repositories.calendars.put(calendar)

        return self.uow.answer_once(call, answer, body)


def _draft_of(calendar: Calendar) -> CalendarDraft:
    return CalendarDraft(calendar.id, calendar.display_name, calendar.time_zone, calendar.windows, calendar.holidays)


def _check_reach(repositories: Repositories, calendar: Calendar, now: datetime) -> None:
    """A minute at least, and the targets of the policies that would count in it."""
    if not reaches(calendar, _MINUTE, start=now):
        raise InvalidArgument.field("calendar.windows", "are never open")
    for policy in repositories.sla_policies.all():
        if policy.calendar is None or policy.calendar.id != calendar.id:
            continue
        longest = max(policy.target, policy.interval)
        if not reaches(calendar, longest, start=now):
            raise InvalidArgument.field(
                "calendar.windows",
                f"are not open for {longest // _MINUTE} minutes within the next ten years, as the policy of"
                f" {policy.priority} needs",
            )
