"""The port to whatever writes workbooks."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from server.domain.tickets import Ticket
from server.domain.timeline import Message


class Workbook(Protocol):
    """A workbook in the making, in constant memory. The same tickets and instant make the same bytes.

    Raises Unavailable when there is no room to put it together.
    """

    def add(self, ticket: Ticket, messages: Sequence[Message]) -> None:
        """The next ticket; its messages only matter where messages were asked for."""

    def finish(self) -> Iterator[bytes]:
        """The file in chunks. It is made when the first is asked for, which may take as long as all ``add`` calls."""


class Workbooks(Protocol):
    """Where workbooks begin. Safe to use from several processes at a time."""

    def begin(self, *, as_of: datetime, include_messages: bool) -> AbstractContextManager[Workbook]:
        """A workbook with the clocks of ``as_of``. Leaving the context removes whatever it took to make it.

        What a process that was killed has left is removed by a later call, here or in another process.
        """
