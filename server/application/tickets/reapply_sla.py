"""Applying the newest version of its policy to a ticket that was created under an older one."""

from dataclasses import dataclass

from server.application.call import Call
from server.application.clock import Clock
from server.application.policies import newest_policy
from server.application.repositories import Change
from server.application.tickets.changing import Plan
from server.application.unit_of_work import Repositories
from server.domain.changes import reapply_policy
from server.domain.permissions import require_admin
from server.domain.tickets import Ticket
from server.domain.timeline import Action


@dataclass(frozen=True, slots=True)
class ReapplySla:
    """A change of BulkUpdateTickets; there is no RPC of its own. admin only."""

    clock: Clock

    def plan(self, call: Call, reason: str) -> Plan:
        """What it does to a ticket; nothing to one that has the newest version.

        That is read in the ticket's own transaction: whoever has just edited a policy and re-applies it means that one.
        """

        def plan(repositories: Repositories, ticket: Ticket) -> tuple[Ticket, Change]:
            require_admin(call.principal, "Re-applying SLA policies is")
            newest = newest_policy(repositories, ticket.priority)
            after = reapply_policy(ticket, newest, lambda: repositories.clocks.history(ticket), now=self.clock())
            return after, Change(Action.SLA_REAPPLIED, reason)

        return plan
