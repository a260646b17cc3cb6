"""SlaPolicyService."""

from dataclasses import dataclass

import grpc

from rodistaa.tickets.v1 import sla_policy_service_pb2 as pb
from rodistaa.tickets.v1.sla_policy_service_pb2_grpc import SlaPolicyServiceServicer
from server.api.calls import call_of
from server.api.convert.answers import answer_for
from server.api.convert.calendars import calendar_after, calendars_response, from_calendar, to_calendar_draft
from server.api.convert.page_tokens import PageToken
from server.api.convert.sla_policies import from_policy, to_policy_changes
from server.application.sla_policies.list_calendars import ListCalendars
from server.application.sla_policies.list_sla_policies import ListSlaPolicies
from server.application.sla_policies.update_sla_policy import UpdateSlaPolicy
from server.application.sla_policies.upsert_calendar import UpsertCalendar
from server.domain.calendars import Calendar
from server.domain.sla import SlaPolicy
from server.domain.validation import Checker

Context = grpc.ServicerContext


@dataclass(frozen=True, slots=True)
class SlaPolicyUseCases:
    """What SlaPolicyService does."""

    list: ListSlaPolicies
    update: UpdateSlaPolicy
    list_calendars: ListCalendars
    upsert_calendar: UpsertCalendar


class SlaPolicyService(SlaPolicyServiceServicer):
    """Documented in the contract."""

    def __init__(self, use_cases: SlaPolicyUseCases) -> None:
        self._do = use_cases

    def ListSlaPolicies(self, request: pb.ListSlaPoliciesRequest, context: Context) -> pb.ListSlaPoliciesResponse:
        policies = self._do.list(call_of(context))
        return pb.ListSlaPoliciesResponse(sla_policies=[from_policy(policy) for policy in policies])

    def UpdateSlaPolicy(self, request: pb.UpdateSlaPolicyRequest, context: Context) -> pb.UpdateSlaPolicyResponse:
        def present(policy: SlaPolicy) -> pb.UpdateSlaPolicyResponse:
            return pb.UpdateSlaPolicyResponse(sla_policy=from_policy(policy))

        answer = answer_for(request, pb.UpdateSlaPolicyResponse, present)
        return self._do.update(call_of(context), to_policy_changes(request), answer)

    def ListCalendars(self, request: pb.ListCalendarsRequest, context: Context) -> pb.ListCalendarsResponse:
        call, check = call_of(context), Checker()
        token = PageToken(call, request)
        limit = check.page_size("page_size", request.page_size)
        check.done()
        return calendars_response(self._do.list_calendars(call, after=calendar_after(token), limit=limit), token)

    def UpsertCalendar(self, request: pb.UpsertCalendarRequest, context: Context) -> pb.UpsertCalendarResponse:
        def present(calendar: Calendar) -> pb.UpsertCalendarResponse:
            return pb.UpsertCalendarResponse(calendar=from_calendar(calendar))

        answer = answer_for(request, pb.UpsertCalendarResponse, present)
        return self._do.upsert_calendar(call_of(context), *to_calendar_draft(request), answer)
