"""Writes many short lines from many threads without making any of them wait."""

import threading
from collections import deque
from typing import TextIO

_MAX_WAITING = 100_000
_PAUSE_SECONDS = 0.1


class LineWriter:
    """A thread that writes what was put in, in order, ten times a second.

    A process that is killed loses up to that much of it; ``close`` writes the rest. When the reader of
    the stream stands still, lines beyond a bound are dropped and counted in the stream itself.
    """

    def __init__(self, stream: TextIO, max_waiting: int = _MAX_WAITING, pause_seconds: float = _PAUSE_SECONDS) -> None:
        self._stream = stream
        self._max_waiting = max_waiting
        self._pause = pause_seconds
        self._waiting: deque[str] = deque()
        self._dropped = 0
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="line-writer", daemon=True)
        self._thread.start()

    def write(self, line: str) -> None:
        """Take a line, its newline included. Never blocks, never raises."""
        if len(self._waiting) < self._max_waiting:
            self._waiting.append(line)
        else:
            self._dropped += 1

    def close(self) -> None:
        """Write what is left and stop."""
        self._closing.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closing.wait(self._pause):
            self._flush()
        self._flush()

    def _flush(self) -> None:
        batch = [self._waiting.popleft() for _ in range(len(self._waiting))]
        if self._dropped:
            dropped, self._dropped = self._dropped, 0
            batch.append(f'{{"event": "log lines dropped", "count": {dropped}, "level": "warning"}}\n')
        if not batch:
            return
        try:
            self._stream.write("".join(batch))
            self._stream.flush()
        except (OSError, ValueError):
            # Nobody reads our stderr any more, and there is nowhere else to say so.
            self._waiting.clear()
