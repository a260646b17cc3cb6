"""Webhooks: signed as Standard Webhooks says, posted to no address inside our own networks."""

import ipaddress
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from http.client import HTTPException

from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook

from server.adapters.notifying.failures import no_answer, retry_after
from server.adapters.notifying.timed_http import HttpOrigin
from server.adapters.notifying.timed_sockets import Deadline, Resolve, SocketAddress, client_tls, system_resolve
from server.application.notifications.channels import DeliveryFailed, WebhookAnswer, WebhookPost
from server.application.notifications.webhook_targets import WebhookTargets

_PEER = "The receiver"
_READ_AT_MOST = 64 * 1024
_USER_AGENT = "Rodistaa-Tickets-Webhooks/1"


class _ForbiddenTarget(OSError):
    """The name has no address that we may connect to."""


class HttpWebhookSender:
    """A connection of its own for each delivery.

    The name is resolved once, the addresses are judged, and the connection is made to those that passed and nothing
    else: a name server that answers differently the next time is not asked a next time. TLS still verifies the name.
    An answer counts when its head and the first 64 KiB of its body came within the time limit.
    """

    def __init__(
        self,
        targets: WebhookTargets,
        *,
        timeout_seconds: float,
        tls: ssl.SSLContext | None = None,
        resolve: Resolve = system_resolve,
    ) -> None:
        self._targets = targets
        self._seconds = timeout_seconds
        self._tls = tls if tls is not None else client_tls()
        self._resolve = partial(_permitted, targets, resolve)

    def post(self, post: WebhookPost) -> WebhookAnswer:
        """See WebhookSender."""
        try:
            target = self._targets.parse(post.url)
        except ValueError as error:
            raise DeliveryFailed(f"The URL {error}.", permanent=True) from None
        headers = {
            "Content-Type": "application/json",
            "User-Agent": _USER_AGENT,
            "Connection": "close",
            **signed_headers(post.delivery_id, post.sent_at, post.body, post.secrets),
        }
        origin = HttpOrigin(target.scheme, target.host, target.port, tls=self._tls, resolve=self._resolve)
        deadline = Deadline(self._seconds)
        try:
            answer = origin.post(target.resource, headers, post.body, deadline, read_at_most=_READ_AT_MOST)
        except _ForbiddenTarget:
            raise DeliveryFailed("The host's name leads to an address that webhooks may not reach.") from None
        except (OSError, HTTPException, ValueError) as error:
            raise no_answer(_PEER, error, self._seconds) from None
        finally:
            origin.close()
        is_taken = answer.status // 100 == HTTPStatus.OK // 100
        return WebhookAnswer(answer.status, None if is_taken else retry_after(answer.headers))


def signed_headers(delivery_id: str, sent_at: datetime, body: bytes, secrets: Sequence[str]) -> dict[str, str]:
    """webhook-id, webhook-timestamp and webhook-signature, with a signature by each secret. DeliveryFailed (permanent)
    for a secret or body that cannot be signed."""
    moment = sent_at.astimezone(UTC)
    if not secrets:
        raise DeliveryFailed("The delivery cannot be signed: there is no secret.", permanent=True)
    try:
        text = body.decode()
        signatures = [Webhook(secret).sign(delivery_id, moment, text) for secret in secrets]
    except (ValueError, EmptyWebhookSecretError):
        raise DeliveryFailed("The delivery cannot be signed: its secret is not valid.", permanent=True) from None
    return {
        "webhook-id": delivery_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def _permitted(targets: WebhookTargets, resolve: Resolve, host: str, port: int) -> Sequence[SocketAddress]:
    found = resolve(host, port)
    permitted = [
        (family, address) for family, address in found if targets.permits(ipaddress.ip_address(str(address[0])))
    ]
    if found and not permitted:
        raise _ForbiddenTarget
    return permitted
