"""NotificationService: the caller's notifications, and webhooks."""

from dataclasses import dataclass

import grpc

from rodistaa.tickets.v1 import notification_service_pb2 as pb
from rodistaa.tickets.v1.notification_service_pb2_grpc import NotificationServiceServicer
from server.api.calls import call_of
from server.api.convert.answers import answer_for
from server.api.convert.notifications import notifications_response, to_which
from server.api.convert.page_tokens import PageToken
from server.api.convert.positions import position_after
from server.api.convert.webhooks import (
    deliveries_response,
    from_delivery,
    from_webhook,
    to_deliveries_query,
    to_new_webhook,
    to_redelivery,
    to_webhook_changes,
    to_webhook_id,
    webhooks_response,
)
from server.application.notices.list_notifications import ListNotifications
from server.application.notices.mark_notifications_read import MarkNotificationsRead
from server.application.webhooks.create_webhook import CreateWebhook
from server.application.webhooks.delete_webhook import DeleteWebhook
from server.application.webhooks.list_webhook_deliveries import ListWebhookDeliveries
from server.application.webhooks.list_webhooks import ListWebhooks
from server.application.webhooks.redeliver_webhook import RedeliverWebhook
from server.application.webhooks.update_webhook import UpdateWebhook
from server.domain.validation import Checker
from server.domain.webhooks import Webhook, WebhookDelivery

Context = grpc.ServicerContext


@dataclass(frozen=True, slots=True)
class NotificationUseCases:
    """What NotificationService does."""

    list: ListNotifications
    mark_read: MarkNotificationsRead
    create_webhook: CreateWebhook
    list_webhooks: ListWebhooks
    update_webhook: UpdateWebhook
    delete_webhook: DeleteWebhook
    list_deliveries: ListWebhookDeliveries
    redeliver: RedeliverWebhook


class NotificationService(NotificationServiceServicer):
    """Documented in the contract."""

    def __init__(self, use_cases: NotificationUseCases) -> None:
        self._do = use_cases

    def ListNotifications(self, request: pb.ListNotificationsRequest, context: Context) -> pb.ListNotificationsResponse:
        call, check = call_of(context), Checker()
        token = PageToken(call, request)
        limit = check.page_size("page_size", request.page_size)
        check.done()
        page = self._do.list(call, unread_only=request.unread_only, after=position_after(token), limit=limit)
        return notifications_response(page, token)

    def MarkNotificationsRead(
        self, request: pb.MarkNotificationsReadRequest, context: Context
    ) -> pb.MarkNotificationsReadResponse:
        def present(count: int) -> pb.MarkNotificationsReadResponse:
            return pb.MarkNotificationsReadResponse(marked_count=count)

        answer = answer_for(request, pb.MarkNotificationsReadResponse, present)
        return self._do.mark_read(call_of(context), to_which(request), answer)

    def CreateWebhook(self, request: pb.CreateWebhookRequest, context: Context) -> pb.CreateWebhookResponse:
        def present(webhook: Webhook) -> pb.CreateWebhookResponse:
            return pb.CreateWebhookResponse(webhook=from_webhook(webhook, with_secret=True))

        answer = answer_for(request, pb.CreateWebhookResponse, present)
        return self._do.create_webhook(call_of(context), to_new_webhook(request), answer)

    def ListWebhooks(self, request: pb.ListWebhooksRequest, context: Context) -> pb.ListWebhooksResponse:
        call, check = call_of(context), Checker()
        token = PageToken(call, request)
        limit = check.page_size("page_size", request.page_size)
        check.done()
        return webhooks_response(self._do.list_webhooks(call, after=position_after(token), limit=limit), token)

    def UpdateWebhook(self, request: pb.UpdateWebhookRequest, context: Context) -> pb.UpdateWebhookResponse:
        def present(webhook: Webhook) -> pb.UpdateWebhookResponse:
            return pb.UpdateWebhookResponse(webhook=from_webhook(webhook, with_secret=request.rotate_secret))

        answer = answer_for(request, pb.UpdateWebhookResponse, present)
        return self._do.update_webhook(call_of(context), to_webhook_changes(request), answer)

    def DeleteWebhook(self, request: pb.DeleteWebhookRequest, context: Context) -> pb.DeleteWebhookResponse:
        def present(_: None) -> pb.DeleteWebhookResponse:
            return pb.DeleteWebhookResponse()

        answer = answer_for(request, pb.DeleteWebhookResponse, present)
        return self._do.delete_webhook(call_of(context), *to_webhook_id(request), answer)

    def ListWebhookDeliveries(
        self, request: pb.ListWebhookDeliveriesRequest, context: Context
    ) -> pb.ListWebhookDeliveriesResponse:
        call = call_of(context)
        token = PageToken(call, request)
        webhook_id, statuses, limit = to_deliveries_query(request)
        page = self._do.list_deliveries(call, webhook_id, statuses, after=position_after(token), limit=limit)
        return deliveries_response(page, token)

    def RedeliverWebhook(self, request: pb.RedeliverWebhookRequest, context: Context) -> pb.RedeliverWebhookResponse:
        def present(delivery: WebhookDelivery) -> pb.RedeliverWebhookResponse:
            return pb.RedeliverWebhookResponse(delivery=from_delivery(delivery))

        answer = answer_for(request, pb.RedeliverWebhookResponse, present)
        return self._do.redeliver(call_of(context), *to_redelivery(request), answer)
