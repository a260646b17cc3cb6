"""The composition root: from settings to the use cases and services of one process."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import BoundedSemaphore

import psycopg

from rodistaa.tickets.v1.attachment_service_pb2_grpc import add_AttachmentServiceServicer_to_server
from rodistaa.tickets.v1.directory_service_pb2_grpc import add_DirectoryServiceServicer_to_server
from rodistaa.tickets.v1.export_service_pb2_grpc import add_ExportServiceServicer_to_server
from rodistaa.tickets.v1.notification_service_pb2_grpc import add_NotificationServiceServicer_to_server
from rodistaa.tickets.v1.saved_view_service_pb2_grpc import add_SavedViewServiceServicer_to_server
from rodistaa.tickets.v1.sla_policy_service_pb2_grpc import add_SlaPolicyServiceServicer_to_server
from rodistaa.tickets.v1.ticket_service_pb2_grpc import add_TicketServiceServicer_to_server
from server.adapters.postgres.interruptions import Interruptions
from server.adapters.postgres.policy_book import PostgresPolicyBook
from server.adapters.postgres.pool import open_pool
from server.adapters.postgres.sessions import Sessions
from server.adapters.postgres.ticket_numbers import PostgresTicketNumbers
from server.adapters.postgres.unit_of_work import PostgresUnitOfWork
from server.api.server import Registration
from server.api.services.attachment_service import AttachmentService, AttachmentUseCases
from server.api.services.directory_service import DirectoryService, DirectoryUseCases
from server.api.services.export_service import ExportService, ExportUseCases
from server.api.services.notification_service import NotificationService, NotificationUseCases
from server.api.services.saved_view_service import SavedViewService, SavedViewUseCases
from server.api.services.sla_policy_service import SlaPolicyService, SlaPolicyUseCases
from server.api.services.ticket_service import TicketService, TicketUseCases
from server.application.attachments.complete_attachment import CompleteAttachment
from server.application.attachments.create_attachment import CreateAttachment
from server.application.attachments.get_attachment_download import GetAttachmentDownload
from server.application.attachments.list_attachments import ListAttachments
from server.application.directory.get_caller import GetCaller
from server.application.directory.list_members import ListMembers
from server.application.directory.lookup_members import LookupMembers
from server.application.directory.upsert_member import UpsertMember
from server.application.exports.cancel_export_job import CancelExportJob
from server.application.exports.create_export_job import CreateExportJob
from server.application.exports.get_export_job import GetExportJob
from server.application.exports.list_export_jobs import ListExportJobs
from server.application.notices.list_notifications import ListNotifications
from server.application.notices.mark_notifications_read import MarkNotificationsRead
from server.application.notifications.webhook_targets import WebhookTargets
from server.application.object_store import ObjectStore
from server.application.saved_views.create_saved_view import CreateSavedView
from server.application.saved_views.delete_saved_view import DeleteSavedView
from server.application.saved_views.list_saved_views import ListSavedViews
from server.application.saved_views.update_saved_view import UpdateSavedView
from server.application.sla_policies.list_calendars import ListCalendars
from server.application.sla_policies.list_sla_policies import ListSlaPolicies
from server.application.sla_policies.update_sla_policy import UpdateSlaPolicy
from server.application.sla_policies.upsert_calendar import UpsertCalendar
from server.application.tickets.archive_ticket import ArchiveTicket
from server.application.tickets.assign_ticket import AssignTicket
from server.application.tickets.bulk_update_tickets import BulkUpdateTickets
from server.application.tickets.create_ticket import CreateTicket
from server.application.tickets.escalate_ticket import EscalateTicket
from server.application.tickets.explain_sla import ExplainSla
from server.application.tickets.get_ticket import GetTicket
from server.application.tickets.get_ticket_actions import GetTicketActions
from server.application.tickets.get_ticket_stats import GetTicketStats
from server.application.tickets.list_tickets import ListTickets
from server.application.tickets.reapply_sla import ReapplySla
from server.application.tickets.search_tickets import SearchTickets
from server.application.tickets.suggest_owners import SuggestOwners
from server.application.tickets.suggest_terms import SuggestTerms
from server.application.tickets.transition_ticket import TransitionTicket
from server.application.tickets.update_ticket import UpdateTicket
from server.application.timeline.add_message import AddMessage
from server.application.timeline.list_audit_entries import ListAuditEntries
from server.application.timeline.list_timeline import ListTimeline
from server.application.timeline.list_watchers import ListWatchers
from server.application.timeline.set_watch import SetWatch
from server.application.timeline.verify_audit import VerifyAudit
from server.application.watching.watch_tickets import WatchTickets
from server.application.watching.watch_timeline import WatchTimeline
from server.application.webhooks.create_webhook import CreateWebhook
from server.application.webhooks.delete_webhook import DeleteWebhook
from server.application.webhooks.list_webhook_deliveries import ListWebhookDeliveries
from server.application.webhooks.list_webhooks import ListWebhooks
from server.application.webhooks.redeliver_webhook import RedeliverWebhook
from server.application.webhooks.update_webhook import UpdateWebhook
from server.domain.file_types import UploadRules
from server.files import open_store
from server.live import Live, start_live
from server.settings import Settings

READINESS_SECONDS = 2


@dataclass(frozen=True, slots=True)
class Application:
    """What a server process serves, and what it holds."""

    registrations: tuple[Registration, ...]
    ready: Callable[[], bool]
    """Whether the database answers; asked now and then for the health service."""
    drain: Callable[[], None]
    """Ends the live streams, when the process is to end."""
    close: Callable[[], None]


def build_application(settings: Settings) -> Application:
    """Connects in the background: it can be built while the database is away."""
    dsn = settings.database_url.get_secret_value()
    pool = open_pool(
        dsn,
        min_size=min(4, settings.database_pool_size),
        max_size=settings.database_pool_size,
        wait_seconds=settings.database_pool_timeout_seconds,
        prepare_statements=not settings.database_transaction_pooling,
    )
    interruptions = None if settings.database_transaction_pooling else Interruptions()
    sessions = Sessions(
        pool,
        session_settings=not settings.database_transaction_pooling,
        default_timeout_ms=int(settings.call_timeout_seconds * 1000),
        interruptions=interruptions,
    )
    store = open_store(settings)
    live = start_live(settings, _now)
    uow = PostgresUnitOfWork(sessions, wrote=live.wrote)
    uploads = UploadRules(frozenset(map(str.lower, settings.attachment_types)), settings.attachment_max_bytes)
    registrations = (
        Registration.of(
            "rodistaa.tickets.v1.TicketService",
            add_TicketServiceServicer_to_server,
            TicketService(_ticket_use_cases(uow, sessions, live)),
        ),
        Registration.of(
            "rodistaa.tickets.v1.AttachmentService",
            add_AttachmentServiceServicer_to_server,
            AttachmentService(_attachment_use_cases(uow, store, settings), uploads),
        ),
        Registration.of(
            "rodistaa.tickets.v1.DirectoryService",
            add_DirectoryServiceServicer_to_server,
            DirectoryService(
                DirectoryUseCases(UpsertMember(uow), ListMembers(uow), LookupMembers(uow), GetCaller(uow, uploads))
            ),
        ),
        Registration.of(
            "rodistaa.tickets.v1.SavedViewService",
            add_SavedViewServiceServicer_to_server,
            SavedViewService(
                SavedViewUseCases(
                    create=CreateSavedView(uow, _now),
                    list=ListSavedViews(uow),
                    update=UpdateSavedView(uow, _now),
                    delete=DeleteSavedView(uow),
                )
            ),
        ),
        Registration.of(
            "rodistaa.tickets.v1.SlaPolicyService",
            add_SlaPolicyServiceServicer_to_server,
            SlaPolicyService(
                SlaPolicyUseCases(
                    list=ListSlaPolicies(uow),
                    update=UpdateSlaPolicy(uow, _now),
                    list_calendars=ListCalendars(uow),
                    upsert_calendar=UpsertCalendar(uow, _now),
                )
            ),
        ),
        Registration.of(
            "rodistaa.tickets.v1.NotificationService",
            add_NotificationServiceServicer_to_server,
            NotificationService(_notification_use_cases(uow, settings)),
        ),
        Registration.of(
            "rodistaa.tickets.v1.ExportService",
            add_ExportServiceServicer_to_server,
            ExportService(
                ExportUseCases(
                    create=CreateExportJob(uow, _now),
                    get=GetExportJob(uow, _now, store),
                    list=ListExportJobs(uow, _now),
                    cancel=CancelExportJob(uow, _now),
                )
            ),
        ),
    )

    def close() -> None:
        if interruptions is not None:
            interruptions.stop()
        live.close()
        pool.close()

    if interruptions is not None:
        interruptions.start()
    return Application(registrations, lambda: _answers(dsn), live.hub.drain, close)


def _ticket_use_cases(uow: PostgresUnitOfWork, sessions: Sessions, live: Live) -> TicketUseCases:
    policies = PostgresPolicyBook(sessions)
    return TicketUseCases(
        create=CreateTicket(uow, policies, PostgresTicketNumbers(sessions), _now),
        get=GetTicket(uow),
        list=ListTickets(uow),
        search=SearchTickets(uow),
        update=UpdateTicket(uow, _now),
        transition=TransitionTicket(uow, _now),
        assign=AssignTicket(uow, _now),
        escalate=EscalateTicket(uow, _now),
        archive=ArchiveTicket(uow),
        bulk=BulkUpdateTickets(uow),
        add_message=AddMessage(uow, _now),
        list_timeline=ListTimeline(uow),
        list_audit_entries=ListAuditEntries(uow),
        verify_audit=VerifyAudit(uow),
        set_watch=SetWatch(uow, _now),
        list_watchers=ListWatchers(uow),
        suggest_owners=SuggestOwners(uow),
        suggest_terms=SuggestTerms(uow),
        get_actions=GetTicketActions(uow),
        stats=GetTicketStats(uow),
        explain_sla=ExplainSla(uow, _now),
        reapply_sla=ReapplySla(_now),
        watch_timeline=WatchTimeline(uow, live.feed, live.hub),
        watch_tickets=WatchTickets(uow, live.feed, live.hub),
    )


def _attachment_use_cases(uow: PostgresUnitOfWork, store: ObjectStore, settings: Settings) -> AttachmentUseCases:
    return AttachmentUseCases(
        create=CreateAttachment(uow, store, _now),
        complete=CompleteAttachment(uow, store, _now, BoundedSemaphore(max(1, settings.threads // 4))),
        list=ListAttachments(uow),
        download=GetAttachmentDownload(uow, store, _now),
    )


def _notification_use_cases(uow: PostgresUnitOfWork, settings: Settings) -> NotificationUseCases:
    targets = WebhookTargets(tuple(settings.webhook_allowed_networks))
    return NotificationUseCases(
        list=ListNotifications(uow),
        mark_read=MarkNotificationsRead(uow, _now),
        create_webhook=CreateWebhook(uow, _now, targets.check_url),
        list_webhooks=ListWebhooks(uow),
        update_webhook=UpdateWebhook(uow, _now, targets.check_url),
        delete_webhook=DeleteWebhook(uow),
        list_deliveries=ListWebhookDeliveries(uow),
        redeliver=RedeliverWebhook(uow, _now),
    )


def _now() -> datetime:
    return datetime.now(UTC)


def _answers(dsn: str) -> bool:
    """On a connection of its own: a pool whose connections are all busy is no reason to be taken out of service."""
    try:
        with psycopg.connect(dsn, connect_timeout=READINESS_SECONDS, autocommit=True) as connection:
            connection.execute("SELECT 1 FROM sla_config LIMIT 1")
    except psycopg.Error:
        return False
    return True
