"""A list that is followed ends up as a list that is read, however the feed is cut into pages and resumed."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.application.watching.audiences import AudienceIndex
from server.application.watching.change_feed import FeedEvent, Position, TicketHistory, TicketState
from server.application.watching.list_news import Audience, Digest, News, news_for, occurrences
from server.domain.filters import TicketFilter
from server.domain.fsm import TicketStatus
from server.domain.ids import ChainNo, FranchiseId, Seq, TicketId, UserId, Version
from server.domain.matching import matches
from server.domain.roles import Role
from server.domain.tickets import Ticket, TicketPriority
from server.domain.visibility import Visibility

NOW = datetime(2026, 11, 2, 10, tzinfo=UTC)
USERS = [UserId("asha"), UserId("ravi")]
BASE = Ticket(
    id=TicketId("TKT-1001"),
    title="Payment not received",
    description="The shipper has not paid for the load.",
    created_by_id=UserId("shipper-1"),
    created_by_role=Role.SHIPPER,
    owner_id=None,
    owner_role=None,
    assigned_franchise_id=None,
    priority=TicketPriority.HIGH,
    status=TicketStatus.NEW,
    severity=None,
    linked_type=None,
    linked_id=None,
    sla_due_at=None,
    sla_escalation_level=0,
    sla_breached=False,
    sla_policy_version=1,
    sla_cycle=1,
    sla_changed_at=NOW,
    sla_near_breach_at=None,
    sla_near_breach_notified=False,
    sla_paused_at=None,
    sla_next_escalation_at=None,
    first_response_due_at=None,
    first_responded_at=None,
    first_response_breached=False,
    tags=(),
    is_sensitive=False,
    archived=False,
    resolution_summary=None,
    metadata={},
    created_at=NOW,
    updated_at=NOW,
    resolved_at=None,
    closed_at=None,
    version=Version(1),
)

some_states = st.builds(
    lambda title, status, owner, role, franchise, archived, watchers: TicketState(
        replace(
            BASE,
            title=title,
            status=status,
            owner_id=owner,
            owner_role=role,
            assigned_franchise_id=franchise,
            archived=archived,
        ),
        frozenset(watchers),
    ),
    st.sampled_from(["a payment is late", "the truck is late"]),
    st.sampled_from([TicketStatus.OPEN, TicketStatus.IN_PROGRESS, TicketStatus.RESOLVED]),
    st.sampled_from([None, *USERS]),
    st.sampled_from([None, Role.OPS_AGENT, Role.OPS_MANAGER]),
    st.sampled_from([None, FranchiseId("FR-001"), FranchiseId("FR-002")]),
    st.booleans(),
    st.sets(st.sampled_from(USERS)),
)
some_filters = st.builds(
    TicketFilter,
    statuses=st.sampled_from([(), (TicketStatus.OPEN,), (TicketStatus.OPEN, TicketStatus.RESOLVED)]),
    owner_id=st.sampled_from([None, USERS[0]]),
    unassigned=st.sampled_from([None, True, False]),
    text=st.sampled_from([None, None, "payment"]),
)
some_visibilities = st.builds(
    Visibility,
    everything=st.booleans(),
    user_id=st.sampled_from(USERS),
    queue_role=st.sampled_from([None, Role.OPS_AGENT]),
    franchise_ids=st.sets(st.sampled_from([FranchiseId("FR-001"), FranchiseId("FR-002")])).map(frozenset),
)
audiences = st.builds(Audience, some_filters, some_visibilities)


class Life:
    """A ticket that went through ``states``; event n led to states[n - 1]."""

    def __init__(self, states: list[TicketState]) -> None:
        self.states: list[TicketState | None] = [
            None,
            *(
                replace(state, ticket=replace(state.ticket, version=Version(number)))
                for number, state in enumerate(states, start=1)
            ),
        ]

    @property
    def length(self) -> int:
        return len(self.states) - 1

    def at(self, number: int) -> TicketState:
        state = self.states[number]
        assert state is not None
        return state

    def page(self, changes: Iterable[int]) -> list[FeedEvent]:
        return [FeedEvent(Position(10, n), BASE.id, Seq(n), "TICKET_UPDATED", ChainNo(n)) for n in changes]

    def history(self, first: int, now: int) -> TicketHistory:
        return TicketHistory(self.at(now), {ChainNo(n): self.states[n - 1] for n in range(first, now + 1)})


def on_the_list(audience: Audience, state: TicketState | None) -> bool:
    return (
        state is not None
        and audience.sees(state)
        and matches(audience.where, state.ticket, now=NOW)
        and text_fits(audience, state)
    )


def text_fits(audience: Audience, state: TicketState) -> bool:
    return audience.where.text is None or audience.where.text in state.ticket.title


@given(st.data())
def test_following_leads_to_what_reading_shows(data: st.DataObject) -> None:
    life = Life(data.draw(st.lists(some_states, min_size=1, max_size=8)))
    audience = data.draw(audiences)
    # The feed's order is that in which transactions took their numbers, not that in which they changed the ticket.
    feed = data.draw(st.permutations(range(1, life.length + 1)), label="feed")
    start = data.draw(st.integers(0, life.length), label="position of the snapshot")
    seen = data.draw(st.integers(max(feed[:start], default=0), life.length), label="state in the snapshot")
    held = seen if on_the_list(audience, life.states[seen]) else None
    at = start
    while at < life.length:
        last = data.draw(st.integers(at + 1, life.length), label="end of the page")
        now = data.draw(st.integers(max(feed[:last]), life.length), label="present")
        page = feed[at:last]
        for what in occurrences(life.page(page), {BASE.id: life.history(min(page), now)}):
            news = news_for(audience, what, at=NOW, text_fits=text_fits(audience, what.now))
            if news is News.CHANGED:
                assert audience.sees(what.now), "nobody is shown what is not theirs"
                held = max(held or 0, now)
            elif news is News.LEFT:
                assert any(audience.sees(state) for state in what.states()), "nor told of it"
                held = None
        at = last
    assert held == (life.length if on_the_list(audience, life.at(life.length)) else None)


@given(st.lists(some_states, min_size=1, max_size=4), st.lists(audiences, max_size=6))
def test_the_index_finds_all_who_see_a_ticket(states: list[TicketState], all_audiences: list[Audience]) -> None:
    index: AudienceIndex[int] = AudienceIndex()
    for number, audience in enumerate(all_audiences):
        index.add(audience, number)
    concerned = index.concerned(states)
    for number, audience in enumerate(all_audiences):
        if any(audience.sees(state) for state in states):
            assert number in concerned
    for number, audience in enumerate(all_audiences):
        index.remove(audience, number)
    assert index.concerned(states) == set()


ALL = Visibility(everything=True, user_id=UserId("x"), queue_role=None, franchise_ids=frozenset())
OPEN = replace(BASE, status=TicketStatus.OPEN)
DONE = replace(BASE, status=TicketStatus.RESOLVED)


def state(ticket: Ticket) -> TicketState:
    return TicketState(ticket, frozenset())


def test_a_message_is_a_change_of_tickets_that_match() -> None:
    event = FeedEvent(Position(1, 1), BASE.id, Seq(5), "MESSAGE_ADDED", None)
    (what,) = occurrences([event], {BASE.id: TicketHistory(state(OPEN), {})})
    assert news_for(Audience(TicketFilter(), ALL), what, at=NOW, text_fits=True) is News.CHANGED
    others = Audience(TicketFilter(statuses=(TicketStatus.CLOSED,)), ALL)
    assert news_for(others, what, at=NOW, text_fits=True) is None
    assert what.staff == what.outside == Digest(Seq(5), "MESSAGE_ADDED")


def test_events_with_nothing_between_them_are_one() -> None:
    other = TicketId("TKT-1002")
    events = [
        FeedEvent(Position(1, 1), BASE.id, Seq(1), "TICKET_CREATED", ChainNo(1)),
        FeedEvent(Position(1, 2), BASE.id, Seq(2), "STATUS_CHANGED", ChainNo(2)),
        FeedEvent(Position(1, 3), other, Seq(1), "TICKET_CREATED", ChainNo(1)),
        FeedEvent(Position(2, 1), BASE.id, None, "WATCH_CHANGED", ChainNo(3)),
    ]
    history = TicketHistory(state(OPEN), {ChainNo(1): None, ChainNo(2): state(BASE), ChainNo(3): state(OPEN)})
    found = occurrences(events, {BASE.id: history, other: TicketHistory(state(OPEN), {ChainNo(1): None})})
    assert [(what.position.id, what.staff.seq, what.staff.action) for what in found] == [
        (2, 2, ""),
        (3, 1, "TICKET_CREATED"),
        (1, None, "WATCH_CHANGED"),
    ]


def test_what_left_already_is_told_by_the_event_that_took_it_off() -> None:
    history = TicketHistory(state(DONE), {ChainNo(2): state(BASE), ChainNo(3): state(OPEN)})
    audience = Audience(TicketFilter(statuses=(TicketStatus.NEW, TicketStatus.OPEN)), ALL)
    opened, resolved = (
        occurrences([FeedEvent(Position(1, n), BASE.id, Seq(n), "STATUS_CHANGED", ChainNo(n))], {BASE.id: history})[0]
        for n in (2, 3)
    )
    assert news_for(audience, opened, at=NOW, text_fits=True) is None
    assert news_for(audience, resolved, at=NOW, text_fits=True) is News.LEFT


@pytest.mark.parametrize("fits", [True, False])
def test_words_may_have_fitted_before(fits: bool) -> None:
    history = TicketHistory(state(OPEN), {ChainNo(2): state(BASE)})
    event = FeedEvent(Position(1, 1), BASE.id, Seq(2), "TICKET_UPDATED", ChainNo(2))
    (what,) = occurrences([event], {BASE.id: history})
    news = news_for(Audience(TicketFilter(text="payment"), ALL), what, at=NOW, text_fits=fits)
    assert news is (News.CHANGED if fits else News.LEFT)


OUTSIDE = Audience(
    TicketFilter(), Visibility(everything=False, user_id=USERS[0], queue_role=None, franchise_ids=frozenset()), True
)


def watched(*users: UserId) -> TicketState:
    return TicketState(OPEN, frozenset(users))


@pytest.mark.parametrize(
    ("event", "before", "now", "staff", "outside"),
    [
        ("note", None, watched(USERS[0]), News.CHANGED, None),
        ("watching of another", watched(USERS[0]), watched(*USERS), News.CHANGED, None),
        ("own watching", watched(), watched(USERS[0]), News.CHANGED, News.CHANGED),
        ("end of own watching", watched(USERS[0]), watched(), News.CHANGED, News.LEFT),
    ],
)
def test_what_is_internal_is_not_told_outside(
    event: str, before: TicketState | None, now: TicketState, staff: News, outside: News | None
) -> None:
    number = None if before is None else ChainNo(7)
    action = "MESSAGE_ADDED" if before is None else "WATCH_CHANGED"
    happened = FeedEvent(Position(1, 1), BASE.id, None, action, number, is_internal=True)
    history = TicketHistory(now, {} if number is None else {number: before})
    (what,) = occurrences([happened], {BASE.id: history})
    assert what.outside is None, event
    assert news_for(Audience(TicketFilter(), ALL), what, at=NOW, text_fits=True) is staff
    assert news_for(OUTSIDE, what, at=NOW, text_fits=True) is outside


def test_audit_actions_are_not_told_outside() -> None:
    event = FeedEvent(Position(1, 1), BASE.id, Seq(3), "AUTO_ESCALATED", ChainNo(4))
    (what,) = occurrences([event], {BASE.id: TicketHistory(watched(USERS[0]), {ChainNo(4): watched(USERS[0])})})
    assert what.staff.action == "AUTO_ESCALATED"
    assert what.outside == Digest(Seq(3), "")
    assert news_for(OUTSIDE, what, at=NOW, text_fits=True) is News.CHANGED
