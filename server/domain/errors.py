"""Everything that can go wrong, each with a public message, a stable reason, and internal context apart.

The class says what kind of failure it is (the API maps classes to statuses in one table), the reason
is the machine-readable name that clients may match on, ``metadata`` is public detail for programs,
``context`` is for the log alone and never reaches a caller.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Reason(StrEnum):
    """Stable names; the same set as ``rodistaa.tickets.v1.ErrorReason`` without its prefix."""

    INVALID_REQUEST = "INVALID_REQUEST"
    PAGE_TOKEN_INVALID = "PAGE_TOKEN_INVALID"  # noqa: S105 - a name, not a secret
    CURSOR_INVALID = "CURSOR_INVALID"
    UPDATE_MASK_INVALID = "UPDATE_MASK_INVALID"
    REASON_REQUIRED = "REASON_REQUIRED"
    ACCESS_REASON_INVALID = "ACCESS_REASON_INVALID"
    TOKEN_MISSING = "TOKEN_MISSING"  # noqa: S105 - a name, not a secret
    TOKEN_INVALID = "TOKEN_INVALID"  # noqa: S105 - a name, not a secret
    TOKEN_EXPIRED = "TOKEN_EXPIRED"  # noqa: S105 - a name, not a secret
    ACTION_NOT_ALLOWED = "ACTION_NOT_ALLOWED"
    FINANCE_ONLY = "FINANCE_ONLY"
    TICKET_NOT_FOUND = "TICKET_NOT_FOUND"
    ATTACHMENT_NOT_FOUND = "ATTACHMENT_NOT_FOUND"
    EXPORT_JOB_NOT_FOUND = "EXPORT_JOB_NOT_FOUND"
    SLA_POLICY_NOT_FOUND = "SLA_POLICY_NOT_FOUND"
    CALENDAR_NOT_FOUND = "CALENDAR_NOT_FOUND"
    MEMBER_NOT_FOUND = "MEMBER_NOT_FOUND"
    SAVED_VIEW_NOT_FOUND = "SAVED_VIEW_NOT_FOUND"
    WEBHOOK_NOT_FOUND = "WEBHOOK_NOT_FOUND"
    WEBHOOK_DELIVERY_NOT_FOUND = "WEBHOOK_DELIVERY_NOT_FOUND"
    TRANSITION_NOT_ALLOWED = "TRANSITION_NOT_ALLOWED"
    RESOLUTION_SUMMARY_REQUIRED = "RESOLUTION_SUMMARY_REQUIRED"
    TICKET_ARCHIVED = "TICKET_ARCHIVED"
    TICKET_CLOSED = "TICKET_CLOSED"
    ESCALATION_CHAIN_EXHAUSTED = "ESCALATION_CHAIN_EXHAUSTED"
    OWNER_NOT_ELIGIBLE = "OWNER_NOT_ELIGIBLE"
    BULK_TOO_LARGE = "BULK_TOO_LARGE"
    ATTACHMENT_NOT_READY = "ATTACHMENT_NOT_READY"
    ATTACHMENT_NOT_UPLOADED = "ATTACHMENT_NOT_UPLOADED"
    ATTACHMENT_MISMATCH = "ATTACHMENT_MISMATCH"
    EXPORT_JOB_FINISHED = "EXPORT_JOB_FINISHED"
    ATTACHMENT_TYPE_NOT_ALLOWED = "ATTACHMENT_TYPE_NOT_ALLOWED"
    ACCESS_REASON_REQUIRED = "ACCESS_REASON_REQUIRED"
    TOO_MANY_WEBHOOKS = "TOO_MANY_WEBHOOKS"
    TOO_MANY_ATTACHMENTS = "TOO_MANY_ATTACHMENTS"
    TOO_MANY_EXPORT_JOBS = "TOO_MANY_EXPORT_JOBS"
    SESSION_CHANGED = "SESSION_CHANGED"
    ETAG_MISMATCH = "ETAG_MISMATCH"
    CONFLICT = "CONFLICT"
    REQUEST_IN_PROGRESS = "REQUEST_IN_PROGRESS"
    REQUEST_ID_REUSED = "REQUEST_ID_REUSED"
    SAVED_VIEW_NAME_TAKEN = "SAVED_VIEW_NAME_TAKEN"
    CALENDAR_EXISTS = "CALENDAR_EXISTS"
    MEMBER_EXISTS = "MEMBER_EXISTS"
    CURSOR_EXPIRED = "CURSOR_EXPIRED"
    RATE_LIMITED = "RATE_LIMITED"
    SLOW_CONSUMER = "SLOW_CONSUMER"
    TOO_MANY_STREAMS = "TOO_MANY_STREAMS"
    SHUTTING_DOWN = "SHUTTING_DOWN"
    DEPENDENCY_UNAVAILABLE = "DEPENDENCY_UNAVAILABLE"
    DEADLINE_EXCEEDED = "DEADLINE_EXCEEDED"
    CANCELLED = "CANCELLED"
    INTERNAL = "INTERNAL"
    UNIMPLEMENTED = "UNIMPLEMENTED"


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """One bad field: its path in the request (``ticket.tags[3]``) and what is wrong with it."""

    field: str
    description: str


class TicketsError(Exception):
    """Base of every expected failure."""

    reason: Reason

    def __init__(
        self,
        message: str,
        *,
        reason: Reason | None = None,
        metadata: Mapping[str, str] | None = None,
        context: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        if reason is not None:
            self.reason = reason
        self.metadata = dict(metadata or {})
        self.context = dict(context or {})


class InvalidArgument(TicketsError):
    """The request is wrong whatever the state of the system."""

    reason = Reason.INVALID_REQUEST

    def __init__(
        self,
        message: str,
        *,
        violations: Sequence[FieldViolation] = (),
        reason: Reason | None = None,
    ) -> None:
        super().__init__(message, reason=reason)
        self.violations = tuple(violations)

    @classmethod
    def of(cls, violations: Sequence[FieldViolation]) -> "InvalidArgument":
        """One error for all bad fields of a request."""
        first = violations[0]
        more = f" (and {len(violations) - 1} more)" if len(violations) > 1 else ""
        return cls(f"{first.field}: {first.description}{more}", violations=violations)

    @classmethod
    def field(cls, field: str, description: str) -> "InvalidArgument":
        """The error for one bad field."""
        return cls.of([FieldViolation(field, description)])


class Unauthenticated(TicketsError):
    """No identity, or one that cannot be verified."""

    reason = Reason.TOKEN_INVALID


class PermissionDenied(TicketsError):
    """The caller may see the resource, but may not do this to it."""

    reason = Reason.ACTION_NOT_ALLOWED


class NotFound(TicketsError):
    """No such thing, or nothing that the caller may see: the two are told apart by nobody."""

    reason = Reason.TICKET_NOT_FOUND


class FailedPrecondition(TicketsError):
    """The state of the resource forbids it; retrying the same call does not help."""

    reason = Reason.TRANSITION_NOT_ALLOWED


class Aborted(TicketsError):
    """Lost against a concurrent change: read again, then retry."""

    reason = Reason.ETAG_MISMATCH


class AlreadyExists(TicketsError):
    """The identity asked for is taken."""

    reason = Reason.REQUEST_ID_REUSED


class ResourceExhausted(TicketsError):
    """Over a limit. ``retry_after`` says when it is worth another try."""

    reason = Reason.RATE_LIMITED

    def __init__(self, message: str, *, retry_after: timedelta, reason: Reason | None = None) -> None:
        milliseconds = max(1, round(retry_after.total_seconds() * 1000))
        super().__init__(message, reason=reason, metadata={"retry_after_ms": str(milliseconds)})
        self.retry_after = retry_after


class Unavailable(TicketsError):
    """Something the service depends on is away; the same call may succeed after ``retry_after``."""

    reason = Reason.DEPENDENCY_UNAVAILABLE

    def __init__(
        self,
        message: str = "The service is briefly unavailable. Try again.",
        *,
        retry_after: timedelta = timedelta(seconds=1),
        reason: Reason | None = None,
        context: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message, reason=reason, context=context)
        self.retry_after = retry_after


class OutOfRange(TicketsError):
    """A place that is no longer there; begin anew."""

    reason = Reason.CURSOR_EXPIRED


class DeadlineExceeded(TicketsError):
    """The caller's deadline passed before the work was done; it was given up without effect."""

    reason = Reason.DEADLINE_EXCEEDED


class Unimplemented(TicketsError):
    """The contract names it; this version of the server does not offer it."""

    reason = Reason.UNIMPLEMENTED


def ticket_not_found(ticket_id: str) -> NotFound:
    """The one answer for a ticket that is not there or not visible."""
    return NotFound(
        f"Ticket {ticket_id} was not found.",
        reason=Reason.TICKET_NOT_FOUND,
        metadata={"ticket_id": ticket_id},
    )
