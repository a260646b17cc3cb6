"""What is stored of attachments and exports; their bytes are in the object store."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from server.domain.attachments import Attachment
from server.domain.exports import ExportJob, ExportStatus
from server.domain.ids import TicketId, UserId


class AttachmentRepository(Protocol):
    """Files of tickets. Becoming READY is audited by the database, as by the call's principal."""

    def get(self, attachment_id: UUID) -> Attachment | None:
        """One attachment, whoever may see its ticket."""

    def lock(self, attachment_id: UUID) -> Attachment | None:
        """The same, which nobody else changes or sweeps until the transaction ends."""

    def add(self, attachment: Attachment) -> Attachment:
        """Store a new one as given; its ticket has been locked."""

    def complete(self, attachment: Attachment, *, now: datetime) -> Attachment:
        """Make a locked PENDING one READY."""

    def count(self, ticket_id: TicketId, *, at_most: int) -> int:
        """How many a ticket has, PENDING ones among them, counting no further than that."""

    def count_under_way(self, uploaded_by: UserId, *, at_most: int) -> int:
        """How many of a person's are PENDING, counting no further than that. Nobody adds one of theirs until the
        transaction ends."""

    def page(
        self, ticket_id: TicketId, viewer: UserId, *, after: tuple[datetime, UUID] | None, limit: int, public_only: bool
    ) -> list[Attachment]:
        """READY ones and the viewer's own PENDING ones, oldest first, ties by id.

        ``public_only`` leaves out what others uploaded and no public message of the ticket names.
        """

    def is_public(self, attachment: Attachment) -> bool:
        """Whether a public message of its ticket names it, which shares it with all who see the ticket."""


class ExportJobRepository(Protocol):
    """Jobs as those who ask for them see them. How they are worked on is ``ExportQueue``'s."""

    def get(self, job_id: UUID) -> ExportJob | None:
        """One job."""

    def lock(self, job_id: UUID) -> ExportJob | None:
        """One job, which neither a worker nor anybody else changes until the transaction ends."""

    def add(self, job: ExportJob) -> ExportJob:
        """Store a new one as given."""

    def cancel(self, job: ExportJob, *, now: datetime) -> ExportJob:
        """Make a locked unfinished one CANCELLED. A worker that has it finds out at its next heartbeat."""

    def count_unfinished(self, requested_by: UserId) -> int:
        """How many of a person's are PENDING or PROCESSING. Nobody adds one of theirs until the transaction ends."""

    def page(
        self,
        requested_by: UserId | None,
        statuses: Sequence[ExportStatus],
        *,
        after: tuple[datetime, UUID] | None,
        limit: int,
    ) -> list[ExportJob]:
        """Jobs newest first, ties by id; of one person, or of all; in one of the states, or in any."""
