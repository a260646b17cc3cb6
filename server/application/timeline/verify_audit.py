"""Checking the hash chain of a ticket's audit trail."""

from collections.abc import Iterator
from dataclasses import dataclass

from server.application.call import Call
from server.application.tickets.finding import get_visible
from server.application.unit_of_work import Repositories, UnitOfWork
from server.domain.audit_chain import ChainHead, Finding, FindingKind, StoredEntry, verify_chain
from server.domain.ids import ChainNo, TicketId
from server.domain.permissions import require_staff


@dataclass(frozen=True, slots=True)
class AuditVerdict:
    """How many rows were read before the check ended, and what it found, if anything."""

    entries_checked: int
    finding: Finding | None


def judge(entries: Iterator[StoredEntry], head: ChainHead | None) -> AuditVerdict:
    """Check one chain, counting the rows. A chain begins with the ticket, so an empty one was removed, its end too."""
    checked = 0

    def counted() -> Iterator[StoredEntry]:
        nonlocal checked
        for entry in entries:
            checked += 1
            yield entry

    finding = verify_chain(counted(), head)
    if finding is None and checked == 0:
        finding = Finding(ChainNo(1), FindingKind.TAIL_REMOVED)
    return AuditVerdict(checked, finding)


@dataclass(frozen=True, slots=True)
class VerifyAudit:
    """Staff only. A broken chain is an answer, not an error."""

    uow: UnitOfWork

    def __call__(self, call: Call, ticket_id: TicketId) -> AuditVerdict:
        """The verdict on one snapshot. Raises NotFound, then PermissionDenied for outside roles."""

        def body(repositories: Repositories) -> AuditVerdict:
            get_visible(repositories, call, ticket_id)
            require_staff(call.principal, "The audit trail is")
            return judge(*repositories.audit.chain(ticket_id))

        return self.uow.read_snapshot(call, body)
