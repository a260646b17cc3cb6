"""Readers of timelines: each gets every entry that it may see once, in order, whoever brings it.

A stream is either catching up, by pages of its own in a thread of the replay pool, or live, when whoever follows the
feed hands it what is new. It changes sides under its lock, so nothing falls between the two.
"""

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from server.application.call import Call
from server.application.watching.change_feed import ChangeFeed, TicketState, TimelinePlace
from server.application.watching.outlets import Shared, TimelineOutlet
from server.application.watching.page_size import PageSize
from server.application.watching.telling import Tellers
from server.domain.errors import TicketsError, ticket_not_found
from server.domain.ids import Seq, TicketId
from server.domain.timeline import AuditEntry, AuditEntryView, Message, MessageView, TimelineItem, message_view
from server.domain.visibility import visibility_of

PAGE = 100
"""Entries read at a time, of one ticket."""
_CHUNK = 1000
"""Tickets whose readers are checked at a time."""


class Entries:
    """Consecutive rows of one timeline, as each kind of reader gets them."""

    def __init__(self, rows: Sequence[Message | AuditEntry]) -> None:
        self._rows = rows
        self._views: dict[tuple[bool, bool], list[Shared[TimelineItem]]] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def after(self, seq: Seq, *, sensitive: bool, disclosed: bool) -> Iterator[tuple[Seq, Shared[TimelineItem]]]:
        """Those beyond a number, on a ticket that is sensitive or not, for readers who gave a reason or did not."""
        kind = (sensitive, disclosed and sensitive)
        views = self._views.get(kind)
        if views is None:
            views = self._views[kind] = [
                Shared(_view(row, sensitive=sensitive, disclosed=disclosed)) for row in self._rows
            ]
        for row, view in zip(self._rows, views, strict=True):
            number = row.seq
            if number is not None and number > seq:
                yield number, view


def _view(row: Message | AuditEntry, *, sensitive: bool, disclosed: bool) -> TimelineItem:
    if isinstance(row, Message):
        return message_view(row, ticket_is_sensitive=sensitive, disclosed=disclosed)
    return AuditEntryView(row, withheld=sensitive and not disclosed)


@dataclass(frozen=True, slots=True)
class TimelineReader:
    """Who reads which timeline."""

    call: Call
    ticket_id: TicketId
    disclosed: bool
    """A reason was given for protected texts, and is in the audit."""

    def sees(self, state: TicketState) -> bool:
        """Whether the ticket is (still) theirs to see."""
        principal = self.call.principal
        return visibility_of(principal).sees(state.ticket, is_watching=principal.user_id in state.watchers)

    def may_read(self, item: TimelineItem) -> bool:
        """Outside roles get public messages alone."""
        if self.call.principal.is_staff:
            return True
        return isinstance(item, MessageView) and not item.message.is_internal_note


class TimelineStream:
    """One reader. ``replay`` runs something soon in another thread."""

    def __init__(
        self,
        reader: TimelineReader,
        outlet: TimelineOutlet,
        after: Seq,
        *,
        feed: ChangeFeed,
        call: Call,
        replay: Callable[[Callable[[], None]], None],
    ) -> None:
        self.reader = reader
        self.outlet = outlet
        self.is_stuck = False
        """The last page could not be read; somebody has to call ``catch_up`` again."""
        self._feed = feed
        self._call = call
        self._replay = replay
        self._lock = threading.Lock()
        self._loaded = after
        self._catching_up = True
        self._is_behind = False
        self._page_size = PageSize(PAGE)

    @property
    def loaded(self) -> Seq | None:
        """The number up to which a live stream has everything; None while it catches up."""
        return None if self._catching_up else self._loaded

    def mark(self) -> None:
        """Tell the reader how far it has come. By any thread."""
        with self._lock:
            self.outlet.mark(self._loaded)

    def catch_up(self) -> None:
        """Begin, or begin again, to read by itself."""
        self.is_stuck = False
        self._replay(self._read_on)

    def offer(self, place: TimelinePlace | None, entries: Entries) -> None:
        """What is new on the ticket. ``place`` is None when there is no such ticket."""
        with self._lock:
            if self._catching_up:
                self._is_behind = True
            elif (admitted := self._admitted(place)) and not self._take(admitted, entries, contiguous=True):
                self._start_over()

    def hint(self) -> None:
        """Something is new on the ticket."""
        with self._lock:
            if self._catching_up:
                self._is_behind = True
            else:
                self._start_over()

    def check(self, place: TimelinePlace | None) -> None:
        """Whether the reader may go on, and has everything."""
        with self._lock:
            admitted = self._admitted(place)
            if admitted and not self._catching_up and self._loaded < admitted.last_seq:
                self._start_over()

    def _start_over(self) -> None:
        self._catching_up = True
        self._replay(self._read_on)

    def _read_on(self) -> None:
        """A page, and a turn for the next, until the end of the timeline or of the outlet's room."""
        try:
            if self.outlet.is_over:
                return
            if not self.outlet.has_room:
                self.outlet.when_taken(self.catch_up)
            elif not self._read_page():
                self._replay(self._read_on)
        except TicketsError:
            self.is_stuck = True  # the database is away, or slow
        except Exception as error:  # noqa: BLE001 - becomes the stream's own end
            self.outlet.end(error)

    def _read_page(self) -> bool:
        """Whether the stream is live now, or over."""
        wanted = {self.reader.ticket_id: self._loaded}
        limit, start = self._page_size.limit, self._loaded
        found = self._feed.timelines(self._call, wanted, limit=limit).get(self.reader.ticket_id)
        place, rows = found if found is not None else (None, [])
        with self._lock:
            admitted = self._admitted(place)
            if admitted is None:
                return True
            complete = self._take(admitted, Entries(rows), contiguous=False) and len(rows) < limit
            self._page_size.took(self._loaded - start)
            if not complete or self._is_behind:
                self._is_behind = False
                return False
            self._loaded = max(self._loaded, admitted.last_seq)
            self._catching_up = False
        self.mark()
        return True

    def _admitted(self, place: TimelinePlace | None) -> TimelinePlace | None:
        """The place, where the reader may see it; else this is the end."""
        if place is not None and self.reader.sees(place.state):
            return place
        self.outlet.end(ticket_not_found(self.reader.ticket_id))
        return None

    def _take(self, place: TimelinePlace, entries: Entries, *, contiguous: bool) -> bool:
        """Whether everything went out, and, for what others read, whether that was all."""
        sensitive = place.state.ticket.is_sensitive
        for seq, item in entries.after(self._loaded, sensitive=sensitive, disclosed=self.reader.disclosed):
            if (contiguous and seq != self._loaded + 1) or not self.outlet.has_room:
                return False
            if self.reader.may_read(item.value):
                self.outlet.entry(item)
            self._loaded = seq
        return not contiguous or self._loaded >= place.last_seq


class TimelineStreams:
    """All readers of timelines in this process."""

    def __init__(self, feed: ChangeFeed, tellers: Tellers) -> None:
        self._feed = feed
        self._tellers = tellers
        self._lock = threading.Lock()
        self._streams: dict[TicketId, set[TimelineStream]] = {}

    def add(self, stream: TimelineStream) -> None:
        """From here on it hears of what is new; it has to catch up itself."""
        with self._lock:
            self._streams.setdefault(stream.reader.ticket_id, set()).add(stream)

    def remove(self, stream: TimelineStream) -> None:
        """Also one that was never added."""
        ticket_id = stream.reader.ticket_id
        with self._lock:
            streams = self._streams.get(ticket_id, set())
            streams.discard(stream)
            if not streams:
                self._streams.pop(ticket_id, None)

    def follow(self, call: Call, changed: Collection[TicketId]) -> None:
        """Hand on what is new on these tickets: one query for all of them."""
        watched = self._watched(changed)
        if not watched:
            return
        wanted: dict[TicketId, Seq] = {}
        for ticket_id, streams in watched.items():
            places = [loaded for stream in streams if (loaded := stream.loaded) is not None]
            if places:
                wanted[ticket_id] = min(places)
        found = self._feed.timelines(call, wanted, limit=PAGE) if wanted else {}

        def tell(ticket_id: TicketId) -> None:
            place, rows = found.get(ticket_id, (None, []))
            entries = Entries(rows)
            for stream in watched[ticket_id]:
                # One that has gone live meanwhile was not asked for: it has to look for itself.
                stream.offer(place, entries) if ticket_id in wanted else stream.hint()

        self._tellers.each(tell, list(watched))

    def check(self, call: Call) -> None:
        """Every reader's right and place, whatever the feed has told."""
        with self._lock:
            ids = list(self._streams)
        for start in range(0, len(ids), _CHUNK):
            # Those who come while this is read may have been let in by something that it does not show.
            watched = self._watched(ids[start : start + _CHUNK])
            places = self._feed.places(call, list(watched))
            for ticket_id, streams in watched.items():
                for stream in streams:
                    stream.check(places.get(ticket_id))

    def _watched(self, ids: Collection[TicketId]) -> Mapping[TicketId, list[TimelineStream]]:
        with self._lock:
            return {ticket_id: list(self._streams[ticket_id]) for ticket_id in ids if ticket_id in self._streams}
