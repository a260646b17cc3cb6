"""Finding the audiences that a change may concern without asking each of them."""

from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

from server.application.watching.change_feed import TicketState
from server.application.watching.list_news import Audience

G = TypeVar("G", bound=Hashable)


class AudienceIndex(Generic[G]):
    """Groups of readers by what lets them see a ticket. Not safe for use by several threads."""

    def __init__(self) -> None:
        self._groups: dict[Hashable, set[G]] = {}

    def add(self, audience: Audience, group: G) -> None:
        """Until ``remove`` with the same arguments."""
        for key in _keys_of(audience):
            self._groups.setdefault(key, set()).add(group)

    def remove(self, audience: Audience, group: G) -> None:
        """Also what was never added."""
        for key in _keys_of(audience):
            groups = self._groups.get(key)
            if groups is not None:
                groups.discard(group)
                if not groups:
                    del self._groups[key]

    def concerned(self, states: Iterable[TicketState]) -> set[G]:
        """All groups that see the ticket in one of the states, and some that do not."""
        found = set(self._groups.get(_EVERYTHING, ()))
        if len(self._groups) > (1 if found else 0):
            keys = {key for state in states for key in _keys_to(state)}
            for key in keys & self._groups.keys():
                found |= self._groups[key]
        return found


_EVERYTHING = ("everything",)


def _keys_of(audience: Audience) -> Iterable[Hashable]:
    rule = audience.visibility
    if rule.everything:
        yield _EVERYTHING
        return
    yield "user", rule.user_id
    if rule.queue_role is not None:
        yield "role", rule.queue_role
    for franchise in rule.franchise_ids:
        yield "franchise", franchise


def _keys_to(state: TicketState) -> Iterable[Hashable]:
    ticket = state.ticket
    yield "user", ticket.created_by_id
    yield "user", ticket.owner_id
    for user in state.watchers:
        yield "user", user
    yield "role", ticket.owner_role
    yield "franchise", ticket.assigned_franchise_id
