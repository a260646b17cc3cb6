"""Looking up the policy of a priority."""

from server.application.unit_of_work import Repositories
from server.domain.errors import NotFound, Reason
from server.domain.sla import SlaPolicies, SlaPolicy
from server.domain.tickets import TicketPriority


def policy_for(policies: SlaPolicies, priority: TicketPriority) -> SlaPolicy:
    """The policy in force; NotFound (SLA_POLICY_NOT_FOUND) when an admin in psql removed it."""
    policy = policies.get(priority)
    if policy is None:
        raise NotFound(f"There is no SLA policy for priority {priority}.", reason=Reason.SLA_POLICY_NOT_FOUND)
    return policy


def newest_policy(repositories: Repositories, priority: TicketPriority) -> SlaPolicy:
    """The same as stored now, for changes that pin a ticket to it: an edit that was answered is never passed over."""
    return policy_for({policy.priority: policy for policy in repositories.sla_policies.all()}, priority)
