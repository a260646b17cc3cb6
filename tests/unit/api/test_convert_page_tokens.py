import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rodistaa.tickets.v1 import ticket_pb2
from rodistaa.tickets.v1 import ticket_reads_pb2 as reads
from rodistaa.tickets.v1 import timeline_reads_pb2 as timeline
from server.api.convert.page_tokens import PageToken, fitting
from server.application.call import Call
from server.domain.errors import InvalidArgument, Reason
from server.domain.ids import UserId
from server.domain.principal import Principal
from server.domain.roles import Role


def call(user: str = "asha") -> Call:
    return Call(Principal(UserId(user), Role.ADMIN, frozenset(), None), None, "trace")


def read(request: Any, length: int, *, user: str = "asha") -> tuple[str, ...] | None:
    return PageToken(call(user), request).read(length)


def test_no_token_is_the_first_page_and_no_position_no_token() -> None:
    assert read(reads.ListTicketsRequest(), 3) is None
    assert PageToken(call(), reads.ListTicketsRequest()).write(None) == ""


storable = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=10)


@given(st.lists(storable, min_size=1, max_size=4))
def test_a_position_of_any_texts_comes_back(parts: list[str]) -> None:
    request = reads.ListTicketsRequest(order_by="priority", page_size=5)
    request.page_token = PageToken(call(), request).write(tuple(parts))
    request.page_size = 7
    assert read(request, len(parts)) == tuple(parts)


def refused(request: Any, length: int = 1, *, user: str = "asha") -> None:
    with pytest.raises(InvalidArgument) as caught:
        read(request, length, user=user)
    assert caught.value.reason is Reason.PAGE_TOKEN_INVALID
    assert [violation.field for violation in caught.value.violations] == ["page_token"]


def test_a_token_goes_with_its_arguments_its_caller_and_its_method() -> None:
    request = timeline.ListTimelineRequest(ticket_id="TKT-1", page_size=1)
    token = PageToken(call(), request).write(("5",))
    request.page_token = token
    request.access_reason = "may be given or not"
    assert read(request, 1) == ("5",)
    refused(request, user="zoe")
    refused(request, length=2)
    refused(timeline.ListTimelineRequest(ticket_id="TKT-2", page_token=token))
    refused(timeline.ListTimelineRequest(ticket_id="TKT-1", after_seq=1, page_token=token))
    refused(timeline.ListTimelineRequest(ticket_id="TKT-1", order_by="seq desc", page_token=token))
    refused(timeline.ListAuditEntriesRequest(ticket_id="TKT-1", page_token=token))


@given(
    st.text(min_size=1, max_size=40)
    | st.binary(min_size=1, max_size=40).map(lambda b: base64.urlsafe_b64encode(b).decode())
)
def test_any_other_text_is_refused(text: str) -> None:
    request = reads.ListTicketsRequest()
    try:
        request.page_token = text
    except ValueError:
        return  # a lone surrogate: not even the wire takes it
    refused(request)


@pytest.mark.parametrize("part", ["\0", "a\0b", "\ud800", 1, None, [], {}])
def test_a_forged_part_that_no_database_could_take_is_refused(part: Any) -> None:
    request = reads.ListTicketsRequest()
    token = PageToken(call(), request).write(("x",))
    fingerprint = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))[0]
    request.page_token = base64.urlsafe_b64encode(json.dumps([fingerprint, part]).encode()).decode()
    refused(request)


def test_fitting_takes_what_fits_and_at_least_one() -> None:
    tickets = [ticket_pb2.Ticket(description="x" * 100) for _ in range(10)]
    assert fitting([]) == []
    assert len(fitting(tickets)) == 10
    assert len(fitting(tickets, most=350)) == 3
    assert len(fitting(tickets, most=1)) == 1
