"""A channel without an account: writes down what it would have sent."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import structlog

from server.adapters.notifying.failures import masked
from server.application.notifications.channels import DeliveryFailed, OutgoingMessage, Send
from server.domain.notifications import Channel

_log = structlog.get_logger("server.notifications")

_MAX_BYTES = 4 * 1024 * 1024


class RecordingProvider:
    """Appends each message as a line of JSON to ``<directory>/<channel>.jsonl``, whole: for its owner's eyes alone.

    Past 4 MiB the file becomes ``<channel>.jsonl.1``, in place of the one before, so two files are kept. Any number of
    processes may write to it.
    """

    def __init__(self, channel: Channel, directory: Path, *, max_bytes: int = _MAX_BYTES) -> None:
        self._channel = channel
        self._path = directory / f"{channel}.jsonl"
        self._max_bytes = max_bytes

    def session(self) -> AbstractContextManager[Send]:
        """See ChannelProvider."""
        return self._session()

    @contextmanager
    def _session(self) -> Iterator[Send]:
        yield self._send

    def _send(self, message: OutgoingMessage) -> None:
        line = {
            "recorded_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "dedupe_key": message.dedupe_key,
            "address": message.address,
            "title": message.title,
            "body": message.body,
            "ticket_id": message.ticket_id,
            "kind": message.kind,
            "is_critical": message.is_critical,
        }
        try:
            self._append(json.dumps(line, ensure_ascii=False).encode(errors="replace") + b"\n")
        except OSError as error:
            raise DeliveryFailed(f"The message could not be written down: {error.strerror}.") from None
        _log.info(
            "recorded, not sent",
            channel=str(self._channel),
            to=masked(message.address),
            dedupe_key=message.dedupe_key,
            ticket_id=message.ticket_id,
            kind=message.kind,
        )

    def _append(self, line: bytes) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        while True:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                if not self._is_current(descriptor):
                    continue  # another process put it aside while we waited for the lock
                size = os.fstat(descriptor).st_size
                if size and size + len(line) > self._max_bytes:
                    self._path.replace(self._path.with_name(f"{self._path.name}.1"))
                    continue
                os.write(descriptor, line)
                return
            finally:
                os.close(descriptor)

    def _is_current(self, descriptor: int) -> bool:
        try:
            return os.path.samestat(os.fstat(descriptor), self._path.stat())
        except FileNotFoundError:
            return False
