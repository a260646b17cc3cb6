"""The ways out of the system: channels that reach people, and webhooks that reach programs.

The ports that adapters fill in (server/adapters/notifying). Nothing here is exactly once: a send that timed out may
have arrived, so every message carries a key by which the receiving side can tell a repetition.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

LONGEST_FAILURE = 300
"""Characters of a failure's public message, at most."""


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """One message to one address, as one channel sends it."""

    dedupe_key: str
    """The same over all retries and on all channels; the id of the notification, as people see it in the app."""
    address: str = field(repr=False)
    """Mailbox, device token or telephone number, by channel. Personal: never logged, never part of a failure."""
    title: str = field(repr=False)
    """One line of plain text."""
    body: str = field(repr=False)
    """Plain text, lines separated by ``\\n``."""
    ticket_id: str
    kind: str
    """Name of the NotificationKind without its prefix, such as ESCALATED."""
    is_critical: bool


class DeliveryFailed(Exception):
    """A send that was not acknowledged; it may have arrived all the same where it was cut off.

    The message is public: administrators see it in lists of deliveries. It holds no secret, no address of a person
    and nothing of what was sent, and is cut to LONGEST_FAILURE characters.
    """

    def __init__(self, message: str, *, permanent: bool = False, retry_after: timedelta | None = None) -> None:
        shortened = message if len(message) <= LONGEST_FAILURE else message[: LONGEST_FAILURE - 1] + "…"
        super().__init__(shortened)
        self.message = shortened
        self.permanent = permanent
        """Whether the same send can never succeed, so that retrying is pointless."""
        self.retry_after = retry_after
        """How long the other side asked us to wait, never negative; None when it said nothing."""


Send = Callable[[OutgoingMessage], None]
"""Sends one message: returns once the provider has taken it over, raises DeliveryFailed otherwise, nothing else."""


class ChannelProvider(Protocol):
    """One channel to people. Shared by threads and by processes forked after it was made; sessions are not."""

    def session(self) -> AbstractContextManager[Send]:
        """What sends a batch, over one connection where the protocol has connections.

        Opening never raises: the first send does, so that one failure is written down per message. A connection that
        breaks fails the message under way and is opened anew for the next. No send takes longer than the provider's
        time limit; with a provider that is down each takes as long as that, so who sends many should give up.
        """
        ...


@dataclass(frozen=True, slots=True)
class WebhookPost:
    """One delivery to one webhook."""

    delivery_id: str
    """``webhook-id``: the same over all retries of the delivery."""
    url: str = field(repr=False)
    """May hold a token in its path or query, so it is not logged whole."""
    body: bytes = field(repr=False)
    """JSON, signed as it is."""
    secrets: tuple[str, ...] = field(repr=False)
    """``whsec_`` and base64, at least one; during a rotation the new one, then the old one: each of them signs."""
    sent_at: datetime
    """``webhook-timestamp``: the instant of this attempt (not of the event), aware; receivers refuse old ones."""


@dataclass(frozen=True, slots=True)
class WebhookAnswer:
    """What the receiver said. Whether that is a success is for the caller: 2xx by the specification."""

    status_code: int
    retry_after: timedelta | None = None
    """What Retry-After asked for, never negative."""


class WebhookSender(Protocol):
    """Posts to receivers named by users, and to none that stands inside our own networks."""

    def post(self, post: WebhookPost) -> WebhookAnswer:
        """The receiver's answer, whatever its status; redirects are answers and are not followed.

        Raises DeliveryFailed when there was no answer: a refused target, no connection, bad TLS, or too slow; permanent
        only for a URL or secret that can never work. Never takes longer than the sender's time limit.
        """
        ...
