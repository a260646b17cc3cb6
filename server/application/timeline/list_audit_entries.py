"""Reading a ticket's audit trail."""

from dataclasses import dataclass

from server.application.call import Call
from server.application.tickets.finding import get_visible
from server.application.tickets.get_ticket import disclose
from server.application.unit_of_work import Repositories, UnitOfWork
from server.domain.ids import ChainNo, TicketId
from server.domain.permissions import require_staff
from server.domain.timeline import AuditEntryView


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Rows, lowest chain number first, and the number after which the next page begins."""

    items: list[AuditEntryView]
    next: ChainNo | None


@dataclass(frozen=True, slots=True)
class ListAuditEntries:
    """Staff only; protected values need a reason, as on the ticket."""

    uow: UnitOfWork

    def __call__(
        self, call: Call, ticket_id: TicketId, *, after: ChainNo, limit: int, access_reason: str | None
    ) -> AuditPage:
        """One page. Raises NotFound, then PermissionDenied for outside roles."""

        def page(repositories: Repositories, *, withheld: bool) -> AuditPage:
            rows = repositories.audit.page(ticket_id, after=after, limit=limit + 1)
            items = [AuditEntryView(row, withheld) for row in rows[:limit]]
            return AuditPage(items, rows[limit - 1].chain_no if len(rows) > limit else None)

        def plain(repositories: Repositories) -> tuple[bool, AuditPage]:
            sensitive = get_visible(repositories, call, ticket_id).is_sensitive
            require_staff(call.principal, "The audit trail is")
            return sensitive, page(repositories, withheld=sensitive)

        def disclosed(repositories: Repositories) -> AuditPage:
            disclose(repositories, call, ticket_id, access_reason or "")
            return page(repositories, withheld=False)

        sensitive, found = self.uow.read(call, plain)
        if sensitive and access_reason is not None:
            return self.uow.write(call, disclosed)
        return found
