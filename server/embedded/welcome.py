"""What `tickets up` prints when all runs: where it is, who one may be, and a first call to paste."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Mapping
from pathlib import Path

from server.domain.roles import Role
from server.embedded.instance import Instance
from server.settings import is_loopback

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


def keep_tokens(instance: Instance, tokens: Mapping[Role, str]) -> Path:
    """Write them where only their owner reads them, as variables that a shell takes in by `.`; return the place."""
    path = instance.data_dir / "tokens.env"
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.writelines(f"TOKEN_{role.upper()}={token}\n" for role, token in tokens.items())
    return path


def welcome(
    instance: Instance,
    database_url: str,
    tokens: Mapping[Role, str],
    kept: Path,
    *,
    files: str,
    metrics: Mapping[str, str] | None = None,
    ui: bool = False,
) -> str:
    """The text, ending without a line break. Every command in it works as it stands, in a POSIX shell.

    ``files`` says where attachments and exports are kept; ``metrics`` is where server and gateway have
    them, host and port, by whose they are; ``ui`` says whether the admin UI has been built.
    """
    width = max(len(role.value) for role in Role)
    lines = [
        "",
        "Rodistaa Tickets is running.",
        "",
        f"  gRPC   {instance.grpc_target} (plaintext; reflection and health are on)",
        f"  UI     {instance.http_url}/admin/tickets"
        if ui
        else "  UI     not built: `make ui` does it, or says why not",
        f"  HTTP   {instance.http_url} (the API as JSON, see docs/http.md; signed uploads and downloads; /healthz)",
        *([f"  login  {instance.http_url}/login (for browsers, as any demo user)"] if _is_private(instance) else []),
        f"  SQL    {database_url}",
        f"  Redis  unix://{instance.socket_path('redis.sock')}",
        *(f"  stats  http://{at}/metrics (of the {whose}; and /healthz)" for whose, at in (metrics or {}).items()),
        f"  files  {files}",
        f"  data   {instance.data_dir} (kept; logs are in logs/)",
        "",
        "A demo token for each role, good for twelve hours (more: .venv/bin/tickets token --role ROLE):",
        "",
        *(f"  {role.value:<{width}}  {token}" for role, token in tokens.items()),
        "",
        f"The same as variables of a shell, $TOKEN_{FIRST_CALLER.upper()} and so on:  . {shlex.quote(str(kept))}",
        "",
        "Create a ticket, then list what there is:",
        "",
        grpcurl(instance, tokens[FIRST_CALLER], "CreateTicket", FIRST_TICKET),
        "",
        grpcurl(instance, tokens[FIRST_CALLER], "ListTickets", {"page_size": 5}),
        "",
        f"Ctrl-C stops everything. From another shell, kill {os.getpid()} does too.",
    ]
    return "\n".join(lines)


def _is_private(instance: Instance) -> bool:
    """Whether the gateway lets browsers log in."""
    return is_loopback(instance.http_host)


def grpcurl(instance: Instance, token: str, method: str, request: Mapping[str, object]) -> str:
    """One line to paste."""
    command = [
        "grpcurl", "-plaintext", "-H", f"authorization: Bearer {token}", "-d", json.dumps(request),
        instance.grpc_target, f"{SERVICE}/{method}",
    ]  # fmt: skip
    return shlex.join(command)
