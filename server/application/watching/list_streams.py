"""Readers of lists: each is told what the feed says, from its own position on, without a gap or a repeat.

Everything here but ``join`` and ``remove`` belongs to one thread, the one that follows the feed. A reader whose
position is far behind reads on by itself first (``ListCatchUp``), then joins; what was missed in between, the following
thread reads once for all who join.
"""

import itertools
import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from server.application.call import Call
from server.application.watching.audiences import AudienceIndex
from server.application.watching.change_feed import ChangeFeed, FeedEvent, FeedPage, Position
from server.application.watching.list_news import Audience, Digest, News, Occurrence, news_for, occurrences
from server.application.watching.outlets import ListOutlet, Shared, TicketChange
from server.application.watching.page_size import PageSize
from server.domain.errors import OutOfRange, TicketsError
from server.domain.ids import TicketId
from server.domain.tickets import withheld_view

PAGE = 500
"""Events read at a time."""
_JOINING = 100
"""Streams that join at a time."""
_TEXTS = 16
"""Different words of filters that are looked up at a time."""


def _nothing(*_: object) -> None:
    """Of a stream that nobody serves yet."""


class ListStream:
    """One reader of a list."""

    def __init__(self, audience: Audience, outlet: ListOutlet, position: Position) -> None:
        self.audience = audience
        self.outlet = outlet
        self.position = position
        """Everything up to here has been put, and by the follower perhaps more. Moved by one thread at a time: its
        catching up, then the follower."""
        self.catch_up: Callable[[], None] = _nothing
        """Read on by itself from its position, then join again."""
        self.is_stuck = False
        self.is_removed = False
        self.is_begun = True
        """Whether the reader has the tickets that the list begins with; no position is good to go on from before."""
        self._here: Callable[[], Position] | None = None
        self._is_behind = False
        self._fall_behind: Callable[[ListStream], None] = _nothing
        self._lock = threading.Lock()

    def changed(self, change: Shared[TicketChange], position: Position) -> None:
        """Put it, unless the reader has had that already."""
        with self._lock:
            if self._takes(position):
                self.position = position
                self.outlet.changed(change, position)

    def left(self, ticket_id: TicketId, position: Position) -> None:
        """The same."""
        with self._lock:
            if self._takes(position):
                self.position = position
                self.outlet.left(ticket_id, position)

    def come_to(self, position: Position) -> None:
        """Everything up to there has been put."""
        with self._lock:
            self.position = max(self.position, position)

    def follow(self, here: Callable[[], Position], fall_behind: Callable[["ListStream"], None]) -> None:
        """From now on everything up to ``here()`` has been put, too, until there is no room and it falls behind."""
        with self._lock:
            self._here = here
            self._fall_behind = fall_behind

    def leave_behind(self) -> None:
        """From now on it is told by its own catching up."""
        with self._lock:
            self._is_behind = False
        self.catch_up()

    def mark(self) -> None:
        """Tell the reader how far it has come. By any thread."""
        with self._lock:
            if self.is_begun:
                self.outlet.mark(self.position if self._here is None else max(self.position, self._here()))
            else:
                self.outlet.mark(None)

    def _takes(self, position: Position) -> bool:
        if position <= self.position or self._is_behind:
            return False
        if self._here is None or self.outlet.has_room:
            return True
        # A burst is no reason to end a reader who reads: it goes on by itself, as fast as it reads.
        self._step_out(self._here())
        return False

    def fall_behind(self) -> None:
        """Go on by itself, from what was told last."""
        with self._lock:
            if self._here is not None:
                self._step_out(self._here())

    def _step_out(self, here: Position) -> None:
        self.position = max(self.position, here)
        self._here = None
        self._is_behind = True
        self._fall_behind(self)


class Telling:
    """What happened, and the words of filters looked up; ready to be told to any audience without further reading."""

    def __init__(self, feed: ChangeFeed, call: Call, events: Sequence[FeedEvent], now: Callable[[], datetime]) -> None:
        self.occurrences = occurrences(events, feed.histories(call, events)) if events else []
        self._at = now()
        self._feed = feed
        self._call = call
        self._found: dict[str, frozenset[TicketId]] = {}
        self._changes: dict[tuple[int, bool], Shared[TicketChange]] = {}

    def look_up(self, texts: Iterable[str]) -> None:
        """To be done for the words of each audience before it is told. Raises what ``ChangeFeed`` raises."""
        ids = {what.ticket_id for what in self.occurrences}
        for text in texts:
            if ids and text not in self._found:
                self._found[text] = self._feed.text_matches(self._call, text, ids)

    def tell(self, number: int, audience: Audience, readers: Collection[ListStream]) -> None:
        """Put the news of an occurrence where it is news."""
        what = self.occurrences[number]
        text = audience.where.text
        text_fits = text is None or what.ticket_id in self._found[text]
        news = news_for(audience, what, at=self._at, text_fits=text_fits)
        if news is None:
            return
        for reader in readers:
            if news is News.CHANGED:
                reader.changed(self._change(number, what, outside=audience.is_outside), what.position)
            else:
                reader.left(what.ticket_id, what.position)

    def _change(self, number: int, what: Occurrence, *, outside: bool) -> Shared[TicketChange]:
        change = self._changes.get((number, outside))
        if change is None:
            # Whoever has just come to see the ticket by what is internal gets it without a word.
            digest = what.outside or Digest(None, "") if outside else what.staff
            view = withheld_view(what.now.ticket)
            change = self._changes[number, outside] = Shared(TicketChange(view, digest.seq, digest.action))
        return change


class Snapshot(Protocol):
    """The tickets that a list begins with."""

    def send_page(self) -> bool:
        """Put the next of them; whether these were the last. Raises what ``UnitOfWork.read`` raises."""
        ...


class ListCatchUp:
    """Reads on for one stream until it is near the end of the feed; then ``join`` takes it."""

    def __init__(
        self,
        stream: ListStream,
        snapshot: Snapshot | None,
        *,
        feed: ChangeFeed,
        call: Call,
        now: Callable[[], datetime],
        replay: Callable[[Callable[[], None]], None],
        replay_first: Callable[[Callable[[], None]], None],
        join: Callable[[ListStream], None],
    ) -> None:
        stream.is_begun = snapshot is None
        stream.catch_up = self.begin
        self._stream = stream
        self._snapshot = snapshot
        self._feed = feed
        self._call = call
        self._now = now
        self._replay = replay
        self._replay_first = replay_first
        self._join = join
        self._page_size = PageSize(PAGE)

    def begin(self) -> None:
        """Or begin again where it got stuck."""
        self._stream.is_stuck = False
        self._take_turn()

    def _take_turn(self) -> None:
        (self._replay if self._snapshot is None else self._replay_first)(self._read_on)

    def _read_on(self) -> None:
        """A page, and a turn for the next."""
        stream = self._stream
        try:
            if stream.outlet.is_over:
                return
            if not stream.outlet.has_room:
                stream.outlet.when_taken(self.begin)
            elif self._is_near():
                self._join(stream)
            else:
                self._take_turn()
        except OutOfRange as error:
            stream.outlet.end(error)
        except TicketsError:
            stream.is_stuck = True  # the database is away, or slow
        except Exception as error:  # noqa: BLE001 - becomes the stream's own end
            stream.outlet.end(error)

    def _is_near(self) -> bool:
        """Take the next step; whether less than a page was left to be told."""
        if self._snapshot is not None:
            if self._snapshot.send_page():
                self._snapshot = None
                self._stream.is_begun = True
            return False
        limit = self._page_size.limit
        page = self._feed.read(self._call, self._stream.position, limit=limit)
        telling = Telling(self._feed, self._call, page.events, self._now)
        telling.look_up(filter(None, [self._stream.audience.where.text]))
        told = tell_one(self._stream, page, telling)
        is_told = told == len(telling.occurrences)
        self._page_size.took(len(page.events) if is_told else told)
        return is_told and len(page.events) < limit


def tell_one(stream: ListStream, page: FeedPage, telling: Telling) -> int:
    """As much of a page to one stream as it has room for; how many of the occurrences that was."""
    for number, what in enumerate(telling.occurrences):
        if not stream.outlet.has_room:
            return number
        telling.tell(number, stream.audience, (stream,))
        stream.come_to(what.position)
    stream.come_to(page.end)
    return len(telling.occurrences)


class _Group:
    """The readers of one audience."""

    __slots__ = ("audience", "readers")

    def __init__(self, audience: Audience) -> None:
        self.audience = audience
        self.readers: set[ListStream] = set()


class ListStreams:
    """All readers of lists in this process."""

    def __init__(self, feed: ChangeFeed, now: Callable[[], datetime]) -> None:
        self._feed = feed
        self._now = now
        self._lock = threading.Lock()
        self._joining: dict[ListStream, None] = {}
        self._groups: dict[Audience, _Group] = {}
        self._behind: list[ListStream] = []
        self._here = Position(0, 0)
        self._index: AudienceIndex[_Group] = AudienceIndex()

    def join(self, stream: ListStream) -> None:
        """Take it over at its position, soon. By any thread."""
        with self._lock:
            if not stream.is_removed:
                self._joining[stream] = None

    def remove(self, stream: ListStream) -> None:
        """Also one that never joined. By any thread."""
        with self._lock:
            stream.is_removed = True
            self._take_out(stream)

    def take_in(self, call: Call, here: Position) -> bool:
        """Let those join who wait, the follower being at ``here``: tell them what they have missed. Some at a time;
        whether others still wait."""
        with self._lock:
            joining = list(itertools.islice(self._joining, _JOINING))
            more = len(self._joining) > len(joining)
        late = [stream for stream in joining if stream.position < here]
        if late:
            try:
                self._tell_late(call, late, here)
            except Exception:  # noqa: BLE001 - whatever it is, each meets it again by itself and ends by it
                self._behind.extend(late)
        self._here = here
        with self._lock:
            for stream in joining:
                if stream in self._joining and stream not in self._behind:
                    del self._joining[stream]
                    self._add(stream)
        self._leave_behind()
        return more

    def _tell_late(self, call: Call, late: Sequence[ListStream], here: Position) -> None:
        """One page: whoever is further behind, or asks for words that others do not, goes on by itself once more."""
        page = self._feed.read(call, min(stream.position for stream in late), upto=here, limit=PAGE)
        telling = Telling(self._feed, call, page.events, self._now)
        texts = _first({stream.audience.where.text for stream in late})
        telling.look_up(texts)
        for stream in late:
            text = stream.audience.where.text
            is_told = text is None or text in texts
            if is_told and tell_one(stream, page, telling) == len(telling.occurrences) and stream.position >= here:
                continue
            self._behind.append(stream)

    def tell(self, call: Call, page: FeedPage) -> None:
        """Tell everybody. Reads everything it needs before the first is told, but for the words of filters: whoever
        asks for words that cannot be looked up with those of all others goes on by itself."""
        if self._groups:
            telling = Telling(self._feed, call, page.events, self._now)
            told = self._concerned(telling.occurrences)
            texts = _first({group.audience.where.text for groups in told.values() for group, _ in groups})
            self._tell(telling, told, {None})
            try:
                telling.look_up(texts)
            except TicketsError:
                texts = []
            self._tell(telling, told, set(texts))
            for groups in told.values():
                for group, readers in groups:
                    if group.audience.where.text not in {None, *texts}:
                        for stream in readers:
                            stream.fall_behind()
        self._here = page.end
        self._leave_behind()

    def _tell(
        self,
        telling: Telling,
        told: Mapping[int, list[tuple[_Group, list[ListStream]]]],
        texts: Collection[str | None],
    ) -> None:
        for number, groups in told.items():
            for group, readers in groups:
                if group.audience.where.text in texts:
                    telling.tell(number, group.audience, readers)

    def give_up(self, error: Exception) -> None:
        """End everybody who has joined."""
        with self._lock:
            readers = [stream for group in self._groups.values() for stream in group.readers]
        for stream in readers:
            stream.outlet.end(error)

    def _leave_behind(self) -> None:
        """Those who had no room for all go on by themselves."""
        for stream in dict.fromkeys(self._behind):
            with self._lock:
                self._take_out(stream)
            stream.leave_behind()
        self._behind.clear()

    def _take_out(self, stream: ListStream) -> None:
        self._joining.pop(stream, None)
        group = self._groups.get(stream.audience)
        if group is not None:
            group.readers.discard(stream)
            if not group.readers:
                del self._groups[stream.audience]
                self._index.remove(stream.audience, group)

    def _concerned(self, happened: Sequence[Occurrence]) -> Mapping[int, list[tuple[_Group, list[ListStream]]]]:
        with self._lock:
            return {
                number: [(group, list(group.readers)) for group in self._index.concerned(what.states())]
                for number, what in enumerate(happened)
            }

    def _add(self, stream: ListStream) -> None:
        group = self._groups.get(stream.audience)
        if group is None:
            group = self._groups[stream.audience] = _Group(stream.audience)
            self._index.add(stream.audience, group)
        group.readers.add(stream)
        stream.follow(lambda: self._here, self._behind.append)


def _first(texts: Collection[str | None]) -> list[str]:
    """As many as are looked up for all: a query each, in the thread that everybody waits for."""
    return [text for text in texts if text is not None][:_TEXTS]
