"""Members of the directory."""

import re
from collections.abc import Iterable

from rodistaa.tickets.v1 import directory_service_pb2 as pb
from server.api.convert.enums import PERMISSION, ROLE
from server.api.convert.page_tokens import PageToken, fitting
from server.api.convert.preconditions import to_precondition
from server.api.convert.values import set_timestamp
from server.application.directory.get_caller import Caller
from server.application.directory.list_members import MemberPage
from server.domain.directory import Member, MemberDraft, MemberFilter
from server.domain.ids import FranchiseId, UserId
from server.domain.preconditions import Precondition
from server.domain.roles import STAFF, Role
from server.domain.tickets import make_etag
from server.domain.validation import DEFAULT_PAGE_SIZE, DISPLAY_NAME, MAX_PAGE_SIZE, Checker

_EMAIL = re.compile(r"[!-?A-~]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", re.ASCII)
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
MAX_FRANCHISES = 200
MAX_EMAIL = 254
PUSH_TOKEN = (1, 4096)
QUERY = (1, 100)


def from_member(member: Member) -> pb.Member:
    """A member with contact addresses, without the push token."""
    wire = pb.Member(
        user_id=member.user_id,
        role=ROLE.to_wire[member.role],
        display_name=member.display_name,
        franchise_ids=member.franchise_ids,
        email=member.email or "",
        phone=member.phone or "",
        active=member.active,
        etag=make_etag(member.version),
    )
    set_timestamp(wire.created_at, member.created_at)
    set_timestamp(wire.updated_at, member.updated_at)
    return wire


def to_member_draft(request: pb.UpsertMemberRequest) -> tuple[MemberDraft, Precondition]:
    """The checked member, and what the change depends on."""
    check, wire = Checker(), request.member
    if not request.HasField("member"):
        check.fail("member", "is required")
        check.done()
    role = ROLE.required(check, "member.role", wire.role, Role.OPS_AGENT)
    if role not in STAFF:
        check.fail("member.role", "must be a role of the staff")
    franchise_ids = tuple(
        FranchiseId(check.identifier(f"member.franchise_ids[{i}]", value))
        for i, value in enumerate(check.few("member.franchise_ids", wire.franchise_ids, MAX_FRANCHISES))
    )
    if wire.email and (len(wire.email) > MAX_EMAIL or not _EMAIL.fullmatch(wire.email)):
        check.fail("member.email", "must be an e-mail address")
    if wire.phone and not _PHONE.fullmatch(wire.phone):
        check.fail("member.phone", 'must be a number in E.164 form such as "+919812345678"')
    draft = MemberDraft(
        user_id=UserId(check.identifier("member.user_id", wire.user_id)),
        role=role,
        display_name=check.text("member.display_name", wire.display_name, DISPLAY_NAME),
        franchise_ids=tuple(dict.fromkeys(franchise_ids)),
        email=wire.email or None,
        phone=wire.phone or None,
        push_token=check.optional_text("member.push_token", wire.push_token, PUSH_TOKEN),
        active=wire.active if wire.HasField("active") else True,
    )
    only_if = to_precondition(
        check, "member.etag", wire.etag, create_only=request.create_only, update_only=request.update_only
    )
    check.done()
    return draft, only_if


def to_lookup(request: pb.LookupMembersRequest) -> tuple[MemberFilter, int]:
    """Whose names are asked for, and the most of them."""
    check = Checker()
    user_ids = tuple(
        UserId(check.identifier(f"user_ids[{i}]", value))
        for i, value in enumerate(check.few("user_ids", request.user_ids, MAX_PAGE_SIZE))
    )
    where = MemberFilter(
        roles=ROLE.many(check, "roles", request.roles),
        query=check.optional_text("query", request.query, QUERY),
        user_ids=tuple(dict.fromkeys(user_ids)),
    )
    limit = check.page_size("limit", request.limit, default=len(where.user_ids) or DEFAULT_PAGE_SIZE)
    if not (request.user_ids or request.roles or where.query):
        check.fail("user_ids", "user_ids, query or roles is required")
    check.done()
    return where, limit


def from_member_name(member: Member) -> pb.MemberName:
    """What the staff may know of one another."""
    return pb.MemberName(
        user_id=member.user_id,
        display_name=member.display_name,
        role=ROLE.to_wire[member.role],
        franchise_ids=member.franchise_ids,
        active=member.active,
    )


def names_response(members: Iterable[Member]) -> pb.LookupMembersResponse:
    """As many as fit into one message."""
    return pb.LookupMembersResponse(members=fitting(from_member_name(member) for member in members))


def caller_response(caller: Caller) -> pb.GetCallerResponse:
    """Who calls."""
    principal, uploads = caller.principal, caller.uploads
    wire = pb.Caller(
        user_id=principal.user_id,
        role=ROLE.to_wire[principal.role],
        franchise_ids=sorted(principal.franchise_ids),
        display_name=caller.display_name or "",
        permissions=[PERMISSION.to_wire[permission] for permission in caller.permissions],
        limits=pb.Limits(attachment_max_bytes=uploads.max_bytes, attachment_types=sorted(uploads.types)),
    )
    return pb.GetCallerResponse(caller=wire)


def to_member_filter(check: Checker, request: pb.ListMembersRequest) -> MemberFilter:
    """Which members are listed."""
    return MemberFilter(
        roles=ROLE.many(check, "roles", request.roles),
        franchise_id=check.optional_identifier("franchise_id", request.franchise_id),
        active=request.active if request.HasField("active") else None,
        query=check.optional_text("query", request.query, QUERY),
    )


def members_response(page: MemberPage, token: PageToken) -> pb.ListMembersResponse:
    """The members that fit into one message: one may have many franchises."""
    members = fitting(from_member(member) for member in page.members)
    following = members[-1].user_id if len(members) < len(page.members) else page.next
    return pb.ListMembersResponse(
        members=members, next_page_token=token.write(None if following is None else (following,))
    )
