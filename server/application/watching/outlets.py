"""Open streams as the application sees them: somebody to tell, who may read slowly or not at all."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from server.application.watching.change_feed import Position
from server.domain.ids import Seq, TicketId
from server.domain.tickets import TicketView
from server.domain.timeline import TimelineItem

T = TypeVar("T")


class Shared(Generic[T]):
    """What many readers are told, and what the first of them made of it, so that it is serialised once."""

    __slots__ = ("_made", "value")

    def __init__(self, value: T) -> None:
        self.value = value
        self._made: bytes | None = None

    def made(self, make: Callable[[T], bytes]) -> bytes:
        """``make(value)``, made once; it must be the same for all who ask."""
        if self._made is None:
            self._made = make(self.value)
        return self._made


@dataclass(frozen=True, slots=True)
class TicketChange:
    """A ticket that matches, as it is; protected fields are withheld."""

    view: TicketView
    seq: Seq | None
    """Of the newest timeline entry that this stands for; None when there is none."""
    action: str
    """Empty when it stands for several."""


class Outlet(Protocol):
    """One open stream. Every method returns at once and may be called by any thread; what is put after the end is lost.

    The outlet ends itself when its reader is too slow (SLOW_CONSUMER).
    """

    @property
    def is_over(self) -> bool:
        """Whether it has ended, or its client has gone."""
        ...

    @property
    def has_room(self) -> bool:
        """Whether little waits to leave; who brings old news should wait otherwise, by ``when_taken``."""
        ...

    @property
    def last_put_at(self) -> float:
        """``time.monotonic`` of the last message, or of the beginning."""
        ...

    def when_taken(self, callback: Callable[[], None]) -> None:
        """Call it once, when there is room again, at once if there is. It has to be quick."""
        ...

    def end(self, error: Exception, *, flush: bool = False) -> None:
        """End with that status; with ``flush`` after what still waits, else that is dropped. The first end counts."""
        ...

    def tick(self, now: float) -> None:
        """About once a second, with ``time.monotonic``: here slow readers are found."""
        ...


class TimelineOutlet(Outlet, Protocol):
    """A reader of one timeline."""

    def entry(self, item: Shared[TimelineItem]) -> None:
        """The next entry that the reader may see."""
        ...

    def mark(self, seq: Seq) -> None:
        """Everything up to here was sent."""
        ...


class ListOutlet(Outlet, Protocol):
    """A reader of a list. Each event comes with the position to resume from."""

    def snapshot(self, tickets: Sequence[TicketView], position: Position | None) -> None:
        """Tickets to begin with; the last of them come with the position from which all changes follow."""
        ...

    def changed(self, change: Shared[TicketChange], position: Position) -> None:
        """A ticket matches."""
        ...

    def left(self, ticket_id: TicketId, position: Position) -> None:
        """A ticket has ceased to match or to be visible."""
        ...

    def mark(self, position: Position | None) -> None:
        """Everything up to here was sent; None while the tickets to begin with are still being sent."""
        ...
