"""Who is told of what, in which words; how several tellings become one."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.delivery_schedule import MOST_PATIENCE, WEBHOOK_DELAYS, message_delay, webhook_delay
from server.domain.fsm import TicketStatus
from server.domain.ids import FranchiseId, Seq, TicketId, UserId
from server.domain.notices import NotificationKind as Kind
from server.domain.notification_plan import plan
from server.domain.notifications import GRAVITY, MOST_LINES, Channel, Contact, Event, People, TicketNow, Told, join
from server.domain.roles import OUTSIDE, STAFF, Role
from server.domain.webhook_events import is_wanted, payload_of

TICKET = TicketNow(
    id=TicketId("TKT-1001"),
    title="Payment not received",
    status=TicketStatus.IN_PROGRESS,
    owner_id=UserId("owner"),
    owner_role=Role.OPS_AGENT,
    assigned_franchise_id=None,
    created_by_id=UserId("shipper-1"),
    archived=False,
)
UNOWNED = replace(TICKET, owner_id=None)


def contact(
    user_id: str, role: Role = Role.OPS_AGENT, *, active: bool = True, franchises: tuple[str, ...] = ()
) -> Contact:
    return Contact(UserId(user_id), role, user_id.title(), frozenset(map(FranchiseId, franchises)), active)


def people(
    *contacts: Contact, watchers: dict[str, set[Channel]] | None = None, queue: tuple[Contact, ...] = ()
) -> People:
    return People(
        {each.user_id: each for each in (*contacts, *queue)},
        {UserId(user): frozenset(channels) for user, channels in (watchers or {}).items()},
        queue,
    )


OWNER = contact("owner")
EVERYBODY = people(
    OWNER, contact("colleague", Role.OPS_MANAGER), watchers={"colleague": {Channel.EMAIL}, "driver-1": {Channel.EMAIL}}
)


def event(action: str, actor: str = "SYSTEM", role: str = "system", **values: Any) -> Event:
    return Event(TICKET.id, Seq(7), action, datetime(2026, 1, 2, tzinfo=UTC), UserId(actor), role, **values)


def told_to(event: Event, ticket: TicketNow = TICKET, around: People = EVERYBODY) -> dict[str, tuple[Kind, str]]:
    return {told.user_id: (told.kind, told.body) for told in plan(event, ticket, around)}


STATUS = event("STATUS_CHANGED", "u-9", "ops_agent", old={"status": "OPEN"}, new={"status": "AWAITING_SHIPPER"})


def test_a_change_of_state_is_told_to_owner_watchers_and_creator() -> None:
    staff = (Kind.STATUS_CHANGED, "u-9 (ops agent) moved it from open to awaiting shipper.")
    outside = (Kind.STATUS_CHANGED, "Support moved it from open to awaiting shipper.")
    assert told_to(STATUS) == {"owner": staff, "colleague": staff, "driver-1": outside, "shipper-1": outside}


@pytest.mark.parametrize("user", ["owner", "colleague", "driver-1", "shipper-1"])
def test_nobody_is_told_of_what_they_did(user: str) -> None:
    assert user not in told_to(replace(STATUS, actor_id=UserId(user)))


def test_the_system_itself_is_told_nothing() -> None:
    by_a_trigger = replace(TICKET, created_by_id=UserId("SYSTEM"), owner_id=None)
    assert set(told_to(replace(STATUS, actor_id=UserId("u-9")), by_a_trigger)) == {"colleague", "driver-1"}


@pytest.mark.parametrize(
    "action", ["SLA_NEAR_BREACH", "SLA_BREACHED", "FIRST_RESPONSE_BREACHED", "MESSAGE_ADDED", "SLA_REAPPLIED"]
)
def test_what_is_the_staff_s_alone_reaches_no_one_outside(action: str) -> None:
    new = {"sla_due_at": "2026-01-03"} if action == "SLA_REAPPLIED" else {}
    told = told_to(event(action, "u-9", new=new, is_internal_note=True, excerpt="He lies."))
    assert set(told) == {"owner", "colleague"}


@pytest.mark.parametrize(
    ("action", "body"),
    [
        (
            "SLA_NEAR_BREACH",
            (
                "The system reports that a fifth of the time or less is left: "
                "its deadline is 2026-11-23 18:30 IST (13:00 UTC)."
            ),
        ),
        (
            "FIRST_RESPONSE_BREACHED",
            (
                "The system reports that the first response is late: "
                "it was due 2026-11-24 01:00 IST (2026-11-23 19:30 UTC)."
            ),
        ),
        (
            "SLA_BREACHED",
            (
                "The system reports that the deadline, 2026-11-23 18:30 IST (13:00 UTC), has passed and nobody is left "
                "to escalate to."
            ),
        ),
        (
            "AUTO_ESCALATED",
            (
                "The system escalated it to the ops agent queue, as its deadline, 2026-11-23 18:30 IST (13:00 UTC), "
                "has passed."
            ),
        ),
        ("ESCALATED", "The system escalated it to the ops agent queue."),
        (
            "SLA_REAPPLIED",
            "The system applied the newest SLA policy: its deadline is 2026-11-23 18:30 IST (13:00 UTC).",
        ),
    ],
)
def test_what_the_clock_does_is_told_with_the_deadline(action: str, body: str) -> None:
    ticket = replace(
        TICKET,
        due_at=datetime(2026, 11, 23, 13, tzinfo=UTC),
        first_response_due_at=datetime(2026, 11, 23, 19, 30, tzinfo=UTC),
    )
    assert told_to(event(action), ticket)["owner"][1] == body


def test_where_no_deadline_is_known_none_is_told() -> None:
    told = [told_to(event(action))["owner"][1] for action in ("SLA_NEAR_BREACH", "SLA_BREACHED", "SLA_REAPPLIED")]
    assert told == [
        "The system reports that a fifth of the time or less is left.",
        "The system reports that the deadline has passed and nobody is left to escalate to.",
        "The system applied the newest SLA policy.",
    ]


def test_people_outside_hear_of_an_escalation_only_that_the_state_changed() -> None:
    up = event("AUTO_ESCALATED", old={"status": "OPEN"}, new={"status": "ESCALATED", "owner_role": "ops_manager"})
    boss = contact("boss", Role.OPS_MANAGER)
    ticket = replace(UNOWNED, owner_role=Role.OPS_MANAGER, status=TicketStatus.ESCALATED)
    plans = {told.user_id: told for told in plan(up, ticket, people(queue=(boss,), watchers={"driver-1": set()}))}
    assert plans[UserId("driver-1")].body == "The system moved it from open to escalated."
    assert not plans[UserId("driver-1")].is_critical
    assert plans[UserId("boss")].kind is Kind.ESCALATED
    assert plans[UserId("boss")].is_critical
    assert plans[UserId("boss")].channels == frozenset(Channel)


@pytest.mark.parametrize("action", ["SLA_NEAR_BREACH", "SLA_BREACHED", "FIRST_RESPONSE_BREACHED"])
def test_where_nobody_owns_it_the_queue_is_alarmed(action: str) -> None:
    around = people(queue=(contact("one"), contact("two"), contact("three", Role.FINANCE)))
    assert set(told_to(event(action), UNOWNED, around)) == {"one", "two"}
    assert set(told_to(event(action), TICKET, around)) == set()  # the owner is not in the directory


@pytest.mark.parametrize("action", ["MESSAGE_ADDED", "STATUS_CHANGED", "PRIORITY_CHANGED"])
def test_the_queue_is_not_told_of_everything(action: str) -> None:
    changed = event(action, new={"status": "OPEN", "priority": "HIGH"})
    assert "one" not in told_to(changed, UNOWNED, people(queue=(contact("one"),)))


def test_agents_hear_of_their_own_franchise_alone() -> None:
    queue = (
        contact("here", Role.FRANCHISE_AGENT, franchises=("FR-1", "FR-2")),
        contact("there", Role.FRANCHISE_AGENT, franchises=("FR-3",)),
    )
    given_to = event("ASSIGNMENT_CHANGED", new={"owner_role": "franchise_agent"})
    ticket = replace(UNOWNED, owner_role=Role.FRANCHISE_AGENT)
    assert set(told_to(given_to, ticket, people(queue=queue))) == {"here", "there"}
    ticket = replace(ticket, assigned_franchise_id=FranchiseId("FR-1"))
    assert told_to(given_to, ticket, people(queue=queue)) == {
        "here": (Kind.ASSIGNED, "The system gave it to the franchise agent queue.")
    }


def test_an_assignment_names_who_has_it_now() -> None:
    given_to = event("ASSIGNMENT_CHANGED", "boss", "ops_manager", new={"owner_id": "somebody-before"})
    assert told_to(given_to) == {
        "owner": (Kind.ASSIGNED, "boss (ops manager) gave it to you."),
        "colleague": (Kind.TICKET_UPDATED, "boss (ops manager) gave it to Owner."),
    }
    assert plan(given_to, TICKET, EVERYBODY)[0].title == "TKT-1001 was given to you: Payment not received"


def test_members_who_left_are_told_nothing() -> None:
    around = people(contact("owner", active=False), watchers={"owner": {Channel.EMAIL}})
    assert set(told_to(STATUS, TICKET, around)) == {"shipper-1"}


def test_watchers_are_told_as_they_wish_and_people_outside_in_the_app() -> None:
    channels = {told.user_id: told.channels for told in plan(STATUS, TICKET, EVERYBODY)}
    assert channels == {
        "owner": {Channel.EMAIL, Channel.PUSH},
        "colleague": {Channel.EMAIL},
        "driver-1": frozenset(),
        "shipper-1": frozenset(),
    }
    silent = people(OWNER, watchers={"owner": set()})
    assert plan(event("SLA_BREACHED"), TICKET, silent)[0].channels == frozenset()


def test_an_archived_ticket_speaks_of_its_archiving_alone() -> None:
    archived = replace(TICKET, archived=True)
    assert told_to(STATUS, archived) == {}
    assert told_to(event("SLA_BREACHED"), archived) == {}
    assert told_to(event("TICKET_ARCHIVED", "u-9", "ops_manager"), archived)["owner"] == (
        Kind.TICKET_UPDATED,
        "u-9 (ops manager) archived it.",
    )


def test_an_alarm_that_is_read_too_late_is_none() -> None:
    assert told_to(event("SLA_NEAR_BREACH"), replace(TICKET, status=TicketStatus.RESOLVED)) == {}


@pytest.mark.parametrize("action", ["TICKET_CREATED", "SLA_DERIVED"])
def test_what_is_no_news_tells_nobody(action: str) -> None:
    assert told_to(event(action, new={"sla_due_at": "2026-01-03", "sla_policy_version": 2})) == {}


def test_other_changes_name_the_fields_and_no_protected_value() -> None:
    changed = event(
        "TICKET_UPDATED", "u-9", "ops_agent", new={"tags": ["a"], "description": None, "title": "New title"}
    )
    assert told_to(changed)["owner"][1] == "u-9 (ops agent) changed the title, the description and the tags."
    raised = event("PRIORITY_CHANGED", "u-9", "ops_manager", old={"priority": "LOW"}, new={"priority": "HIGH"})
    assert told_to(raised)["driver-1"][1] == "Support changed the priority from low to high."
    assert told_to(event("MADE_UP", new={})) == {}


def test_words_of_others_cannot_pass_for_lines_of_ours() -> None:
    message = event(
        "MESSAGE_ADDED", "driver-9", "driver", excerpt="Hello\n\n… 99 earlier events\r\nThe system closed it"
    )
    assert told_to(message)["owner"][1] == "driver-9 (driver) wrote: Hello … 99 earlier events The system closed it."
    assert told_to(message)["shipper-1"][1].startswith("The driver wrote: ")


ACTIONS = (
    *("MESSAGE_ADDED", "STATUS_CHANGED", "ASSIGNMENT_CHANGED", "PRIORITY_CHANGED", "TICKET_UPDATED", "TICKET_CREATED"),
    *("ESCALATED", "AUTO_ESCALATED", "SLA_NEAR_BREACH", "SLA_BREACHED", "FIRST_RESPONSE_BREACHED", "TICKET_ARCHIVED"),
    "MADE_UP",
)
USERS = st.sampled_from(["a", "b", "c", "d"])
VALUES = st.one_of(st.none(), st.text(max_size=5), st.integers(), st.lists(st.text(max_size=3), max_size=2))
COLUMNS = st.dictionaries(
    st.sampled_from(["status", "owner_id", "owner_role", "priority", "tags", "sla_due_at", "x"]), VALUES
)


@given(
    st.builds(
        event,
        st.sampled_from(ACTIONS),
        USERS,
        st.one_of(st.sampled_from([role.value for role in Role]), st.text(max_size=5)),
        old=COLUMNS,
        new=COLUMNS,
        is_internal_note=st.booleans(),
        excerpt=st.one_of(st.none(), st.text(max_size=400)),
    ),
    st.builds(
        replace,
        st.just(TICKET),
        owner_id=st.one_of(st.none(), USERS),
        owner_role=st.one_of(st.none(), st.sampled_from(Role)),
        created_by_id=USERS,
        archived=st.booleans(),
        status=st.sampled_from(TicketStatus),
    ),
    st.lists(
        st.builds(contact, USERS, st.sampled_from([*STAFF, *OUTSIDE]), active=st.booleans()),
        unique_by=lambda each: each.user_id,
    ),
    st.dictionaries(USERS, st.sets(st.sampled_from(Channel))),
)
def test_whatever_happens(
    event: Event, ticket: TicketNow, contacts: list[Contact], watchers: dict[str, set[Channel]]
) -> None:
    """Each person once, in one line, never the actor, nobody who left, nobody outside of what is the staff's alone."""
    queue = tuple(each for each in contacts if each.active and each.role is ticket.owner_role)
    around = people(*contacts, watchers=watchers, queue=queue)
    told = plan(event, ticket, around)
    users = [each.user_id for each in told]
    may_see = {ticket.owner_id, ticket.created_by_id, *watchers, *(each.user_id for each in queue)}
    assert len(users) == len(set(users))
    assert set(users) <= may_see - {event.actor_id}
    for each in told:
        known = around.contacts.get(each.user_id)
        assert known is None or known.active
        assert "\n" not in each.body + each.title
        assert each.channels <= (frozenset() if known is None else frozenset(Channel))
        if known is None or known.role in OUTSIDE:
            assert each.kind in (Kind.ASSIGNED, Kind.MESSAGE_ADDED, Kind.STATUS_CHANGED, Kind.TICKET_UPDATED)
            assert not each.is_critical
            assert not event.is_internal_note or event.action != "MESSAGE_ADDED"


def one(kind: Kind, body: str, *, is_critical: bool = False, channel: Channel = Channel.EMAIL) -> Told:
    return Told(UserId("u"), TICKET.id, kind, f"title of {body}", body, is_critical, frozenset({channel}))


def test_joined_tellings_have_the_gravest_kind_and_a_line_an_event() -> None:
    first, second = one(Kind.ASSIGNED, "A."), one(Kind.MESSAGE_ADDED, "B.", channel=Channel.SMS)
    joined = join(first, second)
    assert (joined.kind, joined.title, joined.body, joined.event_count) == (Kind.ASSIGNED, "title of A.", "A.\nB.", 2)
    assert joined.channels == {Channel.EMAIL, Channel.SMS}
    assert join(joined, one(Kind.ASSIGNED, "C.")).title == "title of C."
    critical = join(one(Kind.STATUS_CHANGED, "D.", is_critical=True), one(Kind.ESCALATED, "E."))
    assert (critical.title, critical.is_critical) == ("title of D.", True)


@given(st.lists(st.sampled_from(GRAVITY), min_size=1, max_size=60), st.integers(0, 60))
def test_it_does_not_matter_where_batches_end(kinds: list[Kind], cut: int) -> None:
    tellings = [one(kind, f"Event {number}.") for number, kind in enumerate(kinds)]

    def fold(some: list[Told]) -> Told | None:
        result = None
        for each in some:
            result = each if result is None else join(result, each)
        return result

    whole, head, tail = fold(tellings), fold(tellings[:cut]), fold(tellings[cut:])
    assert whole == (join(head, tail) if head and tail else head or tail)
    assert whole is not None
    assert whole.event_count == len(kinds)
    lines = whole.body.split("\n")
    assert lines[-1] == f"Event {len(kinds) - 1}."
    if len(kinds) > MOST_LINES:
        assert lines[0] == f"… {len(kinds) - MOST_LINES} earlier events"
        assert len(lines) == MOST_LINES + 1


def test_every_kind_has_a_gravity() -> None:
    assert sorted(GRAVITY) == sorted(Kind)


@given(st.integers(1, 100), st.floats(0, 1, exclude_max=True))
def test_a_message_waits_longer_each_time_and_never_more_than_two_hours(attempts: int, roll: float) -> None:
    assert timedelta(seconds=1) <= message_delay(attempts, roll) <= timedelta(hours=2)
    assert message_delay(attempts, roll) <= max(timedelta(minutes=1) * 3 ** min(attempts - 1, 10), timedelta(seconds=1))
    assert message_delay(attempts, roll, asked=timedelta(hours=3)) == timedelta(hours=3)
    assert message_delay(attempts, roll, asked=timedelta(days=300)) == MOST_PATIENCE


@given(st.floats(0, 1, exclude_max=True))
def test_a_webhook_has_nine_attempts(roll: float) -> None:
    delays = [webhook_delay(attempt, roll) for attempt in range(1, 10)]
    assert delays[-1] is None
    for delay, planned in zip(delays, WEBHOOK_DELAYS, strict=False):
        assert delay is not None
        assert planned * 0.9 <= delay <= planned * 1.1
    assert webhook_delay(9, roll, asked=timedelta(hours=1)) is None


def test_a_webhook_gets_identifiers_and_open_values() -> None:
    moment = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    assert is_wanted((), "X")
    assert is_wanted(("X",), "X")
    assert not is_wanted(("Y",), "X")
    changed = event(
        "TICKET_UPDATED", "u-9", "ops_agent", old={"tags": []}, new={"tags": ["a"], "description": "secret"}
    )
    assert payload_of(changed, {"id": "TKT-1001", "created_at": moment, "tags": ["a"]}) == {
        "type": "TICKET_UPDATED",
        "timestamp": "2026-01-02T00:00:00.000000Z",
        "data": {
            "ticket_id": "TKT-1001",
            "seq": 7,
            "actor_id": "u-9",
            "actor_role": "ops_agent",
            "ticket": {"id": "TKT-1001", "created_at": "2026-01-02T03:04:00.000000Z", "tags": ["a"]},
            "changes": {"tags": {"old": [], "new": ["a"]}, "description": {"old": None, "new": None}},
        },
    }


FILE = {
    "attachment_id": "01a2074e-1fa7-7f03-8bda-8cfecba65f99",
    "uploaded_by_id": "driver-1",
    "file_type": "application/pdf",
    "file_size_bytes": 12,
    "is_sensitive": True,
    "file_name": "Aadhaar.pdf",
    "sha256": "ab" * 32,
}


@pytest.mark.parametrize(
    ("action", "side", "words"),
    [
        ("ATTACHMENT_ADDED", "new", "attached a file"),
        ("ATTACHMENT_CHANGED", "new", "changed an attached file"),
        ("ATTACHMENT_REMOVED", "old", "removed an attached file"),
    ],
)
def test_staff_are_told_of_files_without_their_names_and_webhooks_too(action: str, side: str, words: str) -> None:
    happened = event(action, "driver-2", "driver", **{side: FILE})
    told = plan(happened, TICKET, EVERYBODY)
    assert {each.user_id for each in told} == {"owner", "colleague"}, "an internal note may follow"
    assert all(words in each.body and "protection" not in each.body for each in told)
    sent = payload_of(happened, {"id": "TKT-1001"})
    assert sent["data"]["attachment"] == {
        "id": FILE["attachment_id"],
        "uploaded_by_id": "driver-1",
        "file_type": "application/pdf",
        "file_size_bytes": 12,
        "is_sensitive": True,
    }
    assert "changes" not in sent["data"]
    assert not any("Aadhaar" in text or "abab" in text for text in (str(sent), str(told)))
    assert plan(happened, replace(TICKET, archived=True), EVERYBODY) == []
