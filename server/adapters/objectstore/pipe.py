"""Bytes from the thread that makes them to the one that sends them, so that neither waits for the other's turn."""

from collections import deque
from threading import Condition

_BLOCK = 1024 * 1024
_MAX_BLOCKS = 8


class Abandoned(Exception):
    """The other end has given up."""


class Pipe:
    """One writer, one reader, at most some 8 MiB between them."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._filling = bytearray()
        self._blocks: deque[bytes] = deque()
        self._rest = memoryview(b"")
        self._ended = False
        self._abandoned = False

    def write(self, chunk: bytes) -> None:
        """Waits while the reader is behind. Raises Abandoned when it has given up."""
        self._filling += chunk
        if len(self._filling) >= _BLOCK:
            self._pass_on()

    def end(self) -> None:
        """That was all. Raises Abandoned as ``write`` does."""
        self._pass_on()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def abandon(self) -> None:
        """For either end: there will be no more. The other end learns by Abandoned."""
        with self._changed:
            self._abandoned = True
            self._changed.notify_all()

    def read(self, size: int) -> bytes:
        """At least one byte and at most so many; none at the end. Raises Abandoned when the writer has given up."""
        if not self._rest:
            with self._changed:
                self._changed.wait_for(lambda: self._blocks or self._ended or self._abandoned)
                if self._abandoned:
                    raise Abandoned
                self._rest = memoryview(self._blocks.popleft() if self._blocks else b"")
                self._changed.notify_all()
        taken, self._rest = self._rest[:size], self._rest[size:]
        return bytes(taken)

    def _pass_on(self) -> None:
        block = bytes(self._filling)
        self._filling.clear()
        with self._changed:
            self._changed.wait_for(lambda: len(self._blocks) < _MAX_BLOCKS or self._abandoned)
            if self._abandoned:
                raise Abandoned
            if block:
                self._blocks.append(block)
                self._changed.notify_all()
