"""The channels as the settings ask for them; for the composition roots of server and workers."""

from collections.abc import Mapping

from server.adapters.notifying.email import EmailProvider, SmtpServer
from server.adapters.notifying.fcm import FcmProvider, ServiceAccount
from server.adapters.notifying.recording import RecordingProvider
from server.adapters.notifying.sms_http import HttpSmsProvider
from server.adapters.notifying.webhook_http import HttpWebhookSender
from server.application.notifications.channels import ChannelProvider, WebhookSender
from server.application.notifications.webhook_targets import WebhookTargets
from server.domain.notifications import Channel
from server.settings import Settings


def providers_from(settings: Settings) -> Mapping[Channel, ChannelProvider]:
    """One for every channel; a channel without an account records. Connects to nothing.

    Raises ValueError, which names the variable and never its value, for an account that cannot work.
    """
    return {
        Channel.EMAIL: _email(settings) or _recording(Channel.EMAIL, settings),
        Channel.PUSH: _push(settings) or _recording(Channel.PUSH, settings),
        Channel.SMS: _sms(settings) or _recording(Channel.SMS, settings),
    }


def webhook_sender_from(settings: Settings) -> WebhookSender:
    """What posts deliveries."""
    targets = WebhookTargets(tuple(settings.webhook_allowed_networks))
    return HttpWebhookSender(targets, timeout_seconds=settings.webhook_timeout_seconds)


def _recording(channel: Channel, settings: Settings) -> ChannelProvider:
    return RecordingProvider(channel, settings.data_dir / "notifications")


def _email(settings: Settings) -> ChannelProvider | None:
    if settings.smtp_url is None or settings.email_from is None:
        return None
    try:
        server = SmtpServer.of(settings.smtp_url.get_secret_value())
    except ValueError as error:
        raise ValueError(f"TICKETS_SMTP_URL: {error}") from None
    try:
        return EmailProvider(server, settings.email_from, timeout_seconds=settings.notification_timeout_seconds)
    except ValueError as error:
        raise ValueError(f"TICKETS_EMAIL_FROM: {error}") from None


def _push(settings: Settings) -> ChannelProvider | None:
    if settings.fcm_service_account_file is None:
        return None
    try:
        account = ServiceAccount.read(settings.fcm_service_account_file)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise ValueError(f"TICKETS_FCM_SERVICE_ACCOUNT_FILE: {reason}") from None
    return FcmProvider(account, timeout_seconds=settings.notification_timeout_seconds, url=settings.fcm_url)


def _sms(settings: Settings) -> ChannelProvider | None:
    if settings.sms_url is None:
        return None
    return HttpSmsProvider(
        settings.sms_url,
        timeout_seconds=settings.notification_timeout_seconds,
        token=settings.sms_token.get_secret_value() if settings.sms_token else "",
        headers={name: value.get_secret_value() for name, value in settings.sms_headers.items()},
        body=settings.sms_body,
    )
