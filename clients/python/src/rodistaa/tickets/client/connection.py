"""One channel, one client object with a stub for each service."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from types import TracebackType
from typing import Self

import grpc

from rodistaa.tickets.client.call_defaults import Authenticating, Deadline, RequestIds
from rodistaa.tickets.client.error_decoding import ErrorDecoding
from rodistaa.tickets.client.resuming import Lines
from rodistaa.tickets.v1.attachment_service_pb2_grpc import AttachmentServiceStub
from rodistaa.tickets.v1.directory_service_pb2_grpc import DirectoryServiceStub
from rodistaa.tickets.v1.export_service_pb2_grpc import ExportServiceStub
from rodistaa.tickets.v1.notification_service_pb2_grpc import NotificationServiceStub
from rodistaa.tickets.v1.saved_view_service_pb2_grpc import SavedViewServiceStub
from rodistaa.tickets.v1.sla_policy_service_pb2_grpc import SlaPolicyServiceStub
from rodistaa.tickets.v1.ticket_service_pb2_grpc import TicketServiceStub

_SERVICES = (
    "TicketService",
    "AttachmentService",
    "ExportService",
    "SlaPolicyService",
    "DirectoryService",
    "SavedViewService",
    "NotificationService",
)

# Mutations may be retried like reads, because `RequestIds` gives each of them a request_id.
_SERVICE_CONFIG: Mapping[str, object] = {
    # Spreads calls over all replicas behind one DNS name; with one address it changes nothing.
    "loadBalancingConfig": [{"round_robin": {}}],
    "methodConfig": [
        {
            "name": [{"service": f"rodistaa.tickets.v1.{service}"} for service in _SERVICES],
            "retryPolicy": {
                "maxAttempts": 4,
                "initialBackoff": "0.1s",
                "maxBackoff": "2s",
                "backoffMultiplier": 2,
                # A server that begins to drain ends the calls that cross its goodbye with CANCELLED. Calls that are
                # cancelled here are not retried.
                "retryableStatusCodes": ["UNAVAILABLE", "CANCELLED"],
            },
        }
    ],
    # When most calls fail, retries stop, so that they do not hold a struggling server down.
    "retryThrottling": {"maxTokens": 100, "tokenRatio": 0.1},
}

_CHANNEL_OPTIONS: tuple[tuple[str, int | str], ...] = (
    ("grpc.service_config", json.dumps(_SERVICE_CONFIG)),
    # A server that is restarted is found again within the time that a call is retried, and at the latest after 5 s.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 5_000),
    # A peer that vanished is noticed within 80 s, on connections that have a call under way.
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.keepalive_permit_without_calls", 0),
)


@dataclass(frozen=True, kw_only=True)
class TicketsClient:
    """The stubs of all services over one channel. Safe to share between threads; not over a fork."""

    channel: grpc.Channel
    tickets: TicketServiceStub
    attachments: AttachmentServiceStub
    exports: ExportServiceStub
    sla_policies: SlaPolicyServiceStub
    directory: DirectoryServiceStub
    saved_views: SavedViewServiceStub
    notifications: NotificationServiceStub
    renews_token: bool
    """Whether a new attempt of a call may have a newer token."""
    watches: Lines = field(default_factory=Lines)
    """What `follow_timeline` and `follow_tickets` have open."""

    def close(self) -> None:
        """Cancels what is under way, ends the watches that are followed, and frees the connection."""
        self.watches.close()
        self.channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def connect(
    target: str,
    *,
    token: str | Callable[[], str],
    tls: bool | grpc.ChannelCredentials = True,
    deadline: timedelta = timedelta(seconds=10),
    channel_options: Sequence[tuple[str, int | str]] = (),
) -> TicketsClient:
    """Makes a client of the server at `target`; it connects with the first call, not here.

    `target` is "host:port", or any other name that gRPC resolves. `token` is sent as bearer token;
    a callable is asked before each call, in the calling thread, so it can renew the token.
    `tls`: True trusts the system's authorities, False sends everything, the token included, in
    plain text, and credentials are used as they are. `deadline` holds for each unary call that is
    made without `timeout`; streams have none.

    Errors of calls are raised as `TicketsError`.
    """
    options = (*_CHANNEL_OPTIONS, *channel_options)
    if tls is False:
        channel = grpc.insecure_channel(target, options=options)
    else:
        credentials = grpc.ssl_channel_credentials() if tls is True else tls
        channel = grpc.secure_channel(target, credentials, options=options)
    channel = grpc.intercept_channel(
        channel,
        ErrorDecoding(),
        RequestIds(),
        Deadline(deadline),
        Authenticating(token if callable(token) else lambda: token),
    )
    return TicketsClient(
        channel=channel,
        tickets=TicketServiceStub(channel),
        attachments=AttachmentServiceStub(channel),
        exports=ExportServiceStub(channel),
        sla_policies=SlaPolicyServiceStub(channel),
        directory=DirectoryServiceStub(channel),
        saved_views=SavedViewServiceStub(channel),
        notifications=NotificationServiceStub(channel),
        renews_token=callable(token),
    )
