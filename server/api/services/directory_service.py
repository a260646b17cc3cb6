"""DirectoryService."""

from dataclasses import dataclass

import grpc

from rodistaa.tickets.v1 import directory_service_pb2 as pb
from rodistaa.tickets.v1.directory_service_pb2_grpc import DirectoryServiceServicer
from server.api.calls import call_of
from server.api.convert.answers import answer_for
from server.api.convert.directory import (
    caller_response,
    from_member,
    members_response,
    names_response,
    to_lookup,
    to_member_draft,
    to_member_filter,
)
from server.api.convert.page_tokens import PageToken
from server.api.convert.timeline_in import user_after
from server.application.directory.get_caller import GetCaller
from server.application.directory.list_members import ListMembers
from server.application.directory.lookup_members import LookupMembers
from server.application.directory.upsert_member import UpsertMember
from server.domain.directory import Member
from server.domain.validation import Checker


@dataclass(frozen=True, slots=True)
class DirectoryUseCases:
    """What DirectoryService does."""

    upsert: UpsertMember
    list: ListMembers
    lookup: LookupMembers
    get_caller: GetCaller


class DirectoryService(DirectoryServiceServicer):
    """Documented in the contract."""

    def __init__(self, use_cases: DirectoryUseCases) -> None:
        self._do = use_cases

    def UpsertMember(self, request: pb.UpsertMemberRequest, context: grpc.ServicerContext) -> pb.UpsertMemberResponse:
        def present(member: Member) -> pb.UpsertMemberResponse:
            return pb.UpsertMemberResponse(member=from_member(member))

        answer = answer_for(request, pb.UpsertMemberResponse, present)
        return self._do.upsert(call_of(context), *to_member_draft(request), answer)

    def ListMembers(self, request: pb.ListMembersRequest, context: grpc.ServicerContext) -> pb.ListMembersResponse:
        call, check = call_of(context), Checker()
        token = PageToken(call, request)
        where = to_member_filter(check, request)
        limit = check.page_size("page_size", request.page_size)
        check.done()
        return members_response(self._do.list(call, where, after=user_after(token), limit=limit), token)

    def LookupMembers(
        self, request: pb.LookupMembersRequest, context: grpc.ServicerContext
    ) -> pb.LookupMembersResponse:
        where, limit = to_lookup(request)
        return names_response(self._do.lookup(call_of(context), where, limit))

    def GetCaller(self, request: pb.GetCallerRequest, context: grpc.ServicerContext) -> pb.GetCallerResponse:
        return caller_response(self._do.get_caller(call_of(context)))
