"""Stand-ins for the other side of channels and webhooks: they note what reaches them and answer as they are told."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field

from server.application.notifications.channels import OutgoingMessage, Send, WebhookAnswer, WebhookPost


@dataclass
class Provider:
    """A channel. ``answer`` is called for each message, and raises what the send shall raise."""

    answer: Callable[[OutgoingMessage], None] = lambda _message: None
    seen: list[OutgoingMessage] = field(default_factory=list)

    def session(self) -> AbstractContextManager[Send]:
        return self._session()

    @contextmanager
    def _session(self) -> Iterator[Send]:
        yield self._send

    def _send(self, message: OutgoingMessage) -> None:
        self.seen.append(message)
        self.answer(message)


@dataclass
class Receivers:
    """Everything that webhooks point at. ``answer`` is called in the posting thread."""

    answer: Callable[[WebhookPost], WebhookAnswer] = lambda _post: WebhookAnswer(200)
    seen: list[WebhookPost] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def post(self, post: WebhookPost) -> WebhookAnswer:
        with self.lock:
            self.seen.append(post)
        return self.answer(post)
