import pytest
from hypothesis import given
from hypothesis import strategies as st

from rodistaa.tickets.v1.timeline_reads_pb2 import ListTimelineRequest
from server.api.convert.page_tokens import PageToken
from server.api.convert.timeline_in import TimelineQuery, timeline_response, to_timeline_query
from server.application.call import Call
from server.application.timeline.list_timeline import TimelinePage
from server.domain.errors import InvalidArgument
from server.domain.ids import Seq, UserId
from server.domain.principal import Principal
from server.domain.roles import Role
from server.domain.timeline import ALL_KINDS, TimelineKind

CALL = Call(Principal(UserId("asha"), Role.ADMIN, frozenset(), None), None, "trace")
ORDERS = {"seq": False, "seq asc": False, "seq desc": True}


def query(**fields: str | int) -> TimelineQuery:
    request = ListTimelineRequest(ticket_id="TKT-1", **fields)  # type: ignore[arg-type] # fields of the message
    return to_timeline_query(request, PageToken(CALL, request))


def test_no_order_is_upwards_from_the_beginning() -> None:
    asked = query()
    assert (asked.after, asked.descending) == (None, False)


def test_downwards_begins_with_the_newest() -> None:
    asked = query(order_by="seq desc")
    assert (asked.after, asked.descending) == (None, True)
    assert query(order_by="seq desc", after_seq=7).after == 7


def test_no_kinds_are_all_kinds() -> None:
    request = ListTimelineRequest(ticket_id="TKT-1")
    assert to_timeline_query(request, PageToken(CALL, request)).kinds == ALL_KINDS


@given(st.lists(st.integers(-1, 4), max_size=5))
def test_kinds_are_known_or_a_violation_of_their_place(numbers: list[int]) -> None:
    request = ListTimelineRequest(ticket_id="TKT-1", kinds=numbers)  # type: ignore[arg-type] # numbers as on the wire
    wrong = [f"kinds[{place}]" for place, number in enumerate(numbers) if number not in (1, 2)]
    if not wrong:
        kinds = to_timeline_query(request, PageToken(CALL, request)).kinds
        names = {1: TimelineKind.MESSAGE, 2: TimelineKind.AUDIT_ENTRY}
        assert kinds == ({names[number] for number in numbers} or ALL_KINDS)
        return
    with pytest.raises(InvalidArgument) as caught:
        to_timeline_query(request, PageToken(CALL, request))
    assert [violation.field for violation in caught.value.violations] == wrong


@given(st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(list(ORDERS)))
def test_any_text_is_an_order_or_a_violation_of_its_field(text: str) -> None:
    known = " ".join(text.split()) if text else "seq"
    if known in ORDERS:
        assert query(order_by=text).descending is ORDERS[known]
        return
    with pytest.raises(InvalidArgument) as caught:
        query(order_by=text)
    assert [violation.field for violation in caught.value.violations] == ["order_by"]


@given(st.sampled_from(["", "seq", "seq desc"]), st.integers(0, 2**63 - 1), st.integers(1, 2**63 - 1))
def test_a_token_goes_on_where_the_page_ended(order: str, after_seq: int, end: int) -> None:
    request = ListTimelineRequest(ticket_id="TKT-1", order_by=order, after_seq=after_seq)
    page = timeline_response(TimelinePage([], Seq(end)), PageToken(CALL, request))
    asked = query(order_by=order, after_seq=after_seq, page_token=page.next_page_token)
    assert (asked.after, asked.descending) == (end, order == "seq desc")
