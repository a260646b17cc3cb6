"""Who is told of an event on a ticket, and what.

Recipients follow from the ticket as it is now, not as it was at the event, so each may still see it: its owner, its
watchers, its creator, or, where nobody owns it, the people of its queue. Nobody is told of what they did themselves,
and inactive members are told nothing. Who is not in the staff directory is outside, and hears of nothing that is the
staff's alone. Values that a sensitive ticket protects never occur: excerpts of its messages are not even loaded.
Deadlines are told in the time of India and in UTC: the staff works there, and nobody's own zone is known.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from server.domain.fsm import TicketStatus
from server.domain.ids import UserId
from server.domain.notices import NotificationKind as Kind
from server.domain.notifications import LONGEST_EXCERPT, Channel, Contact, Event, People, TicketNow, Told
from server.domain.principal import SYSTEM
from server.domain.roles import OUTSIDE, STAFF, Role
from server.domain.timeline import Action


@dataclass(frozen=True, slots=True)
class _Saying:
    kind: Kind
    headline: str
    deed: str
    """What follows the actor's name."""


@dataclass(frozen=True, slots=True)
class _News:
    """What an event says to whom; None says nothing."""

    staff: _Saying | None = None
    outside: _Saying | None = None
    keeper: _Saying | None = None
    """To who has the ticket now, where that differs from what other staff are told."""
    for_queue: bool = False
    """Whether the queue is told where nobody owns the ticket."""
    for_creator: bool = False
    is_critical: bool = False


def plan(event: Event, ticket: TicketNow, people: People) -> list[Told]:
    """One of each person who is to be told."""
    news = _news(event, ticket, people)
    # A queue may be long: nothing here is done once more for each of its people than it must be.
    keepers = dict.fromkeys(_keepers(ticket, people, for_queue=news.for_queue))
    words: dict[tuple[_Saying, bool], tuple[str, str]] = {}
    candidates = [*keepers, *people.watchers, *([ticket.created_by_id] if news.for_creator else ())]
    result = []
    for user_id in dict.fromkeys(candidates):
        contact = people.contacts.get(user_id)
        if user_id in (event.actor_id, SYSTEM.user_id) or (contact is not None and not contact.active):
            continue
        is_staff = contact is not None and contact.role in STAFF
        saying = news.staff if is_staff else news.outside
        if user_id in keepers and news.keeper is not None:
            saying = news.keeper
        if saying is None:
            continue
        if (saying, is_staff) not in words:
            words[saying, is_staff] = _words(saying, event, ticket, people, to_staff=is_staff)
        title, body = words[saying, is_staff]
        result.append(
            Told(
                user_id=user_id,
                ticket_id=ticket.id,
                kind=saying.kind,
                title=title,
                body=body,
                is_critical=news.is_critical and is_staff,
                for_staff=is_staff,
                channels=_channels(user_id, people, is_member=contact is not None, is_critical=news.is_critical),
            )
        )
    return result


def _words(saying: _Saying, event: Event, ticket: TicketNow, people: People, *, to_staff: bool) -> tuple[str, str]:
    """Title and body."""
    title = _one_line(f"{ticket.id} {saying.headline}: {ticket.title}", LONGEST_EXCERPT + 500)
    return title, _sentence(f"{_actor(event, people, to_staff=to_staff)} {saying.deed}")


def _keepers(ticket: TicketNow, people: People, *, for_queue: bool) -> list[UserId]:
    if ticket.owner_id is not None:
        return [ticket.owner_id]
    if not for_queue:
        return []
    return [contact.user_id for contact in people.queue if contact.active and _works_for(contact, ticket)]


def _works_for(contact: Contact, ticket: TicketNow) -> bool:
    """A franchise's agents are told of their franchise's tickets alone."""
    if contact.role is not Role.FRANCHISE_AGENT or ticket.assigned_franchise_id is None:
        return contact.role is ticket.owner_role
    return contact.role is ticket.owner_role and ticket.assigned_franchise_id in contact.franchise_ids


def _channels(user_id: UserId, people: People, *, is_member: bool, is_critical: bool) -> frozenset[Channel]:
    """Watchers said how they want to be told. Outside people are told in the app alone: nobody knows an address."""
    if not is_member:
        return frozenset()
    chosen = people.watchers.get(user_id)
    if chosen is not None:
        return chosen
    return frozenset(Channel) if is_critical else frozenset({Channel.EMAIL, Channel.PUSH})


def _news(event: Event, ticket: TicketNow, people: People) -> _News:
    """A ticket that was put away, or is done by now, alarms nobody."""
    if event.action in _ARCHIVING:
        saying = _ARCHIVING[event.action]
        return _News(staff=saying, outside=saying)
    if ticket.archived or (event.action in _ALARMS and ticket.status in _DONE):
        return _News()
    if event.action in _ALARMS or event.action == Action.SLA_REAPPLIED:
        return _of_clock(event.action, ticket)
    if event.action == "MESSAGE_ADDED":
        return _message(event)
    if event.action in (Action.ESCALATED, Action.AUTO_ESCALATED):
        return _escalation(event, ticket)
    return _change(event, ticket, people)


_DONE = (TicketStatus.RESOLVED, TicketStatus.CLOSED)
_ARCHIVING = {
    "TICKET_ARCHIVED": _Saying(Kind.TICKET_UPDATED, "was archived", "archived it"),
    "TICKET_UNARCHIVED": _Saying(Kind.TICKET_UPDATED, "is back from the archive", "took it out of the archive"),
}
_FILES = {
    Action.ATTACHMENT_ADDED: _Saying(Kind.TICKET_UPDATED, "has a new attachment", "attached a file"),
    Action.ATTACHMENT_CHANGED: _Saying(Kind.TICKET_UPDATED, "was changed", "changed an attached file"),
    Action.ATTACHMENT_REMOVED: _Saying(Kind.TICKET_UPDATED, "lost an attachment", "removed an attached file"),
}
"""Names are not told: a file may be sensitive, or become so. For staff alone: others may see a file once a
public message names it, and of that message they are told."""
_ALARMS = frozenset({Action.SLA_NEAR_BREACH, Action.FIRST_RESPONSE_BREACHED, Action.SLA_BREACHED})


def _of_clock(action: str, ticket: TicketNow) -> _News:
    match action:
        case Action.SLA_NEAR_BREACH:
            deed = f"reports that a fifth of the time or less is left{_deadline(': its deadline is {}', ticket.due_at)}"
            saying = _Saying(Kind.NEAR_BREACH, "is due soon", deed)
        case Action.FIRST_RESPONSE_BREACHED:
            due = _deadline(": it was due {}", ticket.first_response_due_at)
            deed = f"reports that the first response is late{due}"
            saying = _Saying(Kind.FIRST_RESPONSE_BREACHED, "waits for a first response", deed)
        case Action.SLA_REAPPLIED:
            deed = f"applied the newest SLA policy{_deadline(': its deadline is {}', ticket.due_at)}"
            saying = _Saying(Kind.TICKET_UPDATED, "has new deadlines", deed)
        case _:
            due = _deadline(", {},", ticket.due_at)
            deed = f"reports that the deadline{due} has passed and nobody is left to escalate to"
            saying = _Saying(Kind.ESCALATED, "is overdue", deed)
    return _News(staff=saying, for_queue=action in _ALARMS, is_critical=action == Action.SLA_BREACHED)


def _message(event: Event) -> _News:
    words = "" if event.excerpt is None else f": {_one_line(event.excerpt, LONGEST_EXCERPT)}"
    if event.is_internal_note:
        return _News(staff=_Saying(Kind.MESSAGE_ADDED, "has a new internal note", f"noted{words or ' something'}"))
    saying = _Saying(Kind.MESSAGE_ADDED, "has a new message", f"wrote{words or ' a message'}")
    return _News(staff=saying, outside=saying, for_creator=True)


def _escalation(event: Event, ticket: TicketNow) -> _News:
    role = _queue(event.new.get("owner_role") or ticket.owner_role)
    automatic = event.action == Action.AUTO_ESCALATED
    why = f", as its deadline{_deadline(', {},', ticket.due_at)} has passed" if automatic else ""
    return _News(
        staff=_Saying(
            Kind.ESCALATED,
            "is overdue and was escalated" if automatic else "was escalated",
            f"escalated it to {role}{why}",
        ),
        outside=_status(event),
        for_queue=True,
        for_creator=True,
        is_critical=automatic,
    )


def _change(event: Event, ticket: TicketNow, people: People) -> _News:
    """Any other change, known by what it changed: the names of actions are an open list.

    A new ticket stands in its queue for all to see, and a clock that was read anew is no news: neither tells anyone.
    """
    if event.action in _FILES:
        return _News(staff=_FILES[event.action])
    status = _status(event)
    if event.action != "TICKET_CREATED" and not _GIVING.isdisjoint(event.new):
        holder = _holder(ticket, people)
        given = "you" if ticket.owner_id is not None else holder
        return _News(
            staff=status or _Saying(Kind.TICKET_UPDATED, "was assigned", f"gave it to {holder}"),
            outside=status,
            keeper=_Saying(Kind.ASSIGNED, f"was given to {given}", f"gave it to {given}"),
            for_queue=True,
            for_creator=status is not None,
        )
    if status is not None:
        return _News(staff=status, outside=status, for_creator=True)
    if event.action in ("TICKET_CREATED", Action.SLA_DERIVED):
        return _News()
    named = [words for name, words in _FIELDS.items() if name in event.new]
    public = _updated(event, named)
    if public is None and not _CLOCK.isdisjoint(event.new):
        due = _deadline(": it is due {}", ticket.due_at)
        return _News(staff=_Saying(Kind.TICKET_UPDATED, "was changed", f"changed its deadlines{due}"))
    return _News(staff=public, outside=public)


_GIVING = frozenset({"owner_id", "owner_role"})
_CLOCK = frozenset({"sla_due_at", "first_response_due_at", "sla_policy_version"})
_FIELDS = {
    "title": "the title",
    "description": "the description",
    "priority": "the priority",
    "severity": "the severity",
    "linked_id": "the link",
    "tags": "the tags",
    "metadata": "the metadata",
    "resolution_summary": "the resolution summary",
    "assigned_franchise_id": "the franchise",
    "is_sensitive": "the protection",
}


def _updated(event: Event, named: list[str]) -> _Saying | None:
    if "priority" in event.new:
        return _Saying(
            Kind.TICKET_UPDATED,
            f"now has priority {_name(event.new['priority'])}",
            f"changed the priority from {_name(event.old.get('priority'))} to {_name(event.new['priority'])}",
        )
    if not named:
        return None
    things = named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"
    return _Saying(Kind.TICKET_UPDATED, "was changed", f"changed {things}")


def _status(event: Event) -> _Saying | None:
    if event.action == "TICKET_CREATED" or "status" not in event.new:
        return None
    now = _name(event.new["status"])
    return _Saying(Kind.STATUS_CHANGED, f"is now {now}", f"moved it from {_name(event.old.get('status'))} to {now}")


def _name(value: object) -> str:
    """A state or a priority, within a sentence."""
    return str(value).replace("_", " ").lower()


_INDIA = timezone(timedelta(hours=5, minutes=30), "IST")


def _deadline(words: str, at: datetime | None) -> str:
    """The words with ``2026-11-23 18:30 IST (13:00 UTC)`` in them; nothing without a deadline."""
    if at is None:
        return ""
    here, utc = at.astimezone(_INDIA), at.astimezone(UTC)
    day = "" if here.date() == utc.date() else "%Y-%m-%d "
    return words.format(f"{here:%Y-%m-%d %H:%M} IST ({utc:{day}%H:%M} UTC)")


def _holder(ticket: TicketNow, people: People) -> str:
    if ticket.owner_id is None:
        return _queue(ticket.owner_role)
    contact = people.contacts.get(ticket.owner_id)
    return ticket.owner_id if contact is None else contact.display_name


def _queue(role: object) -> str:
    return "nobody" if role is None else f"the {str(role).replace('_', ' ')} queue"


def _actor(event: Event, people: People, *, to_staff: bool) -> str:
    """Outside people do not learn the names of staff."""
    if event.actor_id == SYSTEM.user_id:
        return "The system"
    if not to_staff:
        return f"The {event.actor_role}" if event.actor_role in OUTSIDE else "Support"
    contact = people.contacts.get(event.actor_id)
    name = event.actor_id if contact is None else _one_line(contact.display_name)
    return f"{name} ({event.actor_role.replace('_', ' ')})"


def _sentence(text: str) -> str:
    line = _one_line(text, LONGEST_EXCERPT + 500)
    return line if line.endswith((".", "!", "?", "…")) else f"{line}."


def _one_line(text: str, longest: int = LONGEST_EXCERPT) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= longest else flat[: longest - 1].rstrip() + "…"
