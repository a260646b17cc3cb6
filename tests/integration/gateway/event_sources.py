"""Browsers' EventSource, as its standard says, for tests: it comes back with the last id, and gives up at a status."""

import http.client
import socket
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.waiting import eventually

SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Event:
    """As a page is told it."""

    name: str
    data: str
    id: str
    """The last one that came, with this event or before."""


class EventReader:
    """Puts lines together to events."""

    def __init__(self) -> None:
        self.last_id = ""
        self.retry_ms = 100
        self.comments = 0
        self._fields: dict[str, str] = {}

    def line(self, line: str) -> Event | None:
        """One line without its end; the event that it completes."""
        if not line:
            fields, self._fields = self._fields, {}
            if "data" not in fields:
                return None
            return Event(fields.get("event", "message"), fields["data"], self.last_id)
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not name:
            self.comments += 1
        elif name == "id":
            self.last_id = value
        elif name == "retry":
            self.retry_ms = int(value)
        elif name == "data" and "data" in self._fields:
            self._fields["data"] += "\n" + value
        else:
            self._fields[name] = value
        return None


class EventSource:
    """Open from the beginning until it is closed, or told by a status that it is not wanted.

    ``told`` is called with each event, ``opened`` before each connection. Its pauses are a tenth of what it is told.
    """

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        *,
        told: Callable[[Event], object] = lambda _: None,
        opened: Callable[[], object] = lambda: None,
        comes_back: bool = True,
    ) -> None:
        self.url = url
        self.events: list[Event] = []
        self.reader = EventReader()
        self.status = 0
        self.statuses: list[int] = []
        self.refusal = b""
        """Body of the answer that ended it."""
        self.headers: Mapping[str, str] = {}
        self._sent = {"Accept": "text/event-stream", "Cache-Control": "no-store", **(headers or {})}
        self._told = told
        self._opened = opened
        self._comes_back = comes_back
        self._connection: http.client.HTTPConnection | None = None
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def named(self, *names: str) -> list[Event]:
        """Events with one of these names so far."""
        return [event for event in self.events if event.name in names]

    def next(self, name: str, count: int = 1) -> Event:
        """The so-manieth event of that name, as soon as it has come."""
        eventually(lambda: len(self.named(name)) >= count, within=SECONDS, what=f"event {name} of {self.events[-3:]}")
        return self.named(name)[count - 1]

    @property
    def is_over(self) -> bool:
        """Whether it will not come back."""
        return not self._thread.is_alive()

    def end(self) -> None:
        """Wait for it."""
        eventually(lambda: self.is_over, within=SECONDS, what="the end of the stream")

    def close(self) -> None:
        """As a page does that has seen enough."""
        self._closing.set()
        connection = self._connection
        if connection is not None and connection.sock is not None:
            with suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        assert self.is_over

    def _run(self) -> None:
        while not self._closing.is_set():
            self._opened()
            try:
                if not self._connect():
                    return
            except (OSError, http.client.HTTPException, AttributeError, ValueError):
                pass  # a network error, or closed
            if not self._comes_back:
                return
            self._closing.wait(self.reader.retry_ms / 10_000)

    def _connect(self) -> bool:
        """Whether it may come back after this."""
        parts = urlsplit(self.url)
        self._connection = connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=SECONDS)
        sent = dict(self._sent)
        if self.reader.last_id:
            sent["Last-Event-ID"] = self.reader.last_id
        try:
            connection.request("GET", f"{parts.path}?{parts.query}", headers=sent)
            answer = connection.getresponse()
            self.headers = {name.lower(): value for name, value in answer.getheaders()}
            self.status = answer.status
            self.statuses.append(answer.status)
            if answer.status != 200:
                self.refusal = answer.read()
                return False
            self.reader = self._resumed()
            while line := answer.readline():
                event = self.reader.line(line.decode().removesuffix("\n"))
                if event is not None:
                    self.events.append(event)
                    self._told(event)
            return True
        finally:
            connection.close()

    def _resumed(self) -> EventReader:
        """What is half a line or event when a connection ends is thrown away."""
        reader = EventReader()
        reader.last_id, reader.retry_ms, reader.comments = (
            self.reader.last_id,
            self.reader.retry_ms,
            self.reader.comments,
        )
        return reader


def close_all(sources: Iterable[EventSource]) -> None:
    """Of a test that is over."""
    for source in sources:
        source.close()
