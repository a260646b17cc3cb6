"""The port to the tickets of an export: all of them, as they were at one instant."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from server.domain.filters import TicketFilter
from server.domain.tickets import Ticket
from server.domain.timeline import Message
from server.domain.visibility import Visibility


class ExportSnapshot(Protocol):
    """One instant; every method sees the same tickets, newest first (ties by id), however long it takes.

    Nothing of it grows with the number of tickets. Iterators end with the snapshot. Leaving it raises Unavailable when
    the database went away meanwhile, and DeadlineExceeded after ``interrupt``.
    """

    @property
    def as_of(self) -> datetime:
        """The instant, aware, UTC; also that of all SLA states."""

    def count(self) -> int:
        """How many tickets there are; every other method gives so many."""

    def csv(self, *, include_messages: bool) -> Iterator[bytes]:
        """The header, then a record a ticket, each one item ended by CR LF."""

    def tickets(self) -> Iterator[Ticket]:
        """Each ticket, protected fields and all."""

    def messages(self) -> Iterator[Message]:
        """Each message of these tickets, in the order of the tickets, within one by number; without attachments."""

    def interrupt(self) -> None:
        """End what is being read, from another thread. Never raises."""


class ExportSource(Protocol):
    """Where snapshots come from."""

    def snapshot(self, where: TicketFilter, visibility: Visibility) -> AbstractContextManager[ExportSnapshot]:
        """What matches and may be seen. Raises Unavailable."""
