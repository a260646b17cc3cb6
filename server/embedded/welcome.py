"""What `tickets up` prints when all runs: where it is, who one may be, and a first call to paste."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping

from server.domain.roles import Role
from server.embedded.instance import Instance

SERVICE = "rodistaa.tickets.v1.TicketService"
FIRST_CALLER = Role.OPS_MANAGER
FIRST_TICKET = {
    "ticket": {
        "title": "Payment not received for booking BKG-123",
        "description": "The shipper has paid; after three days the operator has not received the amount.",
        "priority": "TICKET_PRIORITY_HIGH",
        "linked_type": "LINKED_TYPE_BOOKING",
        "linked_id": "BKG-123",
    }
}


def welcome(instance: Instance, database_url: str, token_for: Callable[[Role], str]) -> str:
    """The text, ending without a line break. Every command in it works as it stands, in a POSIX shell."""
    tokens = {role: token_for(role) for role in Role}
    width = max(len(role.value) for role in Role)
    lines = [
        "",
        "Rodistaa Tickets is running.",
        "",
        f"  gRPC   {instance.grpc_target} (plaintext; reflection and health are on)",
        f"  SQL    {database_url}",
        f"  data   {instance.data_dir} (kept; logs are in logs/)",
        "",
        "A demo token for each role, good for twelve hours (more: .venv/bin/tickets token --role ROLE):",
        "",
        *(f"  {role.value:<{width}}  {token}" for role, token in tokens.items()),
        "",
        "Create a ticket, then list what there is:",
        "",
        grpcurl(instance, tokens[FIRST_CALLER], "CreateTicket", FIRST_TICKET),
        "",
        grpcurl(instance, tokens[FIRST_CALLER], "ListTickets", {"page_size": 5}),
        "",
        "Ctrl-C stops everything.",
    ]
    return "\n".join(lines)


def grpcurl(instance: Instance, token: str, method: str, request: Mapping[str, object]) -> str:
    """One line to paste."""
    command = [
        "grpcurl", "-plaintext", "-H", f"authorization: Bearer {token}", "-d", json.dumps(request),
        instance.grpc_target, f"{SERVICE}/{method}",
    ]  # fmt: skip
    return shlex.join(command)
