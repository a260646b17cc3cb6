"""The real grpcurl, with nothing but an address and a token: it learns the contract by reflection."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from server.domain.roles import Role
from tests.running import Running, token_for

Grpcurl = Callable[..., "subprocess.CompletedProcess[str]"]

SERVICES = {
    "grpc.health.v1.Health",
    "rodistaa.tickets.v1.DirectoryService",
    "rodistaa.tickets.v1.NotificationService",
    "rodistaa.tickets.v1.SavedViewService",
    "rodistaa.tickets.v1.SlaPolicyService",
    "rodistaa.tickets.v1.TicketService",
}
NOT_FOUND_STATUS, INVALID_STATUS, UNAUTHENTICATED_STATUS = (64 + code for code in (5, 3, 16))
"""grpcurl's exit status is 64 and the status code."""


@pytest.fixture(scope="session")
def program() -> str:
    found = shutil.which("grpcurl")
    if found is None:
        if os.environ.get("CI") == "true":
            pytest.fail("grpcurl is not on the PATH; .ci/run installs it")
        pytest.skip("grpcurl is not on the PATH: go install github.com/fullstorydev/grpcurl/cmd/grpcurl")
    return found


@pytest.fixture
def grpcurl(program: str, server: Running) -> Grpcurl:
    """Runs it against the server: ``grpcurl("list")``, ``grpcurl(METHOD, {...}, role=...)``."""

    def run(
        *symbols: str, data: dict[str, Any] | None = None, role: Role | None = None, options: tuple[str, ...] = ()
    ) -> "subprocess.CompletedProcess[str]":
        header = () if role is None else ("-H", f"authorization: Bearer {token_for(role, 'grpcurl-user')}")
        body = () if data is None else ("-d", json.dumps(data))
        return subprocess.run(
            [program, "-plaintext", "-max-time", "30", *header, *body, *options, server.target, *symbols],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def test_services_are_listed_without_a_token(grpcurl: Grpcurl) -> None:
    result = grpcurl("list")
    assert result.returncode == 0, result.stderr
    assert set(result.stdout.split()) >= SERVICES


def test_methods_are_listed(grpcurl: Grpcurl) -> None:
    methods = grpcurl("list", "rodistaa.tickets.v1.TicketService").stdout.split()
    for name in ("CreateTicket", "GetTicket", "WatchTimeline", "VerifyAudit", "ExplainSla"):
        assert f"rodistaa.tickets.v1.TicketService.{name}" in methods


@pytest.mark.parametrize(
    ("symbol", "part"),
    [
        ("rodistaa.tickets.v1.TicketService", "rpc CreateTicket ( .rodistaa.tickets.v1.CreateTicketRequest )"),
        ("rodistaa.tickets.v1.TicketService.GetTicket", 'get: "/admin/tickets/{id}"'),
        ("rodistaa.tickets.v1.Ticket", "string title = "),
        ("rodistaa.tickets.v1.Ticket.sla_due_at", ".google.protobuf.Timestamp sla_due_at = "),
        ("rodistaa.tickets.v1.TicketStatus", "TICKET_STATUS_AWAITING_SHIPPER = "),
        ("rodistaa.tickets.v1.ErrorReason", "ERROR_REASON_ETAG_MISMATCH = 60"),
    ],
)
def test_symbols_are_described(grpcurl: Grpcurl, symbol: str, part: str) -> None:
    result = grpcurl("describe", symbol)
    assert result.returncode == 0, result.stderr
    assert part in result.stdout


def test_a_ticket_is_created_and_read(grpcurl: Grpcurl) -> None:
    draft = {
        "title": "Payment not received",
        "description": "The booking was delivered on Monday, the money has not come.",
        "priority": "TICKET_PRIORITY_HIGH",
        "tags": ["payment"],
        "metadata": {"amount": 5000},
    }
    result = grpcurl("rodistaa.tickets.v1.TicketService/CreateTicket", data={"ticket": draft}, role=Role.SHIPPER)
    assert result.returncode == 0, result.stderr
    created = json.loads(result.stdout)["ticket"]
    assert draft.items() <= created.items()
    assert (created["status"], created["createdById"]) == ("TICKET_STATUS_NEW", "grpcurl-user")

    result = grpcurl("rodistaa.tickets.v1.TicketService/GetTicket", data={"id": created["id"]}, role=Role.SHIPPER)
    assert json.loads(result.stdout)["ticket"]["etag"] == created["etag"]


def test_names_may_be_written_as_json_or_as_in_the_contract(grpcurl: Grpcurl) -> None:
    method = "rodistaa.tickets.v1.TicketService/ListTickets"
    for name in ("pageSize", "page_size"):
        assert grpcurl(method, data={name: 1}, role=Role.ADMIN).returncode == 0


def error_of(result: "subprocess.CompletedProcess[str]") -> dict[str, Any]:
    """The google.rpc.Status that grpcurl prints, its details decoded by reflection or by well-known types."""
    error: dict[str, Any] = json.loads(result.stderr)
    return error


def details_of(error: dict[str, Any], kind: str) -> dict[str, Any]:
    return next(detail for detail in error["details"] if detail["@type"] == f"type.googleapis.com/google.rpc.{kind}")


def test_errors_show_reason_and_fields(grpcurl: Grpcurl) -> None:
    method = "rodistaa.tickets.v1.TicketService/CreateTicket"
    result = grpcurl(method, data={"ticket": {"title": "short"}}, role=Role.SHIPPER, options=("-format-error",))
    assert result.returncode == INVALID_STATUS
    error = error_of(result)
    info = details_of(error, "ErrorInfo")
    assert (info["domain"], info["reason"]) == ("tickets.rodistaa.com", "INVALID_REQUEST")
    fields = {violation["field"] for violation in details_of(error, "BadRequest")["fieldViolations"]}
    assert {"ticket.title", "ticket.description"} <= fields


def test_a_ticket_that_is_not_there_is_not_found(grpcurl: Grpcurl) -> None:
    method = "rodistaa.tickets.v1.TicketService/GetTicket"
    result = grpcurl(method, data={"id": "TKT-999999999"}, role=Role.ADMIN, options=("-format-error",))
    assert result.returncode == NOT_FOUND_STATUS
    info = details_of(error_of(result), "ErrorInfo")
    assert (info["reason"], info["metadata"]) == ("TICKET_NOT_FOUND", {"ticket_id": "TKT-999999999"})


def test_without_a_token_there_is_nothing_but_health(grpcurl: Grpcurl) -> None:
    result = grpcurl("rodistaa.tickets.v1.TicketService/ListTickets", data={}, options=("-format-error",))
    assert result.returncode == UNAUTHENTICATED_STATUS
    assert details_of(error_of(result), "ErrorInfo")["reason"] == "TOKEN_MISSING"
    result = grpcurl("grpc.health.v1.Health/Check", data={"service": "rodistaa.tickets.v1.TicketService"})
    assert json.loads(result.stdout) == {"status": "SERVING"}
