"""Changing named fields of a policy: a new version of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, TypeVar

from server.application.answers import Answer
from server.application.call import Call
from server.application.clock import Clock
from server.application.unit_of_work import Repositories, UnitOfWork
from server.domain.calendars import Calendar
from server.domain.errors import Aborted, InvalidArgument, NotFound, Reason
from server.domain.permissions import require_admin
from server.domain.sla import SlaPolicy
from server.domain.sla_reach import reaches
from server.domain.tickets import TicketPriority, make_etag

A = TypeVar("A")

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class PolicyChanges:
    """New values of one policy."""

    priority: TicketPriority
    values: Mapping[str, Any]
    """By field of ``SlaPolicy``; but for ``calendar_id``, empty for 24x7, which stands for ``calendar``."""
    etag: str | None


@dataclass(frozen=True, slots=True)
class UpdateSlaPolicy:
    """admin only. Open tickets keep the version that they have.

    Tickets created later get the new one: at the latest after 5 seconds, as long as a process may remember policies.
    """

    uow: UnitOfWork
    clock: Clock

    def __call__(self, call: Call, changes: PolicyChanges, answer: Answer[SlaPolicy, A]) -> A:
        """The newest version, which is the present one when nothing differs.

        Raises PermissionDenied, NotFound (SLA_POLICY_NOT_FOUND, CALENDAR_NOT_FOUND), Aborted when the etag names
        another version, InvalidArgument when the values do not go together.
        """
        require_admin(call.principal, "Changing SLA policies is")
        now = self.clock()

        def body(repositories: Repositories) -> SlaPolicy:
            values = dict(changes.values)
            calendar_id = values.pop("calendar_id", None)
            calendar = _calendar(repositories, calendar_id) if calendar_id else None
            policy = repositories.sla_policies.lock(changes.priority)
            if policy is None:
                message = f"There is no SLA policy for priority {changes.priority}."
                raise NotFound(message, reason=Reason.SLA_POLICY_NOT_FOUND)
            if changes.etag is not None and changes.etag != make_etag(policy.version):
                raise Aborted(f"The policy of {policy.priority} has changed since it was read. Read it again.")
            if calendar_id is not None:
                values["calendar"] = calendar
            after = replace(policy, **values)
            if after == policy:
                return policy
            if after.response_time > after.resolution_time:
                _refuse_targets(changes, after)
            if after.calendar is not None:
                longest = max(after.target, after.interval)
                if not reaches(after.calendar, longest, start=now):
                    _refuse_calendar(changes, after.calendar, longest)
            return repositories.sla_policies.save(after)

        return self.uow.answer_once(call, answer, body)


def _calendar(repositories: Repositories, calendar_id: str) -> Calendar:
    calendar = repositories.calendars.lock(calendar_id)
    if calendar is None:
        raise NotFound(f"There is no calendar {calendar_id}.", reason=Reason.CALENDAR_NOT_FOUND)
    return calendar


def _refuse_targets(changes: PolicyChanges, policy: SlaPolicy) -> None:
    """Names the field that was sent: with one of the two in the mask, the other is the stored one."""
    if "response_time" in changes.values:
        raise InvalidArgument.field(
            "sla_policy.response_time_minutes",
            f"must not be above the resolution time, {policy.resolution_time} minutes",
        )
    raise InvalidArgument.field(
        "sla_policy.resolution_time_minutes", f"must not be below the response time, {policy.response_time} minutes"
    )


def _refuse_calendar(changes: PolicyChanges, calendar: Calendar, longest: timedelta) -> None:
    field = "calendar_id"
    if "calendar_id" not in changes.values:
        named = {"resolution_time": "resolution_time_minutes", "escalation_interval": "escalation_interval_minutes"}
        field = next((path for name, path in named.items() if name in changes.values), "response_time_minutes")
    raise InvalidArgument.field(
        f"sla_policy.{field}",
        f"calendar {calendar.id} is not open for {longest // _MINUTE} minutes within the next ten years",
    )
