"""Looking up the policy of a priority."""

from server.domain.errors import NotFound, Reason
from server.domain.sla import SlaPolicies, SlaPolicy
from server.domain.tickets import TicketPriority


def policy_for(policies: SlaPolicies, priority: TicketPriority) -> SlaPolicy:
    """The policy in force; NotFound (SLA_POLICY_NOT_FOUND) when an admin in psql removed it."""
    policy = policies.get(priority)
    if policy is None:
        raise NotFound(f"There is no SLA policy for priority {priority}.", reason=Reason.SLA_POLICY_NOT_FOUND)
    return policy
